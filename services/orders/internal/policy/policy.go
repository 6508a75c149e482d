// Package policy says who may do what with an order. This page is the whole answer: change a rule here and the check in
// Go, the filter of the lists, the evidence in the record and the table in the docs change with it.
package policy

import (
	"innerdoor.example/services/orders/internal/order"
	"innerdoor.example/shared/audit"
	"innerdoor.example/shared/authz"
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

// Decisions is the policy on the records of decisions.
var Decisions = authz.New((*Subject).hasScope,
	[]authz.Rule[Subject, audit.Record]{authz.When("same-tenant", decisionTenant.Is(myTenant))},
	authz.Action[Subject, audit.Record]{
		Name:   order.Audit,
		Scope:  "orders:audit",
		Permit: []authz.Rule[Subject, audit.Record]{authz.When("auditor", decisionAuditor)},
	})

// Knows says whether any policy of this service has rules for the action.
func Knows(action authz.Name) bool { return Orders.Knows(action) || Decisions.Knows(action) }
