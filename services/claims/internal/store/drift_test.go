package store

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/services/claims/internal/policy"
	"innerdoor.example/shared/audit"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
)

// What rows may hold, among it what would trip a filter that pastes, folds or trims.
var (
	someTenants = []principal.Tenant{"acme", "globex", "ACME", "acme' OR '1'='1"}
	somePeople  = []principal.ID{"home:alice", "home:bob", "HOME:ALICE", "home:alice ", "home:alice' --", "home:%", ""}
	someRegions = []claim.Region{"eu", "us", "EU", "eu' OR 1=1 --", "%", ""}
	someMoney   = []claim.Currency{"EUR", "USD", "eur", ""}
	someIDs     = []claim.ID{"c-0", "c-1", "c-2", "C-1", "c-1'", "c-%", "c-_", "?", ""}
)

// pick is the first as often as not, so that enough is allowed to compare anything.
func pick[T any](r *rand.Rand, from []T) T {
	if r.IntN(2) == 0 {
		return from[0]
	}
	return from[r.IntN(len(from))]
}

func randomClaim(r *rand.Rand, id claim.ID, order int) claim.Claim {
	return claim.Claim{
		Tenant: pick(r, someTenants), ID: id, Owner: pick(r, somePeople), OrderID: claim.OrderID(rune('a' + order)), Region: pick(r, someRegions),
		Amount: pick(r, []claim.Cents{250_00, 500_00, 500_01, 0}), Currency: pick(r, someMoney), Status: pick(r, append([]claim.Status{claim.InReview, "", "DRAFT"}, claim.Statuses()...)),
		Assignee: pick(r, somePeople), FirstApprover: pick(r, []principal.ID{"", "home:alice", "home:bob"}),
		DeliveredAt: pick(r, []claim.Time{1_000_000_000_000, 1, 0}), Version: 1, CreatedAt: claim.Time(r.IntN(5)),
		Description: pick(r, []string{"the kettle leaks", "the KETTLE", "a kettles' lid", "leaks", ""}),
	}
}

func randomSubject(r *rand.Rand, people []principal.Principal) policy.Subject {
	s := policy.Subject{
		Principal: pick(r, people), At: 1_000_000_000_000,
		Role:  pick(r, []claim.Role{claim.Supervisor, claim.Adjuster, "", claim.Support, claim.Auditor, claim.Admin}),
		Limit: pick(r, []claim.Cents{500_00, 0}), LimitCurrency: pick(r, someMoney), OnPremises: r.IntN(2) == 0,
	}
	for range r.IntN(12) { // none: not loaded
		s.Regions = append(s.Regions, pick(r, someRegions))
		s.SharedWithMe = append(s.SharedWithMe, pick(r, someIDs))
	}
	return s
}

// noun is one policy, and random rows of its table.
type noun[R door.Noun] struct {
	policy *authz.Policy[policy.Subject, R]
	table  door.Table[policy.Subject, R]
	role   claim.Role // who may do enough here to compare anything
	filter door.Filter
	meets  func(*R) bool // what filter says; nil: everything
	make   func(ctx context.Context, tx *database.Tx, r *rand.Rand) ([]R, error)
}

// tally is how much was compared.
type tally struct{ asked, allowed int }

// The two products of each policy are compared over random tables: the filter, without
// the decision behind it, and the decision.
func TestTheListsSQLFindsExactlyWhatThePolicyAllows(t *testing.T) {
	all := tally{}
	for name, compare := range map[string]func(*testing.T) tally{
		"claims": noun[claim.Claim]{policy: policy.Claims, table: claims{}, role: claim.Supervisor, make: randomClaims}.compare,
		"claims by two words": noun[claim.Claim]{policy: policy.Claims, table: search{words: 2}, role: claim.Supervisor, make: randomClaims,
			filter: door.Given(sought([]string{"kettle", "leaks"})...), meets: func(c *claim.Claim) bool { return c.Description == "the kettle leaks" }}.compare,
		"claims by a word": noun[claim.Claim]{policy: policy.Claims, table: search{words: 1}, role: claim.Auditor, make: randomClaims,
			filter: door.Given(sought([]string{"the"})...), meets: func(c *claim.Claim) bool { return strings.HasPrefix(c.Description, "the") }}.compare,
		"notes":     noun[claim.Note]{policy: policy.Notes, table: notes{}, role: claim.Supervisor, make: randomNotes}.compare,
		"shares":    noun[claim.Delegation]{policy: policy.Delegations, table: shares{}, make: randomShares}.compare,
		"staff":     noun[claim.Staff]{policy: policy.Staff, table: staff{}, role: claim.Admin, make: randomStaff}.compare,
		"decisions": noun[audit.Record]{policy: decisions, table: door.Records[policy.Subject]{Load: facts{}.Facts}, role: claim.Auditor, make: randomRecords}.compare,
	} {
		t.Run(name, func(t *testing.T) {
			n := compare(t)
			t.Logf("%d pairs, %d %% allowed", n.asked, 100*n.allowed/n.asked)
			all.asked, all.allowed = all.asked+n.asked, all.allowed+n.allowed
		})
	}
	rate := 100 * all.allowed / max(all.asked, 1)
	t.Logf("%d pairs in all, %d %% allowed", all.asked, rate)
	if all.asked < 50_000 || rate < 15 {
		t.Errorf("%d pairs, of which %d %% were allowed: this hardly compares anything", all.asked, rate)
	}
}

