package store

import (
	"context"
	"testing"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/principal"
)

// everything is each row of the tables that a crowd fills, in one text.
func (o *Operator) everything(t *testing.T) (all string) {
	t.Helper()
	must(t, o.db.Read(context.Background(), func(ctx context.Context, tx *database.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT group_concat(line, char(10)) FROM (
			SELECT concat_ws('|', tenant, id, owner, order_id, region, amount, status, assignee, description, created_at) AS line FROM claims UNION ALL
			SELECT concat_ws('|', tenant, claim_id, word, region, created_at) FROM words UNION ALL
			SELECT concat_ws('|', tenant, id, expires_at) FROM delegations UNION ALL
			SELECT concat_ws('|', tenant, subject, role, regions) FROM staff ORDER BY line)`).Scan(&all)
	}))
	return all
}

func TestTheSameCrowdIsTheSameRowsAndAnotherSeedIsAnotherCrowd(t *testing.T) {
	var crowds []string
	for _, seed := range []uint64{1, 1, 2} {
		o := operate(t, t.TempDir())
		must(t, o.SeedCrowd(t.Context(), Crowd{Claims: 35, Tenants: 3, Seed: seed}, func(int) {}))
		crowds = append(crowds, o.everything(t))
	}
	if crowds[0] != crowds[1] || crowds[0] == crowds[2] {
		t.Errorf("made with the seeds 1, 1 and 2:\n%s\n\n%s\n\n%s", crowds[0], crowds[1], crowds[2])
	}
}

func TestACrowdIsMadeOnceAndRecordedOnceForEachTenant(t *testing.T) {
	o := operate(t, t.TempDir())
	for _, few := range []Crowd{{}, {Claims: 100}, {Claims: 29, Tenants: 3}, {Claims: -1, Tenants: -1}} {
		if o.SeedCrowd(t.Context(), few, func(int) {}) == nil {
			t.Errorf("%+v is made", few)
		}
	}
	before := ""
	for range 2 {
		told := 0
		must(t, o.SeedCrowd(t.Context(), Crowd{Claims: 35, Tenants: 3, Seed: 1}, func(made int) { told = made }))
		if n := o.number(t, "SELECT count(*) FROM claims"); n != 35 || told != 35 {
			t.Errorf("%d claims are there, %d are said to be", n, told)
		}
		if n := o.number(t, "SELECT count(*) FROM records WHERE subject = 'operator:seed' AND result = 'done' AND count = 12 - (tenant = 't2')"); n != 3 {
			t.Errorf("%d records of three tenants", n)
		}
		if before == "" {
			before = o.everything(t)
		} else if before != o.everything(t) {
			t.Error("making the crowd again changed it")
		}
	}
}

func TestThePeopleOfACrowdHaveWhatTheyAreThereFor(t *testing.T) {
	s := newStore(t)
	o := &Operator{db: s.db, build: "test", now: s.service.Now}
	must(t, o.SeedCrowd(t.Context(), Crowd{Claims: 900, Tenants: 3, Seed: 1}, func(int) {}))
	seen := int64(o.number(t, "SELECT count(*) FROM claims WHERE tenant = 't0' AND status <> 'draft'"))
	for who, want := range map[principal.ID]int64{"home:customer": 3, "home:delegate": 5, "home:adjuster": 0,
		"home:supervisor": seen, "home:auditor": seen, "home:support": seen} {
		got, err := s.Count(t.Context(), person(t, who, "t0"), Query{})
		must(t, err)
		if got != want {
			t.Errorf("%s may read %d claims, want %d", who, got, want)
		}
	}
	found, err := s.Count(t.Context(), person(t, "home:customer", "t0"), Query{Words: []string{"kettle", "lid"}})
	must(t, err)
	if role := s.facts(t, person(t, "home:adjuster", "t0")).Role; found != 3 || role != claim.Adjuster {
		t.Errorf("the customer finds %d claims by their words, the adjuster is %q", found, role)
	}
}
