package store

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"innerdoor.example/services/orders/internal/order"
	"innerdoor.example/services/orders/internal/policy"
	"innerdoor.example/shared/audit"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/database/postgrestest"
	"innerdoor.example/shared/door"
)

// Each list of this service is found on PostgreSQL as on SQLite, for everybody.
func TestPostgreSQLFindsTheListsThatSQLiteFinds(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	twin := postgrestest.Of(t, filled(t, r), "orders", "staff", "carriers", "records")
	people, found := somePrincipals(t), map[string]int{}
	for range 40 {
		s := policy.Subject{Principal: oneOf(r, people), Role: oneOf(r, someRoles), Carrier: withoutNUL(oneOf(r, someCarriers)),
			Limit: oneOf(r, someAmounts), LimitCurrency: oneOf(r, someCurrencies)}
		for _, page := range []door.Page{{Limit: 7}, {Limit: 100, After: door.Place{CreatedAt: int64(r.IntN(6)), ID: "o-5"}}, {Limit: 9, Filter: door.Given("tenant", "acme")}} {
			list := func(sel, from string) postgrestest.List {
				return postgrestest.List{Select: sel, From: from, Tenant: s.Tenant(), Page: page}
			}
			found["orders"] += postgrestest.Lists(t, twin, policy.Orders, &s, list(selectOrders, "orders"))
			found["staff"] += postgrestest.Lists(t, twin, policy.Staff, &s, list(selectStaff, fromStaff))
			found["couriers"] += postgrestest.Lists(t, twin, policy.Couriers, &s, list(selectCouriers, fromCouriers))
			found["records"] += postgrestest.Lists(t, twin, decisions, &s, list(audit.Select, "records"))
		}
	}
	t.Log("rows found: ", found)
	for _, list := range []string{"orders", "staff", "couriers", "records"} {
		if found[list] == 0 {
			t.Errorf("no %s were ever found: its agreement proves nothing", list)
		}
	}
}

// withoutNUL leaves out the one character that PostgreSQL's text cannot hold.
func withoutNUL(c order.Carrier) order.Carrier {
	return order.Carrier(strings.ReplaceAll(string(c), "\x00", ""))
}

// filled has random orders, and somebody at every desk.
func filled(t *testing.T, r *rand.Rand) *database.DB {
	t.Helper()
	file := newDatabase(t)
	write(t, file, func(ctx context.Context, tx *database.Tx) error {
		for i := range 120 {
			o := someRandomOrder(r, i)
			o.Carrier = withoutNUL(o.Carrier)
			if err := (orders{}).Insert(ctx, tx, &o); err != nil {
				return err
			}
		}
		for i, subject := range someOwners {
			row := order.Staff{Tenant: someTenants[i%2], Subject: subject, Role: oneOf(r, someRoles), Version: 1, CreatedAt: order.Time(i)}
			if err := (staff{}).Insert(ctx, tx, &row); err != nil {
				return err
			}
			courier := order.Courier{Tenant: someTenants[i%2], Subject: subject, Carrier: "swift-parcel", Version: 1, CreatedAt: order.Time(i)}
			if err := (couriers{}).Insert(ctx, tx, &courier); err != nil {
				return err
			}
		}
		return audit.Insert(ctx, tx, audit.Operator(Name, "test", "seed", authz.Ref{Type: "order", Tenant: "acme", ID: "o-1"}, time.Now()))
	})
	return file
}
