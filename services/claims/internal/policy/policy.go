// Package policy says who may do what to claims, and nothing else: no SQL, no
// HTTP, no clock. The words that its rules are made of are in subject.go.
package policy

import (
	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
)

type (
	action = authz.Action[Subject, claim.Claim]
	rules  = []authz.Rule[Subject, claim.Claim]
)

var (
	rule = authz.When[Subject, claim.Claim]
	fact = authz.Fact[Subject, claim.Claim]
)

var walls = rules{rule("same-tenant", tenant.Is(myTenant))}

// read is also the answer to what a person may know of: what it hides is absent.
// The rule that permits chooses the view.
var read = action{
	Name:  claim.Read,
	Scope: "claims:read",
	Permit: rules{
		rule("owner", owner.Is(me)),
		rule("assignee", assessor, assignee.Is(me), staffSees),
		rule("adjuster-in-region", adjuster, region.In(myRegions), staffSees),
		rule("supervisor", supervisor, staffSees),
		rule("auditor", auditor, staffSees),
		rule("support", support, staffSees),
		rule("delegate", id.In(sharedWithMe)),
	},
}

var file = action{
	Name:    claim.Filing,
	Scope:   "claims:write",
	Require: rules{rule("in-window", deliveredAt.AtLeast(windowOpens), deliveredAt.AtMost(windowCloses))},
	Permit:  rules{rule("for-oneself", owner.Is(me))},
}

var submit = action{
	Name:   claim.Submit,
	Scope:  "claims:write",
	Permit: rules{rule("owner", owner.Is(me))},
}

var take = action{
	Name:   claim.Taking,
	Scope:  "claims:decide",
	Forbid: rules{rule("own-claim", owner.Is(me))},
	Permit: rules{rule("adjuster-in-region", adjuster, region.In(myRegions), staffSees)},
}

var approve = action{
	Name:  claim.Approval,
	Scope: "claims:decide",
	Forbid: rules{
		rule("own-claim", owner.Is(me)),
		rule("approved-by-me-before", firstApprover.Is(me)),
	},
	Permit: rules{
		rule("adjuster-within-limit", adjuster, region.In(myRegions), assignee.Is(me), staffSees,
			currency.Is(limitCurrency), amount.AtMost(myLimit)),
		rule("supervisor-within-limit", supervisor, mfa, staffSees,
			currency.Is(limitCurrency), amount.AtMost(myLimit)),
	},
}

// Claims is the policy of claims.
var Claims = authz.New((*Subject).hasScope, walls, read, file, submit, take, approve)

// Delegations is the policy of a claim's delegations. Before it the claim itself
// is decided: whoever may not read that learns nothing of its delegations.
var Delegations = authz.New((*Subject).hasScope,
	[]authz.Rule[Subject, claim.Delegation]{
		authz.When("same-tenant", shareTenant.Is(myTenant)),
	},
	authz.Action[Subject, claim.Delegation]{
		Name:   claim.ReadShares,
		Scope:  "claims:read",
		Permit: []authz.Rule[Subject, claim.Delegation]{authz.When("owner", shareOwner.Is(me))},
	},
	authz.Action[Subject, claim.Delegation]{
		Name:   claim.Sharing,
		Scope:  "claims:write",
		Permit: []authz.Rule[Subject, claim.Delegation]{authz.When("owner", shareOwner.Is(me))},
	},
)

// Decisions makes the policy on the records of decisions. Their type links the
// database, which a policy must not: so the store names it.
func Decisions[R any](tenantOf func(*R) principal.Tenant) *authz.Policy[Subject, R] {
	return authz.New((*Subject).hasScope,
		[]authz.Rule[Subject, R]{
			authz.When("same-tenant", authz.Column[Subject]("tenant", tenantOf).Is(myTenant)),
		},
		authz.Action[Subject, R]{
			Name:   claim.Audit,
			Scope:  "claims:audit",
			Permit: []authz.Rule[Subject, R]{authz.When("auditor", authz.Fact[Subject, R](auditing, isAuditor))},
		},
	)
}
