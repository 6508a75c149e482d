// Package store is identity's only way to its database: people, clients, what was
// handed out to them, and the signing keys.
//
// Whatever it hands out (sessions, tickets, codes, devices) is a handle of 256
// random bits; the database holds only its SHA-256, so reading the file does not
// let anybody in. Times are unix milliseconds, and a thing that expires at T is
// refused at T.
package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"innerdoor.example/identity/internal/store/internal/db"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/web"
)

// ErrAbsent is returned for what does not exist or has expired.
var ErrAbsent = errors.New("absent")

//go:embed internal/db/migrations
var migrations embed.FS

// Store is identity's database. Make it with [Open].
type Store struct{ db *database.DB }

// Open opens, and if need be makes, the database in the directory dir.
// Nobody but the process's own user may read the directory.
func Open(ctx context.Context, dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	files, err := fs.Sub(migrations, "internal/db/migrations")
	if err != nil {
		return nil, err
	}
	opened, err := database.Open(ctx, filepath.Join(dir, "identity.sqlite"), database.Migrations{Name: "identity", FS: files})
	if err != nil {
		return nil, err
	}
	return &Store{db: opened}, nil
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }

// Ready says whether the database can be read and written.
func (s *Store) Ready(ctx context.Context) error { return s.db.Ready(ctx) }

// Sweep deletes what has expired by now.
func (s *Store) Sweep(ctx context.Context, now time.Time) error {
	return s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		for _, sweep := range []func(context.Context, int64) error{
			q.SweepSessions, q.SweepTickets, q.SweepCodes, q.SweepDevices, q.SweepAttempts,
		} {
			if err := sweep(ctx, now.UnixMilli()); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) write(ctx context.Context, work func(context.Context, *db.Queries) error) error {
	return unavailable(s.db.Write(ctx, func(ctx context.Context, tx *database.Tx) error { return work(ctx, db.New(tx)) }))
}

// read gives what one query finds, or ErrAbsent.
func read[T any](ctx context.Context, s *Store, query func(context.Context, *db.Queries) (T, error)) (T, error) {
	var found T
	err := s.db.Read(ctx, func(ctx context.Context, tx *database.Tx) (err error) {
		found, err = query(ctx, db.New(tx))
		return absent(err)
	})
	return found, unavailable(err)
}

// unavailable turns a failure of the database into the answer for it.
func unavailable(err error) error {
	if errors.Is(err, database.ErrUnavailable) {
		return &web.Error{Kind: web.Unavailable, RetryAfter: time.Second, Err: err}
	}
	return err
}

// absent turns "no rows" into ErrAbsent.
func absent(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrAbsent
	}
	return err
}

// NewHandle returns 256 random bits as text.
func NewHandle() string {
	var bits [32]byte
	_, _ = rand.Read(bits[:]) // never fails: crypto/rand ends the process first
	return base64.RawURLEncoding.EncodeToString(bits[:])
}

// Hash is how the database knows a handle or a client's secret. Both are random,
// so one round of SHA-256 is enough; a password is another matter.
func Hash(handle string) string {
	sum := sha256.Sum256([]byte(handle))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
