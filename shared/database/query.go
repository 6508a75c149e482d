package database

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// patience is how long a query of All or Count may take on a snapshot: longer than any
// that has an index takes, and shorter than its caller would wait.
const patience = 2 * time.Second

var errSlow = errors.New("a query took too long")

// All runs a query and reads every row of its result; fields says where the columns
// of one row go, in their order.
//
// All and Count are for what may take long. On a snapshot of Read they are stopped when
// the caller's context ends, which is then the error, or after 2 s, when it is
// ErrUnavailable. A query can be stopped until it gives its first row: so it sorts what
// All is to read, as every list does. In a job of Write they are not stopped: others'
// changes are in the same transaction.
func All[R any](ctx context.Context, tx *Tx, fields func(*R) []any, query string, args ...any) ([]R, error) {
	var all []R
	err := tx.patiently(ctx, query, args, func(rows *sql.Rows) error {
		var row R
		if err := rows.Scan(fields(&row)...); err != nil {
			return err
		}
		all = append(all, row)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// Count runs a query that gives one number.
func Count(ctx context.Context, tx *Tx, query string, args ...any) (n int64, err error) {
	err = tx.patiently(ctx, query, args, func(rows *sql.Rows) error { return rows.Scan(&n) })
	return n, err
}

// patiently runs the query, and f on each row. To watch a context costs two goroutines.
func (tx *Tx) patiently(ctx context.Context, query string, args []any, f func(*sql.Rows) error) error {
	stmt, err := tx.PrepareContext(ctx, query)
	if err != nil {
		return err
	}
	if !tx.snapshot {
		return each(tx.calm, stmt, args, f)
	}
	ctx, stop := context.WithTimeoutCause(ctx, patience, errSlow)
	defer stop()
	err = each(ctx, stmt, args, f)
	if err != nil && errors.Is(context.Cause(ctx), errSlow) {
		return unavailable("query", errSlow)
	}
	return err
}

func each(ctx context.Context, stmt *sql.Stmt, args []any, f func(*sql.Rows) error) error {
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
