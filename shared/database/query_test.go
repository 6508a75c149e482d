package database_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"innerdoor.example/shared/database"
)

// endless is a query that never ends and finds nothing.
const endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i < 0 ORDER BY -i"

func numbers(ctx context.Context, tx *database.Tx, query string) error {
	_, err := database.All(ctx, tx, func(n *int) []any { return []any{n} }, query)
	return err
}

// long are the two ways to ask what may take long.
var long = map[string]func(ctx context.Context, tx *database.Tx, query string) error{
	"All": numbers,
	"Count": func(ctx context.Context, tx *database.Tx, query string) error {
		_, err := database.Count(ctx, tx, "SELECT count(*) FROM ("+query+")")
		return err
	},
}

// beside asks on a snapshot, in which a coat is left meanwhile, and says how long the two take.
func beside(ctx context.Context, t *testing.T, db *database.DB, ask func(ctx context.Context, tx *database.Tx, query string) error, during func()) (took time.Duration, answer error) {
	t.Helper()
	asked := make(chan error, 1)
	began := time.Now()
	go func() {
		asked <- db.Read(ctx, func(ctx context.Context, tx *database.Tx) error { return ask(ctx, tx, endless) })
	}()
	time.Sleep(50 * time.Millisecond) // it is under way
	if err := leaving(t, db, "alice")(); err != nil {
		t.Error(err)
	}
	if waited := time.Since(began); waited > time.Second {
		t.Errorf("alice waited %v for somebody's query", waited)
	}
	during()
	select {
	case answer = <-asked:
	case <-time.After(20 * time.Second):
		t.Fatal("the query goes on")
	}
	return time.Since(began), answer
}

func TestALongQueryStopsWhenItsCallerLeavesAndOthersWriteMeanwhile(t *testing.T) {
	for name, ask := range long {
		db := open(t)
		for range 20 { // more than there are connections
			ctx, leave := context.WithCancel(t.Context())
			took, err := beside(ctx, t, db, ask, leave)
			if !errors.Is(err, context.Canceled) || errors.Is(err, database.ErrUnavailable) || took > time.Second {
				t.Fatalf("%s answers %v after %v", name, err, took)
			}
		}
		if got := owners(t, db); len(got) != 20*len("alice ")-1 {
			t.Errorf("coats of %q", got)
		}
	}
}

func TestALongQueryIsGivenUpAfterTwoSecondsThoughItsCallerStays(t *testing.T) {
	for name, ask := range long {
		db := open(t)
		took, err := beside(t.Context(), t, db, ask, func() {})
		if !errors.Is(err, database.ErrUnavailable) || took < time.Second || took > 10*time.Second {
			t.Errorf("%s answers %v after %v", name, err, took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // a caller's own patience is no fault of the database
		defer cancel()
		if _, err := beside(ctx, t, db, ask, func() {}); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, database.ErrUnavailable) {
			t.Errorf("%s answers %v", name, err)
		}
		if got := owners(t, db); got != "alice alice" {
			t.Errorf("coats of %q", got)
		}
	}
}

// A job's changes are in one transaction with those of others. If SQLite stopped a
// statement of it, all could be lost.
func TestALongQueryOfAJobIsNotStoppedAndNobodysChangesAreLost(t *testing.T) {
	const some = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT i FROM n WHERE i < 0 ORDER BY -i"
	for name, ask := range long {
		db := open(t)
		errs := inOneGroup(t, db, leaving(t, db, "alice"), writing(t, db, func(ctx context.Context, tx *database.Tx) error {
			if err := leave(ctx, tx, "carol"); err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(ctx, 20*time.Millisecond) // it ends during the query
			defer cancel()
			return ask(ctx, tx, some)
		}), leaving(t, db, "bob"))
		for i, err := range errs {
			if err != nil {
				t.Errorf("%s: job %d answers %v", name, i, err)
			}
		}
		if got := owners(t, db); got != "alice bob carol" {
			t.Errorf("%s: coats of %q", name, got)
		}
	}
}
