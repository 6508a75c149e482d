package policy_test

import (
	"strings"

	"innerdoor.example/services/orders/internal/order"
	"innerdoor.example/services/orders/internal/policy"
	"innerdoor.example/shared/authz/cedartest"
	"innerdoor.example/shared/principal"
)

// A world is one person who asks, alice if it is somebody, and one order.
type world struct {
	who   cedartest.Who
	facts policy.Subject
	row   order.Order
}

type (
	population = cedartest.Population[world]
	dimension  = []cedartest.Value[world]
)

const (
	alice = principal.ID("home:alice")
	bob   = principal.ID("home:bob")
)

var allScopes = []string{"orders:read", "orders:write", "orders:manage", "orders:ship", "orders:staff", "orders:audit", "claims:write"}

// is names a value of a dimension.
func is(name string, set func(*world)) cedartest.Value[world] { return cedartest.Is(name, set) }

// ordinary is how everything is that no other dimension of a population says.
var ordinary = dimension{is("", func(w *world) {
	w.who = cedartest.Who{ID: alice, Tenant: "acme", Scope: strings.Join(allScopes, " "), Peer: "gateway"}
	w.facts = policy.Subject{Limit: 1_000_00, LimitCurrency: "EUR"}
	w.row = order.Order{Tenant: "acme", ID: "o-1", Owner: bob, Amount: 200_00, Currency: "EUR", Status: order.Delivered, Version: 1}
})}

// persons come last: who is not somebody has no scopes either.
var persons = dimension{
	is("alice", func(*world) {}),
	is("somebody anonymous", func(w *world) { w.who = cedartest.Who{ID: principal.AnonymousID, Peer: w.who.Peer} }),
	is("nobody", func(w *world) { w.who = cedartest.Who{} }),
}

var roles = each("role", func(w *world, r order.Role) { w.facts.Role = r },
	"", order.Manager, order.Support, order.Auditor, order.Admin)

var owners = each("owner", func(w *world, id principal.ID) { w.row.Owner = id }, bob, alice, "")

var tenants = each("order of", func(w *world, of principal.Tenant) { w.row.Tenant = of }, "acme", "globex", "")

var factors = each("second factor", func(w *world, yes bool) { w.who.SecondFactor = yes }, false, true)

var peers = each("through", func(w *world, p principal.Workload) { w.who.Peer = p }, "gateway", "claims", "identity")

var assigned = each("assigned to", func(w *world, c order.Carrier) { w.row.Carrier = c }, "", "swift-parcel", "other-parcel")

var carriers = each("carries for", func(w *world, c order.Carrier) { w.facts.Carrier = c }, "", "swift-parcel")

var statuses = each("status", func(w *world, s order.Status) { w.row.Status = s }, append(order.Statuses(), "")...)

var amounts = each("cents", func(w *world, c order.Cents) { w.row.Amount = c }, 999_99, 1_000_00, 1_000_01, 5_000_00, 0)

var currencies = each("in", func(w *world, c order.Currency) { w.row.Currency = c }, "EUR", "USD", "")

var limits = dimension{
	is("limit 1000.00 EUR", func(*world) {}),
	is("limit 5000.00 USD", func(w *world) { w.facts.Limit, w.facts.LimitCurrency = 5_000_00, "USD" }),
	is("limit 0 EUR", func(w *world) { w.facts.Limit = 0 }),
	is("limit 1000.00 of nothing", func(w *world) { w.facts.LimitCurrency = "" }),
}

var scopes = cedartest.Scopes(func(w *world, s string) { w.who.Scope = s }, allScopes...)

func each[V any](name string, set func(*world, V), values ...V) dimension {
	return cedartest.Each(name, set, values...)
}

// subject is how the policy sees the person.
func (w *world) subject(people *cedartest.People) *policy.Subject {
	if w.who.ID == "" {
		return &policy.Subject{}
	}
	s := w.facts
	s.Principal = people.Principal(w.who)
	return &s
}

// person is how the page sees them.
func (w *world) person() cedartest.Entity {
	return cedartest.Entity{Type: "Person", Attributes: w.who.Attributes(cedartest.Attributes{
		"role": w.facts.Role, "carrier": w.facts.Carrier,
		"limit": cedartest.Attributes{"amount": w.facts.Limit, "currency": w.facts.LimitCurrency},
	})}
}

// order is how the page sees the order.
func (w *world) order() cedartest.Entity {
	return cedartest.Entity{Type: "Order", Attributes: cedartest.Attributes{
		"tenant": w.row.Tenant, "owner": w.row.Owner, "carrier": w.row.Carrier,
		"money": cedartest.Attributes{"amount": w.row.Amount, "currency": w.row.Currency},
	}}
}

// about is how the page sees a row of staff or of carriers, which is about somebody as an order is about its owner.
func (w *world) about(of string) cedartest.Entity {
	return cedartest.Entity{Type: of, Attributes: cedartest.Attributes{"tenant": w.row.Tenant, "subject": w.row.Owner}}
}

// context is how the page sees the request.
func (w *world) context() cedartest.Attributes {
	return cedartest.Attributes{"secondFactor": w.who.SecondFactor, "workload": w.who.Peer}
}
