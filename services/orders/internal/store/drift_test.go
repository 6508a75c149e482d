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
	"innerdoor.example/shared/audit"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/principal/principaltest"
)

// What random rows and people are made of. The strings are what SQL would trip over if any of them became part of it.
var (
	someTenants    = []principal.Tenant{"acme", "globex"}
	somePeople     = []principal.ID{"home:alice", "home:Alice", "home:a|b", "home:alice@x"}
	someOwners     = append([]principal.ID{"' OR ''='", "home:alice'--", "home:alice ", "HOME:ALICE"}, somePeople...)
	someCarriers   = []order.Carrier{"", "swift-parcel", "Swift-Parcel", "%", "_", "swift' OR 1=1 --", "?", "swift\x00parcel"}
	someRoles      = []order.Role{"", order.Manager, order.Auditor, order.Support, order.Admin}
	someAmounts    = []order.Cents{-1, 0, 1, 99_999, 100_000, 100_001, 1 << 53}
	someCurrencies = []order.Currency{"", "EUR", "USD", "eur", "EUR' --"}
)

func oneOf[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// population is the random rows of one noun, and what is known of them.
type population[R door.Noun] struct {
	policy *authz.Policy[policy.Subject, R]
	table  door.Table[policy.Subject, R]
	from   string
	roles  []order.Role // such that something is allowed
	row    func(r *rand.Rand, i int) R
	insert func(context.Context, *database.Tx, *R) error
}

// tally is what was compared: pairs of a person and a row, for one action.
type tally struct{ pairs, reads, allowed int }

func (all *tally) add(action authz.Name, reading bool, rows, allowed int, done map[authz.Name]int) {
	all.pairs += rows
	done[action] += allowed
	if reading {
		all.reads, all.allowed = all.reads+rows, all.allowed+allowed
	}
}

// TestWhatSQLFindsIsWhatThePolicyAllows compares, over random tables and people, the ids that the ways lead to with those
// that Decide allows, one by one, for every policy of this service.
func TestWhatSQLFindsIsWhatThePolicyAllows(t *testing.T) {
	people := somePrincipals(t)
	sum := 0
	for name, compared := range map[string]tally{
		"orders": population[order.Order]{policy.Orders, orders{}, "orders", someRoles, someRandomOrder, orders{}.Insert}.compare(t, people),
		"staff": population[order.Staff]{policy.Staff, staff{}, fromStaff, []order.Role{order.Admin, order.Admin, order.Manager}, func(r *rand.Rand, i int) order.Staff {
			return order.Staff{Tenant: someTenants[i%2], Subject: oneSubject(i), Role: oneOf(r, someRoles), Version: 1, CreatedAt: order.Time(r.IntN(5) + 1)}
		}, staff{}.Insert}.compare(t, people),
		"carriers": population[order.Courier]{policy.Couriers, couriers{}, fromCouriers, []order.Role{order.Admin, order.Admin, order.Manager}, func(r *rand.Rand, i int) order.Courier {
			return order.Courier{Tenant: someTenants[i%2], Subject: oneSubject(i), Carrier: oneOf(r, someCarriers[1:]), Version: 1, CreatedAt: order.Time(r.IntN(5) + 1)}
		}, couriers{}.Insert}.compare(t, people),
		"decisions": population[audit.Record]{decisions, door.Records[policy.Subject]{Load: facts{}.Facts}, "records", []order.Role{order.Auditor, order.Admin}, func(r *rand.Rand, i int) audit.Record {
			return audit.Record{Tenant: oneOf(r, someTenants), ID: fmt.Sprintf("d-%d", i), Subject: oneOf(r, someOwners), Evidence: []byte("{}"), At: int64(r.IntN(5) + 1)}
		}, func(ctx context.Context, tx *database.Tx, r *audit.Record) error { return audit.Insert(ctx, tx, r) }}.compare(t, people),
	} {
		rate := float64(compared.allowed) / float64(compared.reads)
		t.Logf("%s: %d pairs, %.0f %% of the reads allowed", name, compared.pairs, 100*rate)
		if rate < 0.15 {
			t.Errorf("%s: too few permits to prove anything", name)
		}
		sum += compared.pairs
	}
	t.Logf("%d pairs in all", sum)
	if sum < 50_000 {
		t.Error("too few pairs to prove anything")
	}
}

func (p population[R]) compare(t *testing.T, people []principal.Principal) (all tally) {
	t.Helper()
	random, done := rand.New(rand.NewPCG(1, 2)), map[authz.Name]int{}
	for range 8 {
		rows := make([]R, 60)
		for i := range rows {
			rows[i] = p.row(random, i)
		}
		file := newDatabase(t)
		write(t, file, func(ctx context.Context, tx *database.Tx) (err error) {
			for i := 0; err == nil && i < len(rows); i++ {
				err = p.insert(ctx, tx, &rows[i])
			}
			return err
		})
		for range 25 {
			s := policy.Subject{Principal: oneOf(random, people), Role: oneOf(random, p.roles), Carrier: oneOf(random, someCarriers),
				Limit: oneOf(random, someAmounts), LimitCurrency: oneOf(random, someCurrencies)}
			for i, action := range p.policy.Actions() {
				want := p.allowed(action, &s, rows)
				all.add(action, i == 0, len(rows), len(want), done)
				p.check(t, file, action, s, want)
			}
		}
	}
	for _, action := range p.policy.Actions() {
		if done[action] == 0 {
			t.Errorf("nobody was ever allowed %s: its agreement proves nothing", action)
		}
	}
	return all
}

// allowed are the rows that the policy allows, one by one.
func (p population[R]) allowed(action authz.Name, s *policy.Subject, rows []R) (want []string) {
	for i := range rows {
		if p.policy.Decide(action, s, &rows[i]).Allowed() {
			want = append(want, keyOf(rows[i]))
		}
	}
	slices.Sort(want)
	return want
}

// check asks the ways alone, then the page and the count.
func (p population[R]) check(t *testing.T, file *database.DB, action authz.Name, s policy.Subject, want []string) {
	t.Helper()
	ways := p.policy.Ways(action, &s, authz.SQLite)
	err := file.Read(t.Context(), func(ctx context.Context, tx *database.Tx) error {
		bare, err := p.byWaysAlone(ctx, tx, ways)
		if err != nil {
			return err
		}
		if !slices.Equal(bare, want) {
			t.Errorf("%s by %v as %q for %q: SQL finds %v, the policy allows %v", action, s.ID(), s.Role, s.Carrier, bare, want)
		}
		if len(ways) == 0 {
			return nil
		}
		page, err := p.table.Page(ctx, tx, s.Tenant(), ways, door.Page{Limit: 1_000})
		if err != nil {
			return err
		}
		var listed []string
		for _, row := range page {
			listed = append(listed, keyOf(row))
		}
		slices.Sort(listed)
		n, err := p.table.Count(ctx, tx, s.Tenant(), ways, nil)
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
func (p population[R]) byWaysAlone(ctx context.Context, tx *database.Tx, ways []authz.SQL) ([]string, error) {
	if len(ways) == 0 {
		return nil, nil
	}
	var conditions []string
	var args []any
	for _, way := range ways {
		conditions = append(conditions, "("+way.Text+")")
		args = append(args, way.Args...)
	}
	query := "SELECT tenant || '/' || id FROM " + p.from + " WHERE " + strings.Join(conditions, " OR ") + " ORDER BY 1"
	return database.All(ctx, tx, func(s *string) []any { return []any{s} }, query, args...)
}

func keyOf[R door.Noun](row R) string { return row.Ref().Tenant + "/" + row.Ref().ID }

func someRandomOrder(r *rand.Rand, i int) order.Order {
	o := someOrder(oneOf(r, someTenants), order.ID(fmt.Sprintf("o-%d", i)))
	o.Owner, o.Carrier = oneOf(r, someOwners), oneOf(r, someCarriers)
	o.Amount, o.Currency = oneOf(r, someAmounts), oneOf(r, someCurrencies)
	o.CreatedAt, o.Status = order.Time(r.IntN(5)+1), oneOf(r, order.Statuses())
	return o
}

// oneSubject is everybody in turn, in both tenants, and then others who are called nearly like them.
func oneSubject(i int) principal.ID {
	of := someOwners[i/2%len(someOwners)]
	if again := i / 2 / len(someOwners); again > 0 {
		return of + principal.ID(strings.Repeat("%", again))
	}
	return of
}

func somePrincipals(t *testing.T) (all []principal.Principal) {
	t.Helper()
	for _, tenant := range someTenants {
		for _, id := range somePeople {
			for i, peer := range []principal.Workload{"gateway", "claims", "gateway"} {
				all = append(all, principaltest.Of(t, principal.Fields{ID: id, Context: principal.Context{Tenant: tenant, SecondFactor: i > 0},
					Scope: "orders:read orders:write orders:manage orders:ship orders:staff orders:audit claims:write"}, peer))
			}
		}
	}
	return all
}
