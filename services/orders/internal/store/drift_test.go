package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
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

// What random rows and people are made of. The strings are what SQL would trip over if any of them became part of it.
var (
	someTenants  = []principal.Tenant{"acme", "globex"}
	somePeople   = []principal.ID{"home:alice", "home:Alice", "home:a|b", "home:alice@x"}
	someOwners   = append([]principal.ID{"' OR ''='", "home:alice'--", "home:alice ", "HOME:ALICE"}, somePeople...)
	someCarriers = []order.Carrier{"", "swift-parcel", "Swift-Parcel", "%", "_", "swift' OR 1=1 --", "?", "swift\x00parcel"}
	someRoles    = []order.Role{"", order.Manager, order.Auditor, order.Support, order.Admin}
)

func oneOf[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// TestWhatSQLFindsIsWhatThePolicyAllows compares, over random tables and people, the ids that the ways lead to with those
// that Decide allows, one by one.
func TestWhatSQLFindsIsWhatThePolicyAllows(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	people := somePrincipals(t)
	pairs, reads, allowed := 0, 0, 0
	for range 8 {
		rows := make([]order.Order, 60)
		for i := range rows {
			rows[i] = someOrder(oneOf(random, someTenants), order.ID(fmt.Sprintf("o-%d", i)))
			rows[i].Owner, rows[i].Carrier = oneOf(random, someOwners), oneOf(random, someCarriers)
			rows[i].CreatedAt, rows[i].Status = order.Time(random.IntN(5)+1), oneOf(random, order.Statuses())
		}
		file := newDatabase(t, rows...)
		for range 25 {
			s := policy.Subject{Principal: oneOf(random, people), Role: oneOf(random, someRoles), Carrier: oneOf(random, someCarriers)}
			for _, action := range policy.Orders.Actions() {
				var want []string
				for i := range rows {
					pairs++
					if policy.Orders.Decide(action, &s, &rows[i]).Allowed() {
						want = append(want, string(rows[i].Tenant)+"/"+string(rows[i].ID))
					}
				}
				if action == order.Read {
					reads, allowed = reads+len(rows), allowed+len(want)
				}
				slices.Sort(want)
				check(t, file, action, s, want)
			}
		}
	}
	rate := float64(allowed) / float64(reads)
	t.Logf("%d pairs, %.0f %% of the reads allowed", pairs, 100*rate)
	if pairs < 50_000 || rate < 0.15 {
		t.Error("too few pairs or permits to prove anything")
	}
}

// check asks the ways alone, then the page and the count.
func check(t *testing.T, file *database.DB, action authz.Name, s policy.Subject, want []string) {
	t.Helper()
	ways := policy.Orders.Ways(action, &s, authz.SQLite)
	err := file.Read(t.Context(), func(ctx context.Context, tx *database.Tx) error {
		bare, err := byWaysAlone(ctx, tx, ways)
		if err != nil {
			return err
		}
		if !slices.Equal(bare, want) {
			t.Errorf("%s by %v as %q for %q: SQL finds %v, the policy allows %v", action, s.ID(), s.Role, s.Carrier, bare, want)
		}
		if len(ways) == 0 {
			return nil
		}
		page, err := (orders{}).Page(ctx, tx, s.Tenant(), ways, door.Page{Limit: 1_000})
		if err != nil {
			return err
		}
		var listed []string
		for _, o := range page {
			listed = append(listed, string(o.Tenant)+"/"+string(o.ID))
		}
		slices.Sort(listed)
		n, err := (orders{}).Count(ctx, tx, s.Tenant(), ways, nil)
		if !slices.Equal(listed, want) || n != int64(len(want)) {
			t.Errorf("%s by %v: the page has %v, the count is %d, the policy allows %v", action, s.ID(), listed, n, want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// byWaysAlone asks for the ids without the tenant that every page adds.
func byWaysAlone(ctx context.Context, tx *database.Tx, ways []authz.SQL) ([]string, error) {
	if len(ways) == 0 {
		return nil, nil
	}
	var conditions []string
	var args []any
	for _, way := range ways {
		conditions = append(conditions, "("+way.Text+")")
		args = append(args, way.Args...)
	}
	query := "SELECT tenant || '/' || id FROM orders WHERE " + strings.Join(conditions, " OR ") + " ORDER BY 1"
	return database.All(ctx, tx, func(s *string) []any { return []any{s} }, query, args...)
}

func somePrincipals(t *testing.T) (all []principal.Principal) {
	t.Helper()
	for _, tenant := range someTenants {
		for _, id := range somePeople {
			for _, peer := range []principal.Workload{"gateway", "claims"} {
				all = append(all, principaltest.Of(t, principal.Fields{ID: id, Context: principal.Context{Tenant: tenant},
					Scope: "orders:read orders:write orders:manage orders:ship claims:write"}, peer))
			}
		}
	}
	return all
}
