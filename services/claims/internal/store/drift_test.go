package store

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/services/claims/internal/policy"
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
	}
}

func randomSubject(r *rand.Rand, people []principal.Principal) policy.Subject {
	s := policy.Subject{
		Principal: pick(r, people), At: 1_000_000_000_000,
		Role:  pick(r, []claim.Role{claim.Supervisor, claim.Adjuster, "", claim.Support, claim.Auditor, claim.Admin}),
		Limit: pick(r, []claim.Cents{500_00, 0}), LimitCurrency: pick(r, someMoney),
	}
	for range r.IntN(12) { // none: not loaded
		s.Regions = append(s.Regions, pick(r, someRegions))
		s.SharedWithMe = append(s.SharedWithMe, pick(r, someIDs))
	}
	return s
}

// The two products of the policy are compared
// over random tables: the filter, without the decision behind it, and the
// decision.
func TestTheListsSQLFindsExactlyWhatThePolicyAllows(t *testing.T) {
	people := []principal.Principal{person(t, "home:alice", "acme"), person(t, "home:bob", "acme"), person(t, "home:alice", "globex"), {}}
	r := rand.New(rand.NewPCG(1, 2))
	s := newStore(t)
	asked, allowed := 0, 0
	for range 60 {
		rows := map[claim.ID]claim.Claim{}
		s.exec(t, "DELETE FROM claims")
		s.write(t, func(ctx context.Context, tx *database.Tx) error {
			for i, id := range someIDs {
				c := randomClaim(r, id, i)
				rows[id] = c
				if err := (claims{}).Insert(ctx, tx, &c); err != nil {
					return err
				}
			}
			return nil
		})
		for range 20 {
			subject := randomSubject(r, people)
			for _, action := range policy.Claims.Actions() {
				n := s.compare(t, action, subject, rows)
				asked, allowed = asked+len(rows), allowed+n
			}
		}
	}
	rate := 100 * allowed / asked
	t.Logf("%d decisions, %d %% allowed", asked, rate)
	if rate < 15 {
		t.Errorf("only %d %% were allowed: this hardly compares anything", rate)
	}
}

// compare counts the rows that are allowed, and fails the test where SQL finds others.
func (s *Store) compare(t *testing.T, action authz.Name, subject policy.Subject, rows map[claim.ID]claim.Claim) int {
	t.Helper()
	want := []claim.ID{}
	for id, c := range rows {
		if policy.Claims.Decide(action, &subject, &c).Allowed() {
			want = append(want, id)
		}
	}
	got := []claim.ID{}
	var counted int64
	ways := policy.Claims.Ways(action, &subject, authz.SQLite)
	s.read(t, func(ctx context.Context, tx *database.Tx) (err error) {
		page, err := claims{}.Page(ctx, tx, subject.Tenant(), ways, door.Page{Limit: 100})
		for _, c := range page {
			got = append(got, c.ID)
		}
		if err == nil {
			counted, err = claims{}.Count(ctx, tx, subject.Tenant(), ways, nil)
		}
		return err
	})
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) || counted != int64(len(want)) {
		t.Fatalf("%s: SQL finds %q and counts %d, the policy allows %q\n%+v\n%+v", action, got, counted, want, subject, rows)
	}
	return len(want)
}
