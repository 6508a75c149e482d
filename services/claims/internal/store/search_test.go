package store

import (
	"context"
	"errors"
	"slices"
	"testing"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/services/claims/internal/store/internal/db"
	"innerdoor.example/shared/database"
)

func TestTheWordsAreInStepWithTheDescriptionWhateverHappens(t *testing.T) {
	s := newStore(t)
	words := func() (all []string) {
		s.read(t, func(ctx context.Context, tx *database.Tx) (err error) {
			all, err = db.New(tx).WordsOf(ctx, db.WordsOfParams{Tenant: "acme", ClaimID: "c-1"})
			return err
		})
		slices.Sort(all)
		return all
	}
	c := claim.Claim{Tenant: "acme", ID: "c-1", Owner: "home:alice", OrderID: "o-1", Region: "eu", Amount: 1, Currency: "EUR", OrderAmount: 5,
		Description: "The kettle, the KETTLE!", Status: claim.Draft, Version: 1, CreatedAt: 7}
	s.write(t, func(ctx context.Context, tx *database.Tx) error { return claims{}.Insert(ctx, tx, &c) })
	if got := words(); !slices.Equal(got, []string{"kettle", "the"}) {
		t.Fatalf("made with %q", got)
	}

	alice, text := person(t, "home:alice", "acme"), "a kettle's lid"
	tooMuch := claim.Cents(6)
	if _, err := s.Do(t.Context(), alice, "c-1", 0, claim.Edit{Description: &text, Amount: &tooMuch}.Command()); err == nil {
		t.Fatal("an amount above the order's fits")
	}
	if _, err := s.Do(t.Context(), person(t, "home:bob", "acme"), "c-1", 0, claim.Edit{Description: &text}.Command()); err == nil {
		t.Fatal("bob edits alice's claim")
	}
	undone := errors.New("undone")
	if err := s.db.Write(t.Context(), func(ctx context.Context, tx *database.Tx) error {
		changed := c
		changed.Description, changed.Version = text, 2
		return errors.Join(claims{}.Update(ctx, tx, &changed, 1), undone)
	}); !errors.Is(err, undone) {
		t.Fatal(err)
	}
	if got := words(); !slices.Equal(got, []string{"kettle", "the"}) {
		t.Fatalf("after nothing was changed: %q", got)
	}
	_, err := s.Do(t.Context(), alice, "c-1", 0, claim.Edit{Description: &text}.Command())
	must(t, err)
	if got := words(); !slices.Equal(got, []string{"a", "kettle", "lid", "s"}) {
		t.Errorf("after the edit: %q", got)
	}
	_, err = s.Do(t.Context(), alice, "c-1", 0, claim.HandIn())
	must(t, err)
	if got := words(); !slices.Equal(got, []string{"a", "kettle", "lid", "s"}) {
		t.Errorf("after it was handed in: %q", got)
	}
}

func TestASearchGoesOnWhereItsPageEnded(t *testing.T) {
	s := newStore(t)
	s.fill(t, 500, 1)
	s.exec(t, "INSERT INTO words SELECT tenant, id, 'kettle', region, created_at FROM claims")
	s.write(t, func(ctx context.Context, tx *database.Tx) error {
		return db.New(tx).PutStaff(ctx, db.PutStaffParams{Tenant: "t0", Subject: "home:cust", Role: claim.Supervisor, Version: 1})
	})
	who, q, seen := person(t, "home:cust", "t0"), Query{Limit: 40, Words: []string{"kettle"}}, map[claim.ID]bool{}
	last := claim.Time(1 << 60)
	for {
		page, err := s.List(t.Context(), who, q)
		must(t, err)
		for _, row := range page.Rows { // three are hers as well: found by both walks, shown once
			if seen[row.Row.ID] || row.Row.CreatedAt > last {
				t.Fatalf("%s is shown twice or out of order", row.Row.ID)
			}
			seen[row.Row.ID], last = true, row.Row.CreatedAt
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
	}
	n, err := s.Count(t.Context(), who, q)
	must(t, err)
	if len(seen) != 500 || n != 500 {
		t.Errorf("found %d, counted %d, want 500", len(seen), n)
	}
}
