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
		Status: claim.Draft, DeliveredAt: noon.Add(-time.Hour), Version: 1}
}

func alice(t *testing.T, scope string) *Subject {
	t.Helper()
	return &Subject{At: noon, Regions: []claim.Region{}, SharedWithMe: []claim.ID{}, Principal: principaltest.Of(t,
		principal.Fields{ID: "home:alice", Scope: scope, Context: principal.Context{Tenant: "acme"}}, "gateway")}
}

func TestATokenWithoutTheActionsScopeIsRefusedBeforeAnyRow(t *testing.T) {
	scopes := map[string]string{
		"claims:read": "claims:read", "claims:file": "claims:write", "claims:edit": "claims:write",
		"claims:submit": "claims:write", "claims:withdraw": "claims:write",
		"claims:take": "claims:decide", "claims:assign": "claims:decide", "claims:approve": "claims:decide", "claims:reject": "claims:decide",
		"claims:export": "claims:export",
		"notes:read":    "claims:read", "notes:add": "claims:write",
		"delegates:read": "claims:read", "delegates:share": "claims:write",
		"staff:read": "claims:staff", "staff:change": "claims:staff",
	}
	if got := len(Claims.Actions()) + len(Notes.Actions()) + len(Delegations.Actions()) + len(Staff.Actions()); got != len(scopes) {
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
		{"thirty days ago", noon.Add(-30 * day), authz.Forbidden},
		{"thirty-one days ago", noon.Add(-31 * day), authz.Forbidden},
		{"a millisecond less than thirty days ago", noon.Add(-30*day) + 1, authz.Allowed},
		{"just now", noon, authz.Allowed},
		{"a millisecond from noon", noon + 1, authz.Forbidden},
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

func TestTheZeroSubjectMayDoNothingAndNobodyMayDoAnythingToTheZeroRow(t *testing.T) {
	for _, action := range Claims.Actions() {
		if d := Claims.Decide(action, &Subject{}, mine()); d.Allowed() {
			t.Errorf("the zero subject may %s", action)
		}
		if d := Claims.Decide(action, alice(t, everyScope), &claim.Claim{}); d.Allowed() {
			t.Errorf("alice may %s on nothing", action)
		}
	}
	for _, action := range Notes.Actions() {
		n := mine().Noted(claim.Public)
		if d := Notes.Decide(action, &Subject{}, &n); d.Allowed() {
			t.Errorf("the zero subject may %s", action)
		}
		if d := Notes.Decide(action, alice(t, everyScope), &claim.Note{}); d.Allowed() {
			t.Errorf("alice may %s on nothing", action)
		}
	}
	if d := Claims.Decide(claim.Read, alice(t, everyScope), mine()); !d.Allowed() {
		t.Errorf("alice may not read her own claim: %v", d.Outcome())
	}
}

// A note says for itself who may read it, so that one found without its claim is hidden
// all the same. It must not say more than its claim does.
func TestWhoReadsANoteReadsItsClaimAndWhoReadsAClaimReadsItsPublicNotes(t *testing.T) {
	people, internal, shared := people(t), 0, 0
	cells(func(cell []string) {
		if cell[0] != string(claim.Read) {
			return
		}
		s, c := situation(cell, people)
		d := decide(s, "claims:read", c)
		if public := decide(s, "notes:read/public", c); public.Allowed() != d.Allowed() || public.Rule() != d.Rule() {
			t.Errorf("%v: the claim %v by %q, its public notes %v by %q", cell, d.Outcome(), d.Rule(), public.Outcome(), public.Rule())
		} else if public.Allowed() {
			shared++
		}
		if decide(s, "notes:read/internal", c).Allowed() {
			if internal++; !d.Allowed() {
				t.Errorf("%v: its internal notes are shown, and the claim is not", cell)
			}
		}
	})
	if internal == 0 || shared <= internal {
		t.Errorf("only %d and %d cells show a note", shared, internal)
	}
}

func BenchmarkDecideReadByTheLastRule(b *testing.B) {
	s := &Subject{At: noon, Regions: []claim.Region{}, SharedWithMe: []claim.ID{"c-0", "c-1"}, Principal: principaltest.Of(b,
		principal.Fields{ID: "home:dora", Scope: everyScope, Context: principal.Context{Tenant: "acme"}}, "gateway")}
	benchmarkDecide(b, claim.Read, s, mine())
}

func BenchmarkDecideApprove(b *testing.B) {
	s := &Subject{At: noon, Role: claim.Supervisor, Limit: 10_000_00, LimitCurrency: "EUR", Regions: []claim.Region{},
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
