package database

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
)

// largestGroup bounds how many jobs share one commit, and so how long the first
// of them waits for the others.
const largestGroup = 256

// Write runs f in a transaction that f shares with the jobs that wait beside it.
// nil means that what f did is on disk. If f fails or panics, what f did is undone,
// and only that; its error is returned as it is, a panic as a *PanicError. When the
// engine drops the transaction or cannot commit, every job of it is undone and the
// error is ErrUnavailable. A caller whose context ends before f starts gets the
// context's error, and f never runs; once f has started, Write waits for the
// outcome. f must not call Read or Write.
func (d *DB) Write(ctx context.Context, f func(ctx context.Context, tx *Tx) error) error {
	return d.submit(ctx, &job{run: f})
}

// Append is Write for a single statement that changes the database. A statement
// undoes itself when it fails, so it is spared the savepoint of a job: this is
// the way of a record that is all that a decision writes. If it fails, the error
// is ErrUnavailable.
func (d *DB) Append(ctx context.Context, statement string, args ...any) error {
	return d.submit(ctx, &job{statement: statement, args: args})
}

// PanicError is what Write returns when a job panicked.
type PanicError struct {
	Value any
	Stack []byte
}

// Error says what the job panicked with.
func (p *PanicError) Error() string { return fmt.Sprintf("panic in a write: %v", p.Value) }

// job is one Write on its way to the writer: a function or a statement.
type job struct {
	calm      context.Context // the caller's, without its end
	run       func(ctx context.Context, tx *Tx) error
	statement string
	args      []any
	taken     atomic.Bool // by the writer, or back by its caller
	err       error       // what came of it, if the group commits
	done      chan error
}

func (d *DB) submit(ctx context.Context, j *job) error {
	j.calm, j.done = context.WithoutCancel(ctx), make(chan error, 1)
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-d.quit:
		return unavailable("write", errClosed)
	case d.jobs <- j: // full when the writer is a whole group behind
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-j.done:
		return err
	case <-d.stopped: // closed while the job was handed over
		if j.taken.CompareAndSwap(false, true) {
			return unavailable("write", errClosed)
		}
	case <-ctx.Done():
		if j.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
	}
	return <-j.done
}

// writer is the one goroutine that changes the database.
func (d *DB) writer() {
	var c *conn
	defer func() {
		if c != nil {
			c.discard()
		}
		close(d.stopped)
	}()
	for {
		select {
		case j := <-d.jobs:
			c = d.group(c, j)
		case <-d.quit:
			if len(d.jobs) == 0 {
				return
			}
		}
	}
}

// group commits the first job together with all that wait, and answers them. It
// returns the connection, or nil if that is not to be used again.
func (d *DB) group(c *conn, first *job) *conn {
	jobs := []*job{first}
	for len(jobs) < largestGroup && len(d.jobs) > 0 {
		jobs = append(jobs, <-d.jobs) // the writer is the only one to receive
	}
	c, err := d.commit(c, jobs)
	if err != nil && c != nil {
		c.discard()
		c = nil
	}
	for _, j := range jobs {
		if err != nil {
			j.err = err
		}
		j.done <- j.err
	}
	return c
}

// commit runs the jobs in one transaction. If it fails, none of them has changed
// anything.
func (d *DB) commit(c *conn, jobs []*job) (*conn, error) {
	ctx := context.Background()
	if c == nil {
		var err error
		if c, err = d.connect(ctx, "PRAGMA query_only = OFF"); err != nil {
			return nil, unavailable("open a connection", err)
		}
	}
	c.trim()
	if _, err := c.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		return c, unavailable("begin", err)
	}
	for _, j := range jobs {
		if !j.taken.CompareAndSwap(false, true) {
			continue // its caller has gone
		}
		tx := &Tx{conn: c, calm: j.calm}
		if j.err = j.do(tx); tx.lost {
			return c, unavailable("write", errors.Join(errLost, j.err))
		}
	}
	if _, err := c.exec(ctx, "COMMIT"); err != nil {
		return c, unavailable("commit", err)
	}
	return c, nil
}

// do runs the job so that its failure undoes it and nothing else.
func (j *job) do(tx *Tx) error {
	if j.run != nil {
		return tx.within(tx.calm, "job", func() error { return j.safely(tx) })
	}
	if _, err := tx.ExecContext(tx.calm, j.statement, j.args...); err != nil {
		return unavailable("write", err)
	}
	return nil
}

func (j *job) safely(tx *Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Value: p, Stack: debug.Stack()}
		}
	}()
	return j.run(tx.calm, tx)
}
