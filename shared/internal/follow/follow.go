// Package follow keeps a value in step with the files that it is made of. It looks at
// them when it is asked for the value, so there is no goroutine to stop. Files that are
// gone or no good never replace a good value.
package follow

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Every is how often the files are looked at, at most: often enough that a rotation is
// not noticed, seldom enough that a storm of requests costs no more than the requests.
const Every = time.Second

// File is one of a value's files. Errors call it by Name ("the file") and never by its
// path: who puts a key where its file's name belongs would find it in a log.
type File struct{ Name, Path string }

// Value is a value made of files. It is safe for concurrent use.
type Value[T any] struct {
	name    string
	parse   func(contents [][]byte) (T, error)
	files   []File // none: the value is fixed
	current atomic.Pointer[T]
	looked  atomic.Int64 // when, in Unix milliseconds

	mu        sync.Mutex // held while looking
	seen      [][]byte   // what the files held when current was made of them
	complaint string     // the last one, so that each is logged once
}

// Fixed is a value that always stays the same.
func Fixed[T any](value T) *Value[T] {
	v := new(Value[T])
	v.current.Store(&value)
	return v
}

// Files is the value that parse makes of what the files hold, in their order. name is
// what the log calls it.
func Files[T any](name string, parse func(contents [][]byte) (T, error), files ...File) (*Value[T], error) {
	v := &Value[T]{name: name, parse: parse, files: files}
	if err := v.read(); err != nil {
		return nil, err
	}
	return v, nil
}

// Last returns the value as of the last look.
func (v *Value[T]) Last() T { return *v.current.Load() }

// Get returns the value, after a look at the files if the last one is long ago. A clock
// that was set back does not put the next look off.
func (v *Value[T]) Get(now time.Time) T {
	looked := v.looked.Load()
	if since := now.UnixMilli() - looked; since >= 0 && since < Every.Milliseconds() {
		return v.Last()
	}
	if !v.looked.CompareAndSwap(looked, now.UnixMilli()) {
		return v.Last() // somebody else is looking
	}
	return v.Refresh()
}

// Refresh looks at the files now and returns the value, new or not.
func (v *Value[T]) Refresh() T {
	v.mu.Lock()
	defer v.mu.Unlock()
	complaint := ""
	if err := v.read(); err != nil {
		complaint = err.Error()
	}
	if complaint != "" && complaint != v.complaint {
		slog.Error(v.name+": the new files are no good, the last good ones stay in use", "error", complaint)
	}
	v.complaint = complaint
	return v.Last()
}

// read makes the value anew if the files hold something else. Contents are compared, not
// times and sizes: a copied file may keep both. What is no good is tried again each time:
// a certificate may only lie in the future.
func (v *Value[T]) read() error {
	contents, mistakes := make([][]byte, len(v.files)), make([]error, len(v.files))
	for i, file := range v.files {
		contents[i], mistakes[i] = file.read()
	}
	if err := errors.Join(mistakes...); err != nil || slices.EqualFunc(contents, v.seen, bytes.Equal) {
		return err
	}
	value, err := v.parse(contents)
	if err != nil {
		return err
	}
	v.seen = contents
	v.current.Store(&value)
	return nil
}

func (f File) read() ([]byte, error) {
	content, err := os.ReadFile(f.Path)
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = fmt.Errorf("%s cannot be read: %w", f.Name, path.Err)
	}
	return content, err
}
