package store

import (
	"context"
	"os"
	"testing"
	"time"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/shared/database"
)

func operate(t *testing.T, folder string) *Operator {
	t.Helper()
	o, err := Operate(context.Background(), folder, "test", time.Now)
	must(t, err)
	t.Cleanup(func() { must(t, o.Close()) })
	return o
}

func (o *Operator) number(t *testing.T, query string) (n int) {
	t.Helper()
	must(t, o.db.Read(context.Background(), func(ctx context.Context, tx *database.Tx) error {
		return tx.QueryRowContext(ctx, query).Scan(&n)
	}))
	return n
}

func TestSeedingAgainMakesNothingAndChangesNothing(t *testing.T) {
	o := operate(t, t.TempDir())
	facts, err := os.ReadFile("../../seed.yaml")
	must(t, err)
	for _, bad := range []string{"claims: [{colour: red}]", "staff: [{tenant: ACME, subject: 'home:a', role: admin}]", "staff: [{tenant: acme, subject: alice, role: admin}]",
		"staff: [{tenant: acme, subject: 'home:a', role: king}]", "networks: [{tenant: acme, id: x, prefix: everywhere}]", "delegations: [{tenant: acme, claim: c-none, subject: 'home:a'}]"} {
		if made, err := o.Seed(t.Context(), []byte(bad)); err == nil {
			t.Errorf("%s made %d rows", bad, made)
		}
	}
	if n := o.number(t, "SELECT count(*) FROM records"); n != 0 {
		t.Errorf("%d records of what was not done", n)
	}
	made, err := o.Seed(t.Context(), facts)
	must(t, err)
	if records := o.number(t, "SELECT count(*) FROM records WHERE subject = 'operator:seed' AND result = 'done'"); made == 0 || records != made {
		t.Errorf("%d rows made, %d recorded", made, records)
	}
	must(t, o.Staff(t.Context(), claim.Staff{Tenant: "acme", Subject: "home:ada", Role: claim.Support}))
	again, err := o.Seed(t.Context(), facts)
	must(t, err)
	if again != 0 || o.number(t, "SELECT count(*) FROM staff WHERE tenant = 'acme' AND subject = 'home:ada' AND role = 'support'") != 1 {
		t.Errorf("seeding again made %d rows, or gave ada her old role back", again)
	}
}

func TestARoleThatAnOperatorGivesIsThereAtOnceAndOnRecord(t *testing.T) {
	s := newStore(t)
	o := &Operator{db: s.db, build: "test", now: time.Now}
	tom := person(t, "home:tom", "acme")
	if got := s.facts(t, tom).Role; got != "" {
		t.Fatalf("tom is %s already", got)
	}
	must(t, o.Staff(t.Context(), claim.Staff{Tenant: "acme", Subject: "home:tom", Role: claim.Admin}))
	if got := s.facts(t, tom).Role; got != claim.Admin {
		t.Errorf("tom is %q", got)
	}
	if got := s.facts(t, person(t, "home:tom", "globex")).Role; got != "" {
		t.Errorf("in globex tom is %q", got)
	}
	must(t, o.Staff(t.Context(), claim.Staff{Tenant: "acme", Subject: "home:tom", Role: claim.Auditor}))
	if got := s.facts(t, tom).Role; got != claim.Auditor {
		t.Errorf("tom is %q", got)
	}
	if n := o.number(t, "SELECT count(*) FROM records WHERE subject = 'operator:staff' AND object = 'home:tom'"); n != 2 {
		t.Errorf("%d records of two changes", n)
	}
}
