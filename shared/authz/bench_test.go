package authz_test

import (
	"testing"

	"innerdoor.example/shared/authz"
)

var (
	bobsClaim = claim{ID: "c-bob", Tenant: "acme", Owner: "home:bob", Region: "eu", Status: "in_review", Amount: 30000, Currency: "EUR", Assignee: "home:ada"}
	bob       = subject{ID: "home:bob", Tenant: "acme", Scopes: both, Regions: []region{}, Shared: []string{}}
	alice     = subject{ID: "home:alice", Tenant: "acme", Scopes: both, Regions: []region{}, Shared: []string{}}
	mallory   = subject{ID: "home:mallory", Tenant: "globex", Scopes: both, Regions: []region{}, Shared: []string{}}
	dora      = subject{ID: "home:dora", Tenant: "acme", Scopes: both, Regions: []region{}, Shared: []string{"c-a", "c-b", "c-bob"}}
	ada       = subject{ID: "home:ada", Tenant: "acme", Scopes: both, Role: "adjuster", Regions: []region{"eu"}, Shared: []string{}, Limit: 50000, Currency: "EUR"}
	sam       = subject{ID: "home:sam", Tenant: "acme", Scopes: both, Role: "supervisor", Regions: []region{}, Shared: []string{}, Limit: 1000000, Currency: "EUR"}
	samMFA    = subject{ID: "home:sam", Tenant: "acme", Scopes: both, Role: "supervisor", Regions: []region{}, Shared: []string{}, Limit: 1000000, Currency: "EUR", SecondFactor: true}
)

// The decisions whose cost counts: permitted by the last rule, and refused to somebody who may read (two decisions).
var costly = []struct {
	name   string
	action authz.Name
	who    *subject
	want   authz.Outcome
}{
	{"Read", "claims:read", &dora, authz.Allowed},
	{"Approve", "claims:approve", &samMFA, authz.Allowed},
	{"StepUp", "claims:approve", &sam, authz.StepUp},
	{"Forbidden", "claims:approve", &dora, authz.Forbidden},
	{"Hidden", "claims:approve", &alice, authz.Hidden},
}

func TestADecisionAllocatesNothing(t *testing.T) {
	for _, c := range costly {
		if d := claims.Decide(c.action, c.who, &bobsClaim); d.Outcome() != c.want {
			t.Errorf("%s: %v by %q, want %v", c.name, d.Outcome(), d.Rule(), c.want)
		}
		if n := testing.AllocsPerRun(100, func() { claims.Decide(c.action, c.who, &bobsClaim) }); n != 0 {
			t.Errorf("%s: %v allocations, want 0", c.name, n)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	for _, c := range costly {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				claims.Decide(c.action, c.who, &bobsClaim)
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		claims.Read(&dora, &bobsClaim)
	}
}

func BenchmarkWays(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		claims.Ways("claims:read", &ada, authz.SQLite)
	}
}
