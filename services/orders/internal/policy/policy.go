// Package policy says who may do what with an order, and who may say what people are here. This page is the whole answer:
// change a rule here and the check in Go, the filter of the lists, the evidence in the record and the table in the docs
// change with it.
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

var cancel = action{Name: order.Cancellation, Scope: "orders:write", Permit: rules{
	rule("owner", owner.Is(me)),
	rule("manager", manager),
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

var refund = action{Name: order.Refunding, Scope: "orders:manage",
	Forbid: rules{rule("own-order", owner.Is(me))},
	Permit: rules{rule("manager-within-limit", manager, mfa, currency.Is(limitCurrency), amount.AtMost(myLimit))},
}

// coverage is what claims may ask on behalf of the person who is filing. Its scope is one that this person's token has.
var coverage = action{Name: order.Coverage, Scope: "claims:write", Permit: rules{
	rule("owner", throughClaims, owner.Is(me)),
}}

// Orders is the policy on orders.
var Orders = authz.New((*Subject).hasScope,
	rules{rule("same-tenant", tenant.Is(myTenant))},
	read, place, cancel, assign, ship, deliver, refund, coverage)

// Staff is the policy on roles, and Couriers the one on who carries for whom.
var (
	Staff = desk(order.ReadStaff, order.ChangeStaff,
		func(s *order.Staff) principal.Tenant { return s.Tenant }, func(s *order.Staff) principal.ID { return s.Subject })
	Couriers = desk(order.ReadCarriers, order.ChangeCarriers,
		func(c *order.Courier) principal.Tenant { return c.Tenant }, func(c *order.Courier) principal.ID { return c.Subject })
)

// desk is the policy on what this service knows of people. Nobody changes what is known of themselves: an admin who wants
// to be a manager too needs another admin.
func desk[R any](read, change authz.Name, tenantOf func(*R) principal.Tenant, subjectOf func(*R) principal.ID) *authz.Policy[Subject, R] {
	admin := []authz.Rule[Subject, R]{authz.When("admin",
		authz.Fact[Subject, R]("an admin", isAdmin), authz.Fact[Subject, R](factor, (*Subject).SecondFactor).StepUp())}
	return authz.New((*Subject).hasScope,
		[]authz.Rule[Subject, R]{authz.When("same-tenant", authz.Column[Subject]("tenant", tenantOf).Is(myTenant))},
		authz.Action[Subject, R]{Name: read, Scope: "orders:staff", Permit: admin},
		authz.Action[Subject, R]{Name: change, Scope: "orders:staff", Permit: admin,
			Forbid: []authz.Rule[Subject, R]{authz.When("own-row", authz.Column[Subject]("subject", subjectOf).Is(me))},
		})
}

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
