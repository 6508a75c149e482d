package policy

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
	"testing"

	"innerdoor.example/services/orders/internal/order"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/principal/principaltest"
)

//go:embed testdata/matrix.txt
var matrix string

var (
	columns = [][]string{
		{"customer", "manager", "auditor", "support", "admin"},
		{"owner", "carrier", "another", "unassigned", "stranger"},
		{"ours", "theirs"},
		{"no", "yes"},
		{"gateway", "claims"},
		{"placed", "shipped", "delivered", "cancelled", "refunded"},
	}
	actions = []authz.Name{order.Placing, order.Read, order.Assigning, order.Shipping, order.Delivery, order.Coverage}
)

const allScopes = "orders:read orders:write orders:manage orders:ship orders:audit orders:staff claims:write"

// TestEachCellOfTheMatrixIsDecidedAsIsStated reads testdata/matrix.txt and decides every cell of it.
func TestEachCellOfTheMatrixIsDecidedAsIsStated(t *testing.T) {
	stated := statedIn(t)
	principals := map[string]principal.Principal{}
	for cell := range cells() {
		key := strings.Join(cell, " ")
		outcomes, ok := stated[key]
		if !ok {
			t.Errorf("no line of the matrix states the cell: %s", key)
			continue
		}
		who := cell[3] + cell[4]
		if _, ok := principals[who]; !ok {
			principals[who] = person(t, allScopes, cell[3] == "yes", principal.Workload(cell[4]))
		}
		s, o := subject(principals[who], cell), row(cell)
		for i, action := range actions {
			if got := Orders.Decide(action, &s, &o).Outcome().String(); got != outcomes[i] {
				t.Errorf("%s: %s is %s, the matrix says %s", key, action, got, outcomes[i])
			}
		}
		delete(stated, key)
	}
	for key := range maps.Keys(stated) {
		t.Errorf("a line of the matrix states what is no cell: %s", key)
	}
	t.Logf("%d cells", len(slices.Collect(cells()))*len(actions))
}

// TestEveryActionIsInTheMatrix keeps a new action from being forgotten there.
func TestEveryActionIsInTheMatrix(t *testing.T) {
	for _, action := range Orders.Actions() {
		if !slices.Contains(actions, action) {
			t.Errorf("%s has rules and no column", action)
		}
	}
}

// TestWithoutItsScopeAnActionIsRefusedForEveryRow: alice's own order, a stranger's and none at all look alike.
func TestWithoutItsScopeAnActionIsRefusedForEveryRow(t *testing.T) {
	scopes := map[authz.Name]string{
		order.Placing: "orders:write", order.Read: "orders:read", order.Assigning: "orders:manage",
		order.Shipping: "orders:ship", order.Delivery: "orders:ship", order.Coverage: "claims:write",
	}
	for _, action := range actions {
		others := strings.ReplaceAll(allScopes, scopes[action], "")
		without := Subject{Principal: person(t, strings.Join(strings.Fields(others), " "), true, "claims"), Role: order.Manager}
		with := Subject{Principal: person(t, scopes[action], true, "claims"), Role: order.Manager}
		for _, cell := range [][]string{{"", "owner", "ours", "", "", "placed"}, {"", "stranger", "theirs", "", "", "placed"}} {
			o := row(cell)
			d := Orders.Decide(action, &without, &o)
			if d.Outcome() != authz.Forbidden || d.MissingScope() != scopes[action] {
				t.Errorf("%s without %s: %s, missing %q", action, scopes[action], d.Outcome(), d.MissingScope())
			}
			if d := Orders.Decide(action, &with, &o); d.MissingScope() != "" {
				t.Errorf("%s with %s: still missing %q", action, scopes[action], d.MissingScope())
			}
		}
	}
}

// TestWhoIsNobodyMayDoNothing: the zero subject, the zero order and an action without rules.
func TestWhoIsNobodyMayDoNothing(t *testing.T) {
	mine := row([]string{"", "owner", "ours", "", "", "placed"})
	me := Subject{Principal: person(t, allScopes, true, "claims"), Role: order.Manager}
	for _, action := range actions {
		if d := Orders.Decide(action, &Subject{}, &mine); d.Allowed() {
			t.Errorf("nobody may %s", action)
		}
		if d := Orders.Decide(action, &me, &order.Order{}); d.Outcome() != authz.Hidden {
			t.Errorf("%s of an absent order is %s", action, d.Outcome())
		}
	}
	if d := Orders.Decide("orders:burn", &me, &mine); d.Outcome() != authz.Hidden {
		t.Errorf("an action without rules is %s", d.Outcome())
	}
	if d := Orders.Decide(order.Read, &me, &mine); !d.Allowed() {
		t.Errorf("my own order is %s", d.Outcome())
	}
}

