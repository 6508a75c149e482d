package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
)

// largestCache bounds the prepared statements of a connection. Lists make texts of
// many forms; when there are too many, all are forgotten.
const largestCache = 512

// conn is a connection together with the statements prepared on it.
type conn struct {
	sql   *sql.Conn
	stmts map[string]*sql.Stmt
}

func (d *DB) connect(ctx context.Context, setting string) (*conn, error) {
	c, err := d.pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	fresh := &conn{sql: c, stmts: make(map[string]*sql.Stmt)}
	if _, err := fresh.exec(ctx, setting); err != nil {
		fresh.discard()
		return nil, err
	}
	return fresh, nil
}

func (c *conn) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt := c.stmts[text]; stmt != nil {
		return stmt, nil
	}
	stmt, err := c.sql.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	c.stmts[text] = stmt
	return stmt, nil
}

func (c *conn) exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	stmt, err := c.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(ctx, args...)
}

// trim forgets the statements when there are too many of them. It is called
// between transactions, when none is in use.
func (c *conn) trim() {
	if len(c.stmts) > largestCache {
		c.forget()
	}
}

func (c *conn) forget() {
	for _, stmt := range c.stmts {
		_ = stmt.Close() // it has nothing to say: its errors were those of its last use
	}
	clear(c.stmts)
}

// inTransaction asks the engine, which may have dropped the transaction by itself
// (disk full, I/O error): BEGIN fails inside one. If there was none, the
// connection is left in a new and empty one.
func (c *conn) inTransaction(ctx context.Context) bool {
	_, err := c.exec(ctx, "BEGIN")
	return err != nil
}

// discard closes the connection for good: whatever it was in the middle of is
// rolled back. While it has a statement left, SQLite keeps it open, locks and all.
func (c *conn) discard() {
	c.forget()
	_ = c.sql.Raw(func(any) error { return driver.ErrBadConn }) // tells the pool not to reuse it
	_ = c.sql.Close()
}

func unavailable(doing string, err error) error {
	return fmt.Errorf("%w: %s: %w", ErrUnavailable, doing, err)
}

var errClosed = errors.New("it is closed")