func randomClaims(ctx context.Context, tx *database.Tx, r *rand.Rand) (all []claim.Claim, err error) {
	for i, id := range someIDs {
		c := randomClaim(r, id, i)
		if err := (claims{}).Insert(ctx, tx, &c); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

func randomNotes(ctx context.Context, tx *database.Tx, r *rand.Rand) (all []claim.Note, err error) {
	of, err := randomClaims(ctx, tx, r)
	for i := 0; err == nil && i < len(of); i++ {
		n := of[i].Noted(pick(r, []claim.Kind{claim.Public, claim.Internal, "", "PUBLIC"}))
		n.ID, n.Author, n.Version, n.CreatedAt = claim.NoteOf(of[i].ID, "n"), pick(r, somePeople), 1, claim.Time(r.IntN(5))
		err = notes{}.Insert(ctx, tx, &n)
		all = append(all, n)
	}
	return all, err
}

func randomShares(ctx context.Context, tx *database.Tx, r *rand.Rand) (all []claim.Delegation, err error) {
	of, err := randomClaims(ctx, tx, r)
	for i := 0; err == nil && i < len(of); i++ {
		d := of[i].SharedWith(pick(r, somePeople))
		d.Version, d.CreatedAt = 1, claim.Time(r.IntN(5))
		err = shares{}.Insert(ctx, tx, &d)
		all = append(all, d)
	}
	return all, err
}

func randomStaff(ctx context.Context, tx *database.Tx, r *rand.Rand) (all []claim.Staff, err error) {
	for _, subject := range somePeople {
		s := claim.Staff{Tenant: pick(r, someTenants), Subject: subject, Role: claim.Admin, Version: 1, CreatedAt: claim.Time(r.IntN(5))}
		if err := (staff{}).Insert(ctx, tx, &s); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func randomRecords(ctx context.Context, tx *database.Tx, r *rand.Rand) (all []audit.Record, err error) {
	for i, id := range someIDs {
		x := audit.Record{Tenant: pick(r, someTenants), ID: string(id), At: int64(i % 3), Subject: pick(r, somePeople), Evidence: []byte("{}")}
		if err := audit.Insert(ctx, tx, &x); err != nil {
			return nil, err
		}
		all = append(all, x)
	}
	return all, nil
}

func (n noun[R]) compare(t *testing.T) (all tally) {
	people := []principal.Principal{person(t, "home:alice", "acme"), person(t, "home:bob", "acme"), person(t, "home:alice", "globex"), {}}
	r := rand.New(rand.NewPCG(1, 2))
	s, done := newStore(t), map[authz.Name]int{}
	for range 30 {
		var rows []R
		for _, table := range []string{"words", "notes", "delegations", "claims", "staff", "records"} {
			s.exec(t, "DELETE FROM "+table)
		}
		s.write(t, func(ctx context.Context, tx *database.Tx) (err error) {
			rows, err = n.make(ctx, tx, r)
			return err
		})
		for range 20 {
			subject := randomSubject(r, people)
			if r.IntN(2) == 0 {
				subject.Role = n.role
			}
			for _, action := range n.policy.Actions() {
				allowed := n.agree(t, s, action, subject, rows)
				all.asked, all.allowed, done[action] = all.asked+len(rows), all.allowed+allowed, done[action]+allowed
			}
		}
	}
	for _, action := range n.policy.Actions() {
		if done[action] == 0 {
			t.Errorf("%s was never allowed: its agreement proves nothing", action)
		}
	}
	return all
}

// agree counts the rows that are allowed, and fails the test where SQL finds others.
func (n noun[R]) agree(t *testing.T, s *Store, action authz.Name, subject policy.Subject, rows []R) (allowed int) {
	t.Helper()
	want, got := []string{}, []string{}
	for i := range rows {
		if n.policy.Decide(action, &subject, &rows[i]).Allowed() {
			allowed++
			if n.meets == nil || n.meets(&rows[i]) {
				want = append(want, rows[i].Ref().ID)
			}
		}
	}
	var counted int64
	ways := n.policy.Ways(action, &subject, authz.SQLite)
	s.read(t, func(ctx context.Context, tx *database.Tx) (err error) {
		page, err := n.table.Page(ctx, tx, subject.Tenant(), ways, door.Page{Limit: 100, Filter: n.filter})
		for _, row := range page {
			got = append(got, row.Ref().ID)
		}
		if err == nil {
			counted, err = n.table.Count(ctx, tx, subject.Tenant(), ways, n.filter)
		}
		return err
	})
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) || counted != int64(len(want)) {
		t.Fatalf("%s: SQL finds %q and counts %d, the policy allows %q\n%+v\n%+v", action, got, counted, want, subject, rows)
	}
	return allowed
}
