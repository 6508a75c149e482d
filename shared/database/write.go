package database

import (
	"context"
	"fmt"
)

// largestGroup bounds how many jobs share one commit, and so how long the first
// of them waits for the others.
const largestGroup = 256

// job is one Write on its way to the writer.
type job struct{}

// Write runs f in a transaction of which f is one of many jobs. nil means that
// what f did is on disk. If f fails or panics, what f did is undone, and only
// that; its error is returned as it is, a panic as a *PanicError. When the engine,
// the commit or a neighbour's loss of the transaction undoes f, the error is
// ErrUnavailable. A caller whose context ends before f starts gets the context's
// error, and f never runs; once f has started, Write waits for the outcome.
// f must not call Read or Write.
func (d *DB) Write(ctx context.Context, f func(ctx context.Context, tx *Tx) error) error {
	return fmt.Errorf("%w: not yet", ErrUnavailable)
}

// Append is Write for a single statement that changes the database. A statement
// undoes itself when it fails, so it is spared the savepoint of a job: this is
// the way of a record that is all that a decision writes. If it fails, the error
// is ErrUnavailable.
func (d *DB) Append(ctx context.Context, statement string, args ...any) error {
	return fmt.Errorf("%w: not yet", ErrUnavailable)
}

func (d *DB) writer() { <-d.quit; close(d.stopped) }

// PanicError is what Write returns when a job panicked.
type PanicError struct {
	Value any
	Stack []byte
}

// Error says what the job panicked with.
func (p *PanicError) Error() string { return fmt.Sprintf("panic in a write: %v", p.Value) }
