package database_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"innerdoor.example/shared/database"
)

// coats is a cloakroom: who left a coat, under which number.
var coats = database.Migrations{Name: "coats", FS: fstest.MapFS{"00001_coats.sql": {Data: []byte(`
-- +goose Up
CREATE TABLE coats (number INTEGER PRIMARY KEY, owner TEXT NOT NULL CHECK (owner <> ''));
CREATE TABLE tickets (coat INTEGER NOT NULL REFERENCES coats DEFERRABLE INITIALLY DEFERRED);
-- +goose StatementBegin
CREATE TRIGGER fire BEFORE INSERT ON coats WHEN NEW.owner = 'fire' BEGIN SELECT RAISE(ROLLBACK, 'everybody out'); END;
-- +goose StatementEnd
-- +goose Down
DROP TABLE tickets;
DROP TABLE coats;
`)}}}

func open(t testing.TB) *database.DB {
	t.Helper()
	return reopen(t, filepath.Join(t.TempDir(), "a file?with #odd% name.db"))
}

func reopen(t testing.TB, file string) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), file, coats)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func leave(ctx context.Context, tx *database.Tx, owner string) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO coats (owner) VALUES (?)", owner)
	return err
}

func owners(t testing.TB, db *database.DB) string {
	t.Helper()
	var list []string
	err := db.Read(context.WithoutCancel(t.Context()), func(ctx context.Context, tx *database.Tx) error {
		rows, err := tx.QueryContext(ctx, "SELECT owner FROM coats ORDER BY owner")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var owner string
			if err := rows.Scan(&owner); err != nil {
				return err
			}
			list = append(list, owner)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(list, " ")
}

// inOneGroup holds the writer up until all jobs wait, so that they share a commit.
func inOneGroup(t *testing.T, db *database.DB, jobs ...func() error) []error {
	t.Helper()
	held, wait := make(chan struct{}), make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		err := db.Write(t.Context(), func(context.Context, *database.Tx) error {
			close(held)
			<-wait
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-held
	errs := make([]error, len(jobs))
	for i, job := range jobs {
		done.Go(func() { errs[i] = job() })
	}
	for db.Waiting() < len(jobs) {
		runtime.Gosched()
	}
	close(wait)
	done.Wait()
	return errs
}

func writing(t *testing.T, db *database.DB, f func(ctx context.Context, tx *database.Tx) error) func() error {
	return func() error { return db.Write(t.Context(), f) }
}

func leaving(t *testing.T, db *database.DB, owner string) func() error {
	return writing(t, db, func(ctx context.Context, tx *database.Tx) error { return leave(ctx, tx, owner) })
}

func TestAJobThatFailsOrPanicsUndoesOnlyItself(t *testing.T) {
	db := open(t)
	sorry := errors.New("sorry")
	errs := inOneGroup(t, db,
		leaving(t, db, "alice"),
		writing(t, db, func(ctx context.Context, tx *database.Tx) error {
			return errors.Join(leave(ctx, tx, "mallory"), sorry)
		}),
		writing(t, db, func(ctx context.Context, tx *database.Tx) error {
			_ = leave(ctx, tx, "mallory")
			return tx.Try(ctx, func() error {
				_ = leave(ctx, tx, "mallory")
				panic("the rail breaks")
			})
		}),
		leaving(t, db, ""), // against the table's CHECK
		leaving(t, db, "bob"),
	)
	if errs[0] != nil || errs[4] != nil {
		t.Errorf("alice and bob: %v, %v", errs[0], errs[4])
	}
	if !errors.Is(errs[1], sorry) {
		t.Errorf("a failing job answers %v, not its own error", errs[1])
	}
	var panicked *database.PanicError
	if !errors.As(errs[2], &panicked) || panicked.Value != "the rail breaks" || len(panicked.Stack) == 0 {
		t.Errorf("a panicking job answers %v", errs[2])
	}
	if errs[3] == nil {
		t.Error("a coat of nobody is accepted")
	}
	if got := owners(t, db); got != "alice bob" {
		t.Errorf("coats of %q", got)
	}
}

func TestTryUndoesItsOwnChangesAndTheJobGoesOn(t *testing.T) {
	db := open(t)
	sorry := errors.New("sorry")
	err := db.Write(t.Context(), func(ctx context.Context, tx *database.Tx) error {
		err := tx.Try(ctx, func() error { return errors.Join(leave(ctx, tx, "mallory"), sorry) })
		if !errors.Is(err, sorry) {
			t.Errorf("Try answers %v", err)
		}
		if err := tx.Try(ctx, func() error { return leave(ctx, tx, "alice") }); err != nil {
			t.Error(err)
		}
		return leave(ctx, tx, "the record")
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := owners(t, db); got != "alice the record" {
		t.Errorf("coats of %q", got)
	}
}

func TestWhenTheEngineDropsTheTransactionNobodyIsToldThatItIsDone(t *testing.T) {
	for name, fire := range map[string]func(*testing.T, *database.DB) func() error{
		"in a job": func(t *testing.T, db *database.DB) func() error { return leaving(t, db, "fire") },
		"in a job that does not look": func(t *testing.T, db *database.DB) func() error {
			return writing(t, db, func(ctx context.Context, tx *database.Tx) error {
				_ = leave(ctx, tx, "fire")
				_ = leave(ctx, tx, "mallory")
				return nil
			})
		},
		"in a query": func(t *testing.T, db *database.DB) func() error {
			return writing(t, db, func(ctx context.Context, tx *database.Tx) error {
				var n int
				return tx.QueryRowContext(ctx, "INSERT INTO coats (owner) VALUES ('fire') RETURNING number").Scan(&n)
			})
		},
		"in a statement": func(t *testing.T, db *database.DB) func() error {
			return func() error { return db.Append(t.Context(), "INSERT INTO coats (owner) VALUES ('fire')") }
		},
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			errs := inOneGroup(t, db, leaving(t, db, "alice"), fire(t, db), leaving(t, db, "bob"))
			for i, err := range errs {
				if !errors.Is(err, database.ErrUnavailable) {
					t.Errorf("job %d answers %v", i, err)
				}
			}
			if got := owners(t, db); got != "" {
				t.Errorf("coats of %q", got)
			}
			if err := leaving(t, db, "carol")(); err != nil {
				t.Errorf("afterwards: %v", err)
			}
			if got := owners(t, db); got != "carol" {
				t.Errorf("afterwards coats of %q", got)
			}
		})
	}
}

func TestWhenTheCommitFailsNobodyIsToldThatItIsDone(t *testing.T) {
	db := open(t)
	errs := inOneGroup(t, db, leaving(t, db, "alice"),
		func() error { return db.Append(t.Context(), "INSERT INTO tickets (coat) VALUES (99)") }, // looked at on commit
		leaving(t, db, "bob"))
	for i, err := range errs {
		if !errors.Is(err, database.ErrUnavailable) {
			t.Errorf("job %d answers %v", i, err)
		}
	}
	if err := leaving(t, db, "carol")(); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	if got := owners(t, db); got != "carol" {
		t.Errorf("afterwards coats of %q", got)
	}
}

func TestAnAppendedStatementThatFailsUndoesOnlyItself(t *testing.T) {
	db := open(t)
	errs := inOneGroup(t, db, leaving(t, db, "alice"),
		func() error { return db.Append(t.Context(), "INSERT INTO coats (owner) VALUES ('bob'), (?)", "") },
		func() error { return db.Append(t.Context(), "INSERT INTO coats (owner) VALUES (?)", "carol") })
	if errs[0] != nil || !errors.Is(errs[1], database.ErrUnavailable) || errs[2] != nil {
		t.Errorf("answers %v", errs)
	}
	if got := owners(t, db); got != "alice carol" {
		t.Errorf("coats of %q", got)
	}
}

func TestACallerWhoGivesUpBeforeTheJobStartsChangesNothing(t *testing.T) {
	db := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	errs := inOneGroup(t, db,
		func() error {
			cancelled := make(chan struct{})
			go func() { cancel(); close(cancelled) }()
			err := db.Write(ctx, func(ctx context.Context, tx *database.Tx) error { return leave(ctx, tx, "mallory") })
			<-cancelled
			_ = db.Write(t.Context(), func(context.Context, *database.Tx) error { return nil }) // makes up the number that wait
			return err
		},
		leaving(t, db, "alice"))
	if !errors.Is(errs[0], context.Canceled) || errs[1] != nil {
		t.Errorf("answers %v", errs)
	}
	if got := owners(t, db); got != "alice" {
		t.Errorf("coats of %q", got)
	}
}

func TestACallerWhoGivesUpAfterTheJobHasStartedLearnsItsOutcome(t *testing.T) {
	db := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := db.Write(ctx, func(ctx context.Context, tx *database.Tx) error {
		cancel()
		return leave(ctx, tx, "alice")
	})
	if err != nil {
		t.Error(err)
	}
	if got := owners(t, db); got != "alice" {
		t.Errorf("coats of %q", got)
	}
}

func TestAReaderSeesOneMomentAndChangesNothing(t *testing.T) {
	db := open(t)
	count := func(ctx context.Context, tx *database.Tx) (n int) {
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM coats").Scan(&n); err != nil {
			t.Error(err)
		}
		return n
	}
	err := db.Read(t.Context(), func(ctx context.Context, tx *database.Tx) error {
		before := count(ctx, tx)
		if err := leaving(t, db, "alice")(); err != nil {
			t.Error(err)
		}
		if after := count(ctx, tx); before != after {
			t.Errorf("a snapshot changed from %d to %d", before, after)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	err = db.Read(t.Context(), func(ctx context.Context, tx *database.Tx) error { return leave(ctx, tx, "mallory") })
	if err == nil {
		t.Error("a reader could write")
	}
	if got := owners(t, db); got != "alice" {
		t.Errorf("coats of %q", got)
	}
}

func TestAReaderWhoGivesUpIsStoppedAtTheNextStatement(t *testing.T) {
	db := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := db.Read(ctx, func(ctx context.Context, tx *database.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, "SELECT 1").Scan(&n); err != nil {
			t.Error(err)
		}
		cancel()
		if _, err := tx.QueryContext(ctx, "SELECT 1"); !errors.Is(err, context.Canceled) {
			t.Errorf("Query answers %v", err)
		}
		return tx.QueryRowContext(ctx, "SELECT 1").Scan(&n)
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("QueryRow answers %v", err)
	}
}

func TestAPanicInAReaderLeavesTheConnectionUsable(t *testing.T) {
	db := open(t)
	for range 100 { // more than there are connections
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic did not reach its caller")
				}
			}()
			_ = db.Read(t.Context(), func(context.Context, *database.Tx) error { panic("dropped a coat") })
		}()
	}
	if err := leaving(t, db, "alice")(); err != nil {
		t.Error(err)
	}
	if got := owners(t, db); got != "alice" {
		t.Errorf("coats of %q", got)
	}
}

func TestTextsOfManyFormsDoNotPileUp(t *testing.T) {
	db := open(t)
	for i := range 8000 {
		err := db.Read(t.Context(), func(ctx context.Context, tx *database.Tx) error {
			var n int
			return tx.QueryRowContext(ctx, fmt.Sprintf("SELECT %d", i)).Scan(&n)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := db.Prepared(); n > 4000 {
		t.Errorf("%d statements are kept", n)
	}
}

func TestManyWritersLoseNothingAndShareCommits(t *testing.T) {
	file := filepath.Join(t.TempDir(), "coats.db")
	db, err := database.Open(t.Context(), file, coats)
	if err != nil {
		t.Fatal(err)
	}
	const people, each = 32, 50
	var done sync.WaitGroup
	for p := range people {
		done.Go(func() {
			for range each {
				if err := leaving(t, db, fmt.Sprintf("p%02d", p))(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done.Wait()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if got := len(strings.Fields(owners(t, reopen(t, file)))); got != people*each {
		t.Errorf("%d coats of %d", got, people*each)
	}
}

func TestAClosedDatabaseIsUnavailable(t *testing.T) {
	db, err := database.Open(t.Context(), filepath.Join(t.TempDir(), "coats.db"), coats)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Ready(t.Context()); err != nil {
		t.Errorf("before: %v", err)
	}
	for range 2 {
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := leaving(t, db, "alice")(); !errors.Is(err, database.ErrUnavailable) {
		t.Errorf("Write answers %v", err)
	}
	if err := db.Append(t.Context(), "DELETE FROM coats"); !errors.Is(err, database.ErrUnavailable) {
		t.Errorf("Append answers %v", err)
	}
	if err := db.Ready(t.Context()); !errors.Is(err, database.ErrUnavailable) {
		t.Errorf("Ready answers %v", err)
	}
}

func TestAFileThatIsNoDatabaseIsRefused(t *testing.T) {
	dir := t.TempDir()
	if _, err := database.Open(t.Context(), dir, coats); err == nil {
		t.Error("a folder was opened")
	}
	if _, err := database.Open(t.Context(), filepath.Join(dir, "missing", "coats.db"), coats); err == nil {
		t.Error("a file in no folder was opened")
	}
}

func TestEachConnectionIsSetForDurability(t *testing.T) {
	db := open(t)
	settings := map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"}
	look := func(ctx context.Context, tx *database.Tx) error {
		for name, want := range settings {
			var got sql.NullString
			if err := tx.QueryRowContext(ctx, "PRAGMA "+name).Scan(&got); err != nil || got.String != want {
				t.Errorf("%s is %q (%v), not %q", name, got.String, err, want)
			}
		}
		return nil
	}
	if err := errors.Join(db.Read(t.Context(), look), db.Write(t.Context(), look)); err != nil {
		t.Error(err)
	}
}