func person(t *testing.T, scope string, second bool, peer principal.Workload) principal.Principal {
	return principaltest.Of(t, principal.Fields{ID: "home:alice", Scope: scope,
		Context: principal.Context{Tenant: "acme", SecondFactor: second}}, peer)
}

func subject(who principal.Principal, cell []string) Subject {
	s := Subject{Principal: who}
	if cell[0] != "customer" {
		s.Role = order.Role(cell[0])
	}
	switch cell[1] {
	case "carrier", "another", "unassigned":
		s.Carrier = "swift-parcel"
	}
	return s
}

func row(cell []string) order.Order {
	o := order.Order{Tenant: "acme", ID: "o-1", Owner: "home:bob", Status: order.Status(cell[5])}
	switch cell[1] {
	case "owner":
		o.Owner = "home:alice"
	case "carrier":
		o.Carrier = "swift-parcel"
	case "another":
		o.Carrier = "other-parcel"
	}
	if cell[2] == "theirs" {
		o.Tenant = "globex"
	}
	return o
}

// cells walks every combination of the columns.
func cells() func(yield func([]string) bool) { return combinations(columns) }

func combinations(of [][]string) func(yield func([]string) bool) {
	return func(yield func([]string) bool) {
		if len(of) == 0 {
			yield(nil)
			return
		}
		for rest := range combinations(of[:len(of)-1]) {
			for _, value := range of[len(of)-1] {
				if !yield(append(slices.Clone(rest), value)) {
					return
				}
			}
		}
	}
}

// statedIn maps each cell that the file states to its outcomes, in the order of actions.
func statedIn(t *testing.T) map[string][]string {
	stated := map[string][]string{}
	for n, line := range strings.Split(matrix, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		if len(words) != len(columns)+len(actions) {
			t.Fatalf("line %d has %d words, not %d", n+1, len(words), len(columns)+len(actions))
		}
		spans := make([][]string, len(columns))
		for i, values := range columns {
			if spans[i] = strings.Split(words[i], "|"); words[i] == "*" {
				spans[i] = values
			}
		}
		for cell := range combinations(spans) {
			key := strings.Join(cell, " ")
			if _, twice := stated[key]; twice {
				t.Errorf("line %d states again: %s", n+1, key)
			}
			stated[key] = words[len(columns):]
		}
	}
	if len(stated) == 0 {
		t.Fatal("the matrix is empty")
	}
	return stated
}

// decision is what the policy on decisions needs to know of one.
type decision struct{ tenant principal.Tenant }

// TestDecisionsAreShownToTheAuditorsOfTheirTenantOnly: role × tenant × second factor.
func TestDecisionsAreShownToTheAuditorsOfTheirTenantOnly(t *testing.T) {
	decisions := Decisions(func(d *decision) principal.Tenant { return d.tenant })
	for cell := range combinations([][]string{columns[0], columns[2], columns[3]}) {
		s := Subject{Principal: person(t, allScopes, cell[2] == "yes", "gateway"), Role: order.Role(cell[0])}
		d := decision{tenant: map[string]principal.Tenant{"ours": "acme", "theirs": "globex"}[cell[1]]}
		want := authz.Hidden
		if cell[0] == "auditor" && cell[1] == "ours" {
			want = authz.Allowed
		}
		if got := decisions.Decide(order.Audit, &s, &d).Outcome(); got != want {
			t.Errorf("%v: %s, want %s", cell, got, want)
		}
	}
	without := Subject{Principal: person(t, "orders:read", true, "gateway"), Role: order.Auditor}
	if d := decisions.Decide(order.Audit, &without, &decision{"acme"}); d.MissingScope() != "orders:audit" {
		t.Errorf("an auditor without the scope: %s, missing %q", d.Outcome(), d.MissingScope())
	}
}
