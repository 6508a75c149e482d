package database

import "context"

// Read runs f on one snapshot: whatever f reads, it reads as of one moment, and
// beside any number of other readers and the writer. f cannot change anything.
// An error of f is returned as it is. A caller whose context ends gets the
// context's error from the next statement on, and during All and Count.
func (d *DB) Read(ctx context.Context, f func(ctx context.Context, tx *Tx) error) (err error) {
	var c *conn
	select {
	case c = <-d.readers:
	case <-ctx.Done():
		return ctx.Err()
	case <-d.quit:
		return unavailable("read", errClosed)
	}
	defer func() { d.readers <- c }()

	calm := context.WithoutCancel(ctx)
	if c == nil {
		if c, err = d.connect(calm, "PRAGMA query_only = ON"); err != nil {
			return unavailable("open a connection", err)
		}
	}
	c.trim()
	defer func() {
		if _, end := c.exec(calm, "ROLLBACK"); end != nil { // there is nothing to commit
			c.discard()
			c = nil
		}
	}()
	if _, err := c.exec(calm, "BEGIN"); err != nil {
		return unavailable("begin a snapshot", err)
	}
	return f(ctx, &Tx{conn: c, calm: calm, snapshot: true})
}
