package database_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"innerdoor.example/shared/database"
)

func TestAFullDiskIsAnErrorAndOverWhenThereIsSpace(t *testing.T) {
	db := open(t)
	pages := func(limit string) error {
		return db.Write(t.Context(), func(ctx context.Context, tx *database.Tx) error {
			var n int
			return tx.QueryRowContext(ctx, "PRAGMA max_page_count = "+limit).Scan(&n)
		})
	}
	if err := errors.Join(leaving(t, db, "alice")(), pages("1")); err != nil { // no more than there are
		t.Fatal(err)
	}
	large := strings.Repeat("mallory", 10_000)
	errs := inOneGroup(t, db,
		func() error { return db.Append(t.Context(), "INSERT INTO coats (owner) VALUES (?)", large) },
		leaving(t, db, large))
	if !errors.Is(errs[0], database.ErrUnavailable) || errs[1] == nil {
		t.Errorf("on a full disk: %v", errs)
	}
	if got := owners(t, db); got != "alice" {
		t.Errorf("coats of %.20q", got)
	}
	if err := errors.Join(pages("1000"), leaving(t, db, large)()); err != nil {
		t.Errorf("with space again: %v", err)
	}
	if got := owners(t, db); got != "alice "+large {
		t.Errorf("afterwards coats of %.20q", got)
	}
}

func TestWhileAnotherProcessHoldsTheFileItIsReadButNotWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "coats.db")
	db := reopen(t, file)
	if err := leaving(t, db, "alice")(); err != nil {
		t.Fatal(err)
	}
	other, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	holder, err := other.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := holder.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	if err := leaving(t, db, "bob")(); !errors.Is(err, database.ErrUnavailable) {
		t.Errorf("Write answers %v", err)
	}
	if err := db.Ready(t.Context()); !errors.Is(err, database.ErrUnavailable) {
		t.Errorf("Ready answers %v", err)
	}
	if got := owners(t, db); got != "alice" {
		t.Errorf("coats of %q", got)
	}
	if _, err := holder.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := leaving(t, db, "bob")(); err != nil {
		t.Error(err)
	}
	if got := owners(t, db); got != "alice bob" {
		t.Errorf("afterwards coats of %q", got)
	}
}
