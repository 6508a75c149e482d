package policy

import (
	"testing"
	"time"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/principal/principaltest"
)

// mine is a claim of alice's, and hers alone.
func mine() *claim.Claim {
	return &claim.Claim{Tenant: "acme", ID: "c-1", Owner: "home:alice", Region: "eu", Amount: 10_00, Currency: "EUR",
		Status: claim.Draft, DeliveredAt: now.Add(-time.Hour), Version: 1}
}

func alice(t *testing.T, scope string) *Subject {
	t.Helper()
	return &Subject{At: now, Regions: []claim.Region{}, SharedWithMe: []claim.ID{}, Principal: principaltest.Of(t,
		principal.Fields{ID: "home:alice", Scope: scope, Context: principal.Context{Tenant: "acme"}}, "gateway")}
}

func TestATokenWithoutTheActionsScopeIsRefusedBeforeAnyRow(t *testing.T) {
	scopes := map[authz.Name]string{
		claim.Read: "claims:read", claim.Filing: "claims:write", claim.Submit: "claims:write",
		claim.Taking: "claims:decide", claim.Approval: "claims:decide",
		claim.ReadShares: "claims:read", claim.Sharing: "claims:write",
	}
	if got := len(Claims.Actions()) + len(Delegations.Actions()); got != len(scopes) {
		t.Fatalf("the policies have %d actions, this test knows %d", got, len(scopes))
	}
	for action, scope := range scopes {
		for _, c := range []*claim.Claim{mine(), {}} {
			d := decide(alice(t, "claims:other"), action, c)
			if d.Outcome() != authz.Forbidden || d.MissingScope() != scope {
				t.Errorf("%s without scope: %v, missing %q; want forbidden, missing %q", action, d.Outcome(), d.MissingScope(), scope)
			}
			if d := decide(alice(t, scope), action, c); d.MissingScope() != "" {
				t.Errorf("%s with %s still misses %q", action, scope, d.MissingScope())
			}
		}
	}
}

func TestAnOrderCanBeClaimedForUntilThirtyDaysAfterItsDelivery(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		name      string
		delivered claim.Time
		want      authz.Outcome
	}{
		{"not delivered", 0, authz.Forbidden},
		{"thirty days ago", now.Add(-30 * day), authz.Forbidden},
		{"thirty-one days ago", now.Add(-31 * day), authz.Forbidden},
		{"a millisecond less than thirty days ago", now.Add(-30*day) + 1, authz.Allowed},
		{"just now", now, authz.Allowed},
		{"a millisecond from now", now + 1, authz.Forbidden},
	} {
		row := mine()
		row.DeliveredAt = c.delivered
		if got := Claims.Decide(claim.Filing, alice(t, everyScope), row).Outcome(); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	undated := alice(t, everyScope)
	undated.At = 0
	if got := Claims.Decide(claim.Filing, undated, mine()).Outcome(); got == authz.Allowed {
		t.Error("a subject without a moment may file")
	}
}

func TestNobodyIsPermittedNothingAndNothingIsPermittedToNobody(t *testing.T) {
	for _, action := range Claims.Actions() {
		if d := Claims.Decide(action, &Subject{}, mine()); d.Allowed() {
			t.Errorf("the zero subject may %s", action)
		}
		if d := Claims.Decide(action, alice(t, everyScope), &claim.Claim{}); d.Allowed() {
			t.Errorf("alice may %s on nothing", action)
		}
	}
	if d := Claims.Decide(claim.Read, alice(t, everyScope), mine()); !d.Allowed() {
		t.Errorf("alice may not read her own claim: %v", d.Outcome())
	}
}

func BenchmarkDecideReadByTheLastRule(b *testing.B) {
	s := &Subject{At: now, Regions: []claim.Region{}, SharedWithMe: []claim.ID{"c-0", "c-1"}, Principal: principaltest.Of(b,
		principal.Fields{ID: "home:dora", Scope: everyScope, Context: principal.Context{Tenant: "acme"}}, "gateway")}
	benchmarkDecide(b, claim.Read, s, mine())
}

func BenchmarkDecideApprove(b *testing.B) {
	s := &Subject{At: now, Role: claim.Supervisor, Limit: 10_000_00, LimitCurrency: "EUR", Regions: []claim.Region{},
		SharedWithMe: []claim.ID{}, Principal: principaltest.Of(b, principal.Fields{ID: "home:sam", Scope: everyScope,
			Context: principal.Context{Tenant: "acme", SecondFactor: true}}, "gateway")}
	row := mine()
	row.Status, row.Assignee = claim.InReview, "home:ada"
	benchmarkDecide(b, claim.Approval, s, row)
}

func benchmarkDecide(b *testing.B, action authz.Name, s *Subject, c *claim.Claim) {
	if d := Claims.Decide(action, s, c); !d.Allowed() {
		b.Fatalf("%s: %v", action, d.Outcome())
	}
	b.ReportAllocs()
	for b.Loop() {
		Claims.Decide(action, s, c)
	}
}
