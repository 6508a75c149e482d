package policy

import (
	"cmp"
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

// values are those of each column of a table, by its name there.
var values = map[string][]string{
	"role":     {"customer", "manager", "auditor", "support", "admin"},
	"relation": {"owner", "carrier", "another", "unassigned", "stranger"},
	"tenant":   {"ours", "theirs"},
	"factor":   {"no", "yes"},
	"peer":     {"gateway", "claims"},
	"status":   {"placed", "shipped", "delivered", "cancelled", "refunded"},
	"amount":   {"below", "at", "above", "foreign"},
	"person":   {"myself", "another"},
}

const allScopes = "orders:read orders:write orders:manage orders:ship orders:audit orders:staff claims:write"

// decision is what the policy on decisions needs to know of one.
type decision struct{ tenant principal.Tenant }

var decisionsOf = Decisions(func(d *decision) principal.Tenant { return d.tenant })

// nouns are the tables: the actions that each must state, and the decision on one of its cells.
var nouns = map[string]struct {
	actions []authz.Name
	decide  func(action authz.Name, s *Subject, c cell) authz.Decision
}{
	"orders": {Orders.Actions(), func(action authz.Name, s *Subject, c cell) authz.Decision {
		o := c.order()
		return Orders.Decide(action, s, &o)
	}},
	"staff": {Staff.Actions(), func(action authz.Name, s *Subject, c cell) authz.Decision {
		return Staff.Decide(action, s, &order.Staff{Tenant: c.tenant(), Subject: c.person(), Role: order.Support})
	}},
	"carriers": {Couriers.Actions(), func(action authz.Name, s *Subject, c cell) authz.Decision {
		return Couriers.Decide(action, s, &order.Courier{Tenant: c.tenant(), Subject: c.person(), Carrier: "swift-parcel"})
	}},
	"decisions": {decisionsOf.Actions(), func(action authz.Name, s *Subject, c cell) authz.Decision {
		return decisionsOf.Decide(action, s, &decision{c.tenant()})
	}},
}

// TestEachCellOfTheMatrixIsDecidedAsIsStated reads testdata/matrix.txt and decides every cell of it.
func TestEachCellOfTheMatrixIsDecidedAsIsStated(t *testing.T) {
	tables := tablesIn(t)
	for name := range nouns {
		if tables[name] == nil {
			t.Errorf("%s have rules and no table", name)
		}
	}
	people := map[string]principal.Principal{}
	for name, table := range tables {
		noun, cells := nouns[name], 0
		if want := slices.Sorted(slices.Values(noun.actions)); !slices.Equal(slices.Sorted(slices.Values(table.actions)), want) {
			t.Errorf("%s: the columns are for %v, the rules for %v", name, table.actions, want)
			continue
		}
		for values := range combinations(table.spans()) {
			c, key := table.cell(values), strings.Join(values, " ")
			stated, ok := table.outcomes[key]
			if !ok {
				t.Errorf("%s: no line states the cell: %s", name, key)
				continue
			}
			peer := cmp.Or(c["peer"], "gateway")
			if _, ok := people[c["factor"]+peer]; !ok {
				people[c["factor"]+peer] = person(t, allScopes, c["factor"] == "yes", principal.Workload(peer))
			}
			s := c.subject(people[c["factor"]+peer])
			for i, action := range table.actions {
				if got := noun.decide(action, &s, c).Outcome().String(); got != stated[i] {
					t.Errorf("%s: %s: %s is %s, the matrix says %s", name, key, action, got, stated[i])
				}
			}
			cells += len(table.actions)
			delete(table.outcomes, key)
		}
		for key := range maps.Keys(table.outcomes) {
			t.Errorf("%s: a line states what is no cell: %s", name, key)
		}
		t.Logf("%s: %d cells", name, cells)
	}
}

// TestWithoutItsScopeAnActionIsRefusedForEveryRow: alice's own, a stranger's and none at all look alike.
func TestWithoutItsScopeAnActionIsRefusedForEveryRow(t *testing.T) {
	scopes := map[authz.Name]string{
		order.Placing: "orders:write", order.Read: "orders:read", order.Cancellation: "orders:write",
		order.Assigning: "orders:manage", order.Shipping: "orders:ship", order.Delivery: "orders:ship",
		order.Refunding: "orders:manage", order.Coverage: "claims:write", order.Audit: "orders:audit",
		order.ReadStaff: "orders:staff", order.ChangeStaff: "orders:staff",
		order.ReadCarriers: "orders:staff", order.ChangeCarriers: "orders:staff",
	}
	for _, noun := range nouns {
		for _, action := range noun.actions {
			others := strings.Join(strings.Fields(strings.ReplaceAll(allScopes, scopes[action], "")), " ")
			without := Subject{Principal: person(t, others, true, "claims"), Role: order.Manager}
			with := Subject{Principal: person(t, scopes[action], true, "claims"), Role: order.Manager}
			for _, c := range []cell{{"relation": "owner", "person": "myself"}, {"relation": "stranger", "tenant": "theirs"}} {
				d := noun.decide(action, &without, c)
				if d.Outcome() != authz.Forbidden || d.MissingScope() != scopes[action] {
					t.Errorf("%s without %s: %s, missing %q", action, scopes[action], d.Outcome(), d.MissingScope())
				}
				if d := noun.decide(action, &with, c); d.MissingScope() != "" {
					t.Errorf("%s with %s: still missing %q", action, scopes[action], d.MissingScope())
				}
			}
		}
	}
}

// TestWhoIsNobodyMayDoNothing: the zero subject, the zero row and an action without rules.
func TestWhoIsNobodyMayDoNothing(t *testing.T) {
	mine := cell{"relation": "owner", "person": "another"}
	me := Subject{Principal: person(t, allScopes, true, "claims"), Role: order.Admin}
	for _, noun := range nouns {
		for _, action := range noun.actions {
			if d := noun.decide(action, &Subject{}, mine); d.Allowed() {
				t.Errorf("nobody may %s", action)
			}
		}
	}
	for _, action := range Orders.Actions() {
		if d := Orders.Decide(action, &me, &order.Order{}); d.Outcome() != authz.Hidden {
			t.Errorf("%s of an absent order is %s", action, d.Outcome())
		}
	}
	if d := Staff.Decide(order.ChangeStaff, &me, &order.Staff{}); d.Allowed() {
		t.Error("an admin may change the role of nobody")
	}
	if d := Couriers.Decide(order.ChangeCarriers, &me, &order.Courier{}); d.Allowed() {
		t.Error("an admin may change whom nobody carries for")
	}
	for name, noun := range nouns {
		if d := noun.decide("orders:burn", &me, mine); d.Outcome() != authz.Hidden {
			t.Errorf("%s: an action without rules is %s", name, d.Outcome())
		}
		if d := noun.decide(noun.actions[0], &me, mine); !d.Allowed() && name != "decisions" {
			t.Errorf("%s: reading my own is %s", name, d.Outcome())
		}
	}
}

// TestALimitThatIsNotThereReachesNothing: neither an amount without its currency nor a currency without an amount.
func TestALimitThatIsNotThereReachesNothing(t *testing.T) {
	row := cell{"relation": "stranger", "amount": "below"}.order()
	max := Subject{Principal: person(t, allScopes, true, "gateway"), Role: order.Manager, Limit: limit, LimitCurrency: "EUR"}
	if d := Orders.Decide(order.Refunding, &max, &row); !d.Allowed() || d.Rule() != "manager-within-limit" {
		t.Fatalf("within the limit: %s by %q", d.Outcome(), d.Rule())
	}
	for name, spoil := range map[string]func(*Subject, *order.Order){
		"no limit":                func(s *Subject, _ *order.Order) { s.Limit, s.LimitCurrency = 0, "" },
		"no amount":               func(s *Subject, _ *order.Order) { s.Limit = 0 },
		"no currency":             func(s *Subject, _ *order.Order) { s.LimitCurrency = "" },
		"an order of no currency": func(_ *Subject, o *order.Order) { o.Currency = "" },
		"neither has a currency":  func(s *Subject, o *order.Order) { s.LimitCurrency, o.Currency = "", "" },
		"an order without owner":  func(_ *Subject, o *order.Order) { o.Owner = "" },
	} {
		s, o := max, row
		spoil(&s, &o)
		if d := Orders.Decide(order.Refunding, &s, &o); d.Outcome() != authz.Forbidden {
			t.Errorf("%s: %s", name, d.Outcome())
		}
	}
}

func person(t *testing.T, scope string, second bool, peer principal.Workload) principal.Principal {
	return principaltest.Of(t, principal.Fields{ID: "home:alice", Scope: scope,
		Context: principal.Context{Tenant: "acme", SecondFactor: second}}, peer)
}

// limit is everybody's: whoever has it by another role than manager must have no use for it.
const limit = 1_000_00

// cell is a value for each column.
type cell map[string]string

func (c cell) subject(who principal.Principal) Subject {
	s := Subject{Principal: who, Limit: limit, LimitCurrency: "EUR"}
	if c["role"] != "customer" {
		s.Role = order.Role(c["role"])
	}
	switch c["relation"] {
	case "carrier", "another", "unassigned":
		s.Carrier = "swift-parcel"
	}
	return s
}

func (c cell) order() order.Order {
	o := order.Order{Tenant: c.tenant(), ID: "o-1", Owner: "home:bob", Status: order.Status(c["status"]), Currency: "EUR",
		Amount: map[string]order.Cents{"below": limit - 1, "at": limit, "above": limit + 1, "foreign": 1}[c["amount"]]}
	if c["amount"] == "foreign" {
		o.Currency = "USD"
	}
	switch c["relation"] {
	case "owner":
		o.Owner = "home:alice"
	case "carrier":
		o.Carrier = "swift-parcel"
	case "another":
		o.Carrier = "other-parcel"
	}
	return o
}

func (c cell) tenant() principal.Tenant {
	if c["tenant"] == "theirs" {
		return "globex"
	}
	return "acme"
}

func (c cell) person() principal.ID {
	if c["person"] == "myself" {
		return "home:alice"
	}
	return "home:bob"
}

// combinations walks every combination of the values of the columns.
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

// table is one noun's part of the file: its columns, its actions, and for each cell the outcomes in their order.
type table struct {
	columns  []string
	actions  []authz.Name
	outcomes map[string][]string
}

func (t *table) spans() (spans [][]string) {
	for _, column := range t.columns {
		spans = append(spans, values[column])
	}
	return spans
}

func (t *table) cell(values []string) cell {
	c := cell{}
	for i, column := range t.columns {
		c[column] = values[i]
	}
	return c
}

// tablesIn reads the file. The first line of a table names its columns and actions.
func tablesIn(t *testing.T) map[string]*table {
	tables := map[string]*table{}
	var at *table
	for n, line := range strings.Split(matrix, "\n") {
		left, right, barred := strings.Cut(line, " | ")
		words := strings.Fields(left)
		switch {
		case len(words) == 0 || words[0] == "#":
		case words[0] == "table" && len(words) == 2:
			at = &table{outcomes: map[string][]string{}}
			tables[words[1]] = at
		case at == nil || !barred:
			t.Fatalf("line %d stands in no table or has no bar", n+1)
		case at.columns == nil:
			at.columns = words
			for _, action := range strings.Fields(right) {
				at.actions = append(at.actions, authz.Name(action))
			}
		default:
			at.state(t, n+1, words, strings.Fields(right))
		}
	}
	return tables
}

func (at *table) state(t *testing.T, line int, words, outcomes []string) {
	if len(words) != len(at.columns) || len(outcomes) != len(at.actions) {
		t.Fatalf("line %d has %d words and %d outcomes, not %d and %d", line, len(words), len(outcomes), len(at.columns), len(at.actions))
	}
	spans := at.spans()
	for i, word := range words {
		if word != "*" {
			spans[i] = strings.Split(word, "|")
		}
	}
	for cell := range combinations(spans) {
		key := strings.Join(cell, " ")
		if _, twice := at.outcomes[key]; twice {
			t.Errorf("line %d states again: %s", line, key)
		}
		at.outcomes[key] = outcomes
	}
}
