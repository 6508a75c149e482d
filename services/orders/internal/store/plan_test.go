package store

import (
	"context"
	"strings"
	"testing"

	"innerdoor.example/services/orders/internal/order"
	"innerdoor.example/services/orders/internal/policy"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/principal/principaltest"
)

// walked is by which index a list is walked: for each thing by which a way leads to orders, without a filter, and with
// those of askedFor in turn. What is narrower is walked, be it the filter or what the asker has to do with.
var (
	askedFor = []door.Filter{nil, door.Given("status", "placed"), door.Given("region", "eu")}
	walked   = map[string][]string{
		"owner":   {"orders_by_owner", "orders_by_owner", "orders_by_owner"},
		"carrier": {"orders_by_carrier", "orders_by_carrier_and_status", "orders_by_carrier"},
		"tenant":  {"orders_by_time", "orders_by_status", "orders_by_region"},
	}
)

// TestEachWayIntoAListWalksAnIndexInItsOrder: a list costs what it shows, not what the tenant holds.
func TestEachWayIntoAListWalksAnIndexInItsOrder(t *testing.T) {
	file := newDatabase(t)
	write(t, file, func(ctx context.Context, tx *database.Tx) error {
		_, err := tx.ExecContext(ctx, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
			INSERT INTO orders SELECT 'acme', 'o-' || i, 'home:u' || i, '[]', 1, 'EUR', 'there', '', '', '', 'eu', 'swift-parcel',
				'placed', 1, i, i, 0, 0 FROM n`)
		return err
	})
	who := principaltest.Of(t, principal.Fields{ID: "home:u1", Scope: "orders:read", Context: principal.Context{Tenant: "acme"}}, "gateway")
	for _, c := range []struct {
		s    policy.Subject
		want []string // what each way goes by
	}{
		{policy.Subject{Principal: who}, []string{"owner"}},
		{policy.Subject{Principal: who, Carrier: "swift-parcel"}, []string{"owner", "carrier"}},
		{policy.Subject{Principal: who, Role: order.Manager}, []string{"owner", "tenant"}},
		{policy.Subject{Principal: who, Role: order.Auditor}, []string{"owner", "tenant"}},
		{policy.Subject{Principal: who, Role: order.Support}, []string{"owner", "tenant"}},
		{policy.Subject{Principal: who, Role: order.Admin}, []string{"owner"}},
	} {
		ways := policy.Orders.Ways(order.Read, &c.s, authz.SQLite)
		if len(ways) != len(c.want) {
			t.Fatalf("%q, %q: %d ways, want %d", c.s.Role, c.s.Carrier, len(ways), len(c.want))
		}
		for i, way := range ways {
			for j, filter := range askedFor {
				walks(t, file, selectOrders, way, filter, walked[c.want[i]][j])
			}
		}
	}
	admin := policy.Subject{Role: order.Admin, Principal: principaltest.Of(t, principal.Fields{ID: "home:tom", Scope: "orders:staff",
		Context: principal.Context{Tenant: "acme", SecondFactor: true}}, "gateway")}
	for index, desk := range map[string]struct {
		sel  string
		ways []authz.SQL
	}{
		"staff_by_time":    {selectStaff, policy.Staff.Ways(order.ReadStaff, &admin, authz.SQLite)},
		"carriers_by_time": {selectCouriers, policy.Couriers.Ways(order.ReadCarriers, &admin, authz.SQLite)},
	} {
		if len(desk.ways) != 1 {
			t.Fatalf("%d ways, want one by %s", len(desk.ways), index)
		}
		walks(t, file, desk.sel, desk.ways[0], nil, index)
	}
}

// walks fails unless the first and a later page of the way walk the index in its order.
func walks(t *testing.T, file *database.DB, sel string, way authz.SQL, filter door.Filter, index string) {
	t.Helper()
	for _, after := range []door.Place{{}, {CreatedAt: 100, ID: "o-100"}} {
		text, args := door.Keyset(sel, "acme", []authz.SQL{way}, door.Page{Limit: 50, After: after, Filter: filter})
		plan := explain(t, file, text, args)
		walk, _, _ := strings.Cut(plan, "SCAN way") // the outer ordering is of one page only
		if strings.Contains(walk, "SCAN") || strings.Contains(walk, "TEMP B-TREE") || !strings.Contains(walk, index+" ") {
			t.Errorf("%s with %s, not by %s:\n%s", way.Text, filter, index, plan)
		}
	}
}

func explain(t *testing.T, file *database.DB, text string, args []any) (plan string) {
	t.Helper()
	type step struct {
		id, parent, unused int64
		detail             string
	}
	err := file.Read(t.Context(), func(ctx context.Context, tx *database.Tx) error {
		steps, err := database.All(ctx, tx, func(x *step) []any { return []any{&x.id, &x.parent, &x.unused, &x.detail} },
			"EXPLAIN QUERY PLAN "+text, args...)
		for _, x := range steps {
			plan += x.detail + "\n"
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}
