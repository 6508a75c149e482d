package database

import (
	"context"
	"fmt"
)

// Read runs f on one snapshot: whatever f reads, it reads as of one moment, and
// beside any number of other readers and the writer. f cannot change anything.
// An error of f is returned as it is.
func (d *DB) Read(ctx context.Context, f func(ctx context.Context, tx *Tx) error) error {
	return fmt.Errorf("%w: not yet", ErrUnavailable)
}
