package store

import (
	"context"

	"innerdoor.example/identity/internal/store/internal/db"
)

// The roles of the signing keys. All are published; only the current one signs.
const (
	Previous = "previous" // signed before; its last tokens may still be valid
	Current  = "current"
	Next     = "next" // published ahead of time, so that everybody knows it before it signs
)

// Key is a signing key and its role.
type Key struct {
	Role       string
	PrivateKey []byte // PKCS #8
	Since      int64  // since when it has this role
}

// Keys returns all keys.
func (s *Store) Keys(ctx context.Context) ([]Key, error) {
	return read(ctx, s, keys)
}

// ChangeKeys replaces the keys in the roles that change returns, by what it makes of the present
// ones; nobody else changes them meanwhile.
func (s *Store) ChangeKeys(ctx context.Context, change func([]Key) ([]Key, error)) error {
	return s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		present, err := keys(ctx, q)
		if err != nil {
			return err
		}
		changed, err := change(present)
		if err != nil {
			return err
		}
		for _, key := range changed {
			if err := q.PutKey(ctx, db.PutKeyParams(key)); err != nil {
				return err
			}
		}
		return nil
	})
}

func keys(ctx context.Context, q *db.Queries) ([]Key, error) {
	rows, err := q.Keys(ctx)
	all := make([]Key, len(rows))
	for i, row := range rows {
		all[i] = Key(row)
	}
	return all, err
}
