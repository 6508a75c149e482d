package store

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"innerdoor.example/services/claims/internal/policy"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/principal/principaltest"
)

const everyScope = "claims:read claims:write claims:decide claims:audit claims:staff claims:export"

// newStore is a store over an empty database file.
func newStore(t testing.TB) *Store {
	t.Helper()
	folder := t.TempDir()
	cursors, err := door.LoadCursors(filepath.Join(folder, "cursor.key"))
	must(t, err)
	s, err := Open(context.Background(), folder, &door.Service{
		Name: Name, Build: "test", Now: time.Now, ACR: "mfa", Cursors: cursors, Log: slog.New(slog.DiscardHandler),
		Drift: func(action authz.Name) { t.Errorf("SQL let a row through for %s that the policy did not", action) },
	}, nil)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// person is somebody with every scope and a second factor.
func person(t testing.TB, id principal.ID, tenant principal.Tenant) principal.Principal {
	t.Helper()
	return principaltest.Of(t, principal.Fields{ID: id, Scope: everyScope,
		Context: principal.Context{Tenant: tenant, SecondFactor: true}}, "gateway")
}

// write runs statements in one transaction.
func (s *Store) write(t testing.TB, f func(ctx context.Context, tx *database.Tx) error) {
	t.Helper()
	must(t, s.db.Write(context.Background(), f))
}

func (s *Store) exec(t testing.TB, statement string, args ...any) {
	t.Helper()
	s.write(t, func(ctx context.Context, tx *database.Tx) error {
		_, err := tx.ExecContext(ctx, statement, args...)
		return err
	})
}

// read runs f in a snapshot.
func (s *Store) read(t testing.TB, f func(ctx context.Context, tx *database.Tx) error) {
	t.Helper()
	must(t, s.db.Read(context.Background(), f))
}

// facts are what the service knows about who.
func (s *Store) facts(t testing.TB, who principal.Principal) (subject policy.Subject) {
	t.Helper()
	s.read(t, func(ctx context.Context, tx *database.Tx) (err error) {
		subject, err = facts{}.Facts(ctx, tx, who, time.Now())
		return err
	})
	return subject
}
