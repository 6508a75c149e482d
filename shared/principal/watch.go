package principal

import (
	"fmt"
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
	seen      os.FileInfo
	complaint string // the last one, so that each is logged once
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
		slog.Error("a key file was not taken over; the last good one stays in use", "error", complaint)
	}
	w.complaint = complaint
	return w.current.Load()
}

// read takes the file over if it is another one than at the last look.
func (w *watched[T]) read() error {
	info, err := os.Stat(w.file)
	if err != nil {
		return err
	}
	if w.seen != nil && os.SameFile(info, w.seen) && info.ModTime().Equal(w.seen.ModTime()) && info.Size() == w.seen.Size() {
		return nil
	}
	raw, err := os.ReadFile(w.file)
	if err != nil {
		return err
	}
	w.seen = info
	value, err := w.parse(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", w.file, err)
	}
	w.current.Store(value)
	return nil
}
