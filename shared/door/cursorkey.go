package door

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

const cursorKey = 32 // bytes

// LoadCursors makes Cursors from the key in the file, which it makes (mode 0600) if there is none. Replicas share one key,
// so that a list begun at one goes on at another.
func LoadCursors(file string) (*Cursors, error) {
	key, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		key = make([]byte, cursorKey)
		_, _ = rand.Read(key) // never fails: crypto/rand
		err = os.WriteFile(file, key, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("the key of list cursors: %w", err)
	}
	c, err := NewCursors(key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return c, nil
}
