package database

import (
	"context"
	"database/sql"
	"errors"
)

// Tx is a transaction or a snapshot. It is sqlc's DBTX, and prepares each text
// once per connection. It is not for use after the job has returned, nor by two
// goroutines, and a query's rows must be closed before the same text is asked
// again.
//
// Its statements are short, so a caller who goes away is noticed between them: to watch
// for it during each would cost goroutines for each. What may take long is for All and
// Count, which do.
type Tx struct {
	conn     *conn
	calm     context.Context // the job's, without its end
	snapshot bool            // it only reads, so a query can be stopped without harm to anybody
	lost     bool            // the engine has dropped the transaction
}

var errLost = errors.New("the engine dropped the transaction")

// ExecContext runs a statement that returns no rows.
func (tx *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := tx.usable(ctx); err != nil {
		return nil, err
	}
	result, err := tx.conn.exec(tx.calm, query, args...)
	if err != nil && !tx.conn.inTransaction(tx.calm) {
		tx.lost = true
	}
	return result, err
}

// QueryContext runs a query. The rows must be closed before the job returns.
func (tx *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	stmt, err := tx.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(tx.calm, args...)
}

// QueryRowContext runs a query of which one row is wanted.
func (tx *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	stmt, err := tx.PrepareContext(ctx, query)
	if err != nil {
		return tx.conn.sql.QueryRowContext(refusing{tx.calm, err}, query) // a Row is made by a query only
	}
	return stmt.QueryRowContext(tx.calm, args...)
}

// PrepareContext gives the connection's statement for the text. It belongs to
// the connection: do not close it.
func (tx *Tx) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	if err := tx.usable(ctx); err != nil {
		return nil, err
	}
	return tx.conn.prepare(tx.calm, query)
}

// Try runs f within a job of Write. When f fails, what it changed is undone, its
// error is returned, and the job may go on: this is how a refused change still
// keeps its record.
func (tx *Tx) Try(ctx context.Context, f func() error) error { return tx.within(ctx, "try", f) }

// within runs f within a savepoint. If f panics, the savepoint around this one
// undoes both.
func (tx *Tx) within(ctx context.Context, savepoint string, f func() error) error {
	if _, err := tx.ExecContext(ctx, "SAVEPOINT "+savepoint); err != nil {
		return unavailable("begin a part", err)
	}
	failed := f()
	if failed != nil {
		if _, err := tx.ExecContext(tx.calm, "ROLLBACK TO "+savepoint); err != nil {
			return unavailable("undo", errors.Join(err, failed))
		}
	}
	if _, err := tx.ExecContext(tx.calm, "RELEASE "+savepoint); err != nil {
		return unavailable("go on", errors.Join(err, failed))
	}
	return failed
}

func (tx *Tx) usable(ctx context.Context) error {
	if tx.lost {
		return unavailable("go on", errLost)
	}
	return ctx.Err()
}

// refusing is a context that has ended for a reason of ours.
type refusing struct {
	context.Context
	reason error
}

func (r refusing) Done() <-chan struct{} { return ended }
func (r refusing) Err() error            { return r.reason }

var ended = func() chan struct{} { c := make(chan struct{}); close(c); return c }()
