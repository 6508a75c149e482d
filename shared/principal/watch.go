package principal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// recheck is how often a watched file is looked at, at most.
const recheck = time.Second

// watched is a value read from a file that may be replaced at any time. It looks at
// the file when it is asked, so there is no goroutine to stop. A file that is gone
// or bad never replaces a good value.
type watched[T any] struct {
	file    string // empty: the value is fixed
	parse   func([]byte) (*T, error)
	current atomic.Pointer[T]
	looked  atomic.Int64 // when, in Unix milliseconds

	mu        sync.Mutex // held while looking
	seen      []byte     // what the file held, good or not
	complaint string     // the last one, so that each is logged once
}

func fixed[T any](value *T) *watched[T] {
	w := new(watched[T])
	w.current.Store(value)
	return w
}

func watch[T any](file string, parse func([]byte) (*T, error)) (*watched[T], error) {
	w := &watched[T]{file: file, parse: parse}
	if err := w.read(); err != nil {
		return nil, err
	}
	return w, nil
}

// get returns the value, after a look at the file if the last one is long ago. A
// clock that was set back does not put the next look off.
func (w *watched[T]) get(now time.Time) *T {
	looked := w.looked.Load()
	since := now.UnixMilli() - looked
	if w.file == "" || since >= 0 && since < recheck.Milliseconds() {
		return w.current.Load()
	}
	if !w.looked.CompareAndSwap(looked, now.UnixMilli()) {
		return w.current.Load() // somebody else is looking
	}
	return w.refresh()
}

// refresh looks at the file now and returns the value, new or not.
func (w *watched[T]) refresh() *T {
	if w.file == "" {
		return w.current.Load()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	complaint := ""
	if err := w.read(); err != nil {
		complaint = err.Error()
	}
	if complaint != "" && complaint != w.complaint {
		slog.Error("txn-token: the new key file is no good, the last good one stays in use", "error", complaint)
	}
	w.complaint = complaint
	return w.current.Load()
}

// read takes the file over if it holds something else than at the last look.
// Contents are compared, not times and sizes: a copied file may keep both. The path
// is left out of errors: who puts a key where its file's name belongs would find it
// in a log.
func (w *watched[T]) read() error {
	content, err := os.ReadFile(w.file)
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = fmt.Errorf("the file cannot be read: %w", path.Err)
	}
	if err != nil || w.seen != nil && bytes.Equal(content, w.seen) {
		return err
	}
	w.seen = content
	value, err := w.parse(content)
	if err != nil {
		return err
	}
	w.current.Store(value)
	return nil
}
