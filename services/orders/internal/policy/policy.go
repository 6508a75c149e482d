// Package policy says who may do what with an order. This page is the whole answer: change a rule here and the check in
// Go, the filter of the lists, the evidence in the record and the table in the docs change with it.
package policy

import (
	"innerdoor.example/services/orders/internal/order"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
)

type (
	action = authz.Action[Subject, order.Order]
	rules  = []authz.Rule[Subject, order.Order]
)

var (
	rule = authz.When[Subject, order.Order]
	fact = authz.Fact[Subject, order.Order]
)

// read also chooses what is shown, by the first rule that holds (package api, views.go).
var read = action{Name: order.Read, Scope: "orders:read", Permit: rules{
	rule("owner", owner.Is(me)),
	rule("manager", manager),
	rule("auditor", auditor),
	rule("support", support),
	rule("carrier", carrier.Is(myCarrier)),
}}

var place = action{Name: order.Placing, Scope: "orders:write", Permit: rules{
	rule("for-oneself", owner.Is(me)),
}}

var assign = action{Name: order.Assigning, Scope: "orders:manage", Permit: rules{
	rule("manager", manager),
}}

var ship = action{Name: order.Shipping, Scope: "orders:ship", Permit: rules{
	rule("carrier", carrier.Is(myCarrier)),
}}

var deliver = action{Name: order.Delivery, Scope: "orders:ship", Permit: rules{
	rule("carrier", carrier.Is(myCarrier)),
}}

// coverage is what claims may ask on behalf of the person who is filing. Its scope is one that this person's token has.
var coverage = action{Name: order.Coverage, Scope: "claims:write", Permit: rules{
	rule("owner-through-claims", throughClaims, owner.Is(me)),
}}

// Orders is the policy on orders.
var Orders = authz.New((*Subject).hasScope,
	rules{rule("same-tenant", tenant.Is(myTenant))},
	read, place, assign, ship, deliver, coverage)

// Decisions makes the policy on the records of decisions. Their type links the database, which a policy must not: so the
// store names it.
func Decisions[R any](tenantOf func(*R) principal.Tenant) *authz.Policy[Subject, R] {
	return authz.New((*Subject).hasScope,
		[]authz.Rule[Subject, R]{
			authz.When("same-tenant", authz.Column[Subject]("tenant", tenantOf).Is(myTenant)),
		},
		authz.Action[Subject, R]{
			Name:   order.Audit,
			Scope:  "orders:audit",
			Permit: []authz.Rule[Subject, R]{authz.When("auditor", authz.Fact[Subject, R](auditing, isAuditor))},
		},
	)
}
