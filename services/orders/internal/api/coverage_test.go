package api_test

import (
	"fmt"
	"testing"
)

const covered = "/internal/orders/o-alice/coverage"

// TestCoverageIsTheOwnersThroughClaimsAndNobodyElses: who asks and through whom are both decided.
func TestCoverageIsTheOwnersThroughClaimsAndNobodyElses(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		q      question
		status int
	}{
		{question{as: "", peer: "claims"}, 401},       // claims' own identity reads nothing
		{question{as: "nobody", peer: "claims"}, 401}, // nor does it for nobody
		{question{as: "bob", peer: "claims"}, 404},
		{question{as: "tom", peer: "claims"}, 404},
		{question{as: "rival", peer: "claims"}, 403},  // lacks the scope
		{question{as: "narrow", peer: "claims"}, 403}, // alice, but without claims:write
		{question{as: "writer", peer: "claims"}, 403},
		{question{as: "max", peer: "claims"}, 403}, // may see the order, but it is not his
		{question{as: "vera", peer: "claims"}, 403},
		{question{as: "gus", peer: "claims", path: "/internal/orders/o-bob/coverage"}, 404},
		{question{as: "alice", peer: "gateway"}, 403},
		{question{as: "alice", peer: "identity"}, 403},
		{question{as: "alice", peer: "orders"}, 403},
		{question{as: "alice", peer: "claims", path: "/internal/orders/o-nothing/coverage"}, 404},
	} {
		if c.q.path == "" {
			c.q.path = covered
		}
		if a := w.ask(c.q); a.status != c.status {
			t.Errorf("%s through %s, %s: %d, want %d: %s", c.q.as, c.q.peer, c.q.path, a.status, c.status, a.body)
		}
	}
	got := w.want(200, question{as: "alice", peer: "claims", path: covered}).body
	want := fmt.Sprintf(`{"order":"o-alice","status":"delivered","delivered_at":%d,"amount":20000,"currency":"EUR","region":"eu"}`,
		w.number(`SELECT delivered_at FROM orders WHERE tenant = 'acme' AND id = 'o-alice'`))
	if got != want {
		t.Errorf("alice's coverage is %s, want %s", got, want)
	}
	theirs := w.want(200, question{as: "mallory", peer: "claims", path: covered}).object(t)
	if theirs["amount"] != 150_00.0 {
		t.Errorf("mallory's o-alice is %v", theirs)
	}
}

// TestClaimsMayCarryNothingButCoverage: every other operation is for the gateway's requests.
func TestClaimsMayCarryNothingButCoverage(t *testing.T) {
	w := newWorld(t)
	for _, q := range []question{
		{path: "/orders/o-alice"}, {path: "/orders"}, {path: "/orders/count"}, {path: "/orders/decisions"},
		{method: "POST", path: "/orders", body: kettle},
		{method: "PUT", path: "/orders/o-alice-placed/carrier", body: toSwift},
		{method: "POST", path: "/orders/o-swift/ship"},
	} {
		q.as, q.peer = "alice", "claims"
		w.want(403, q)
	}
	w.want(200, question{as: "alice", path: "/orders/o-alice"})
}
