package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"
)

const (
	// MaxPassword is the longest password, in bytes.
	MaxPassword = 256

	memory   = 32 << 10 // KiB a hash takes
	passes   = 2
	threads  = 1
	saltSize = 16
	hashSize = 32

	// patience is how long a login waits for its turn: less than the gateway
	// waits for identity.
	patience = 2 * time.Second
)

// ErrBusy means that too many passwords are being checked at this moment.
var ErrBusy = errors.New("too many passwords are being checked")

// Hasher hashes passwords by argon2id (RFC 9106). It works on no more of them at a
// time than there are processors, so that a storm of logins takes time, not memory.
type Hasher struct{ slots chan struct{} }

// NewHasher returns a Hasher.
func NewHasher() *Hasher {
	return &Hasher{slots: make(chan struct{}, runtime.GOMAXPROCS(0))}
}

// Hash returns the password's hash with a fresh salt, in PHC form.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	var salt [saltSize]byte
	_, _ = rand.Read(salt[:]) // never fails: crypto/rand ends the process first
	sum, err := h.sum(ctx, password, salt[:])
	return prefix + encode(salt[:]) + "$" + encode(sum), err
}

// Matches says whether the password is the one that was hashed. No hash, or one
// that is not ours, matches nothing, and finding that out takes just as long.
// Errors: [ErrBusy].
func (h *Hasher) Matches(ctx context.Context, hashed, password string) (bool, error) {
	salt, want, ok := parse(hashed)
	got, err := h.sum(ctx, password, salt)
	return err == nil && ok && len(password) <= MaxPassword && subtle.ConstantTimeCompare(got, want) == 1, err
}

func (h *Hasher) sum(ctx context.Context, password string, salt []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, ErrBusy
	}
	return argon2.IDKey([]byte(password), salt, passes, memory, threads, hashSize), nil
}

var prefix = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, memory, passes, threads)

// parse takes a hash of ours apart. Where it cannot, it gives a salt all the same.
func parse(hashed string) (salt, hash []byte, ok bool) {
	rest, ours := strings.CutPrefix(hashed, prefix)
	first, second, found := strings.Cut(rest, "$")
	salt, err1 := base64.RawStdEncoding.Strict().DecodeString(first)
	hash, err2 := base64.RawStdEncoding.Strict().DecodeString(second)
	if !ours || !found || err1 != nil || err2 != nil || len(salt) != saltSize || len(hash) != hashSize {
		return make([]byte, saltSize), make([]byte, hashSize), false
	}
	return salt, hash, true
}

func encode(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }
