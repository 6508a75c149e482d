package authz_test

import (
	"fmt"
	"slices"

	"innerdoor.example/shared/authz"
)

// The noun: who owns what.
type claim struct {
	ID, Tenant, Owner, Region, Status, Currency string
	Assignee, FirstApprover                     string
	Amount                                      cents
}

type (
	cents  int64
	region string
	person string
)

// subject is who asks, and what this service knows about them.
type subject struct {
	ID           person
	Tenant, Role string
	Scopes       []string
	SecondFactor bool
	Regions      []region
	Shared       []string
	Limit        cents
	Currency     string
}

// The words: each once.
var (
	id            = authz.Column[subject]("id", func(c *claim) string { return c.ID })
	tenant        = authz.Column[subject]("tenant", func(c *claim) string { return c.Tenant })
	owner         = authz.Column[subject]("owner", func(c *claim) person { return person(c.Owner) })
	regionOf      = authz.Column[subject]("region", func(c *claim) region { return region(c.Region) })
	status        = authz.Column[subject]("status", func(c *claim) string { return c.Status })
	amount        = authz.Column[subject]("amount", func(c *claim) cents { return c.Amount })
	currency      = authz.Column[subject]("currency", func(c *claim) string { return c.Currency })
	assignee      = authz.Optional[subject]("assignee", func(c *claim) person { return person(c.Assignee) })
	firstApprover = authz.Optional[subject]("first_approver", func(c *claim) person { return person(c.FirstApprover) })

	me            = authz.The("me", func(s *subject) person { return s.ID })
	myTenant      = authz.The("my tenant", func(s *subject) string { return s.Tenant })
	myLimit       = authz.The("my limit", func(s *subject) cents { return s.Limit })
	limitCurrency = authz.The("currency of my limit", func(s *subject) string { return s.Currency })
	myRegions     = authz.Any("my regions", func(s *subject) []region { return s.Regions })
	sharedWithMe  = authz.Any("shared with me", func(s *subject) []string { return s.Shared })

	adjuster   = fact("an adjuster", func(s *subject) bool { return s.Role == "adjuster" })
	supervisor = fact("a supervisor", func(s *subject) bool { return s.Role == "supervisor" })
	auditor    = fact("an auditor", func(s *subject) bool { return s.Role == "auditor" })
	support    = fact("support", func(s *subject) bool { return s.Role == "support" })
	mfa        = fact("second factor", func(s *subject) bool { return s.SecondFactor }).StepUp()
)

type (
	action = authz.Action[subject, claim]
	rules  = []authz.Rule[subject, claim]
)

var (
	rule = authz.When[subject, claim]
	fact = authz.Fact[subject, claim]
)

// The rules: one screen.
var (
	walls     = rules{rule("same-tenant", tenant.Is(myTenant))}
	staffSees = status.OneOf("submitted", "in_review", "approved", "rejected", "withdrawn")

	read = action{Name: "claims:read", Scope: "claims:read", Permit: rules{
		rule("owner", owner.Is(me)),
		rule("assignee", adjuster, staffSees, assignee.Is(me)),
		rule("adjuster-in-region", adjuster, staffSees, regionOf.In(myRegions)),
		rule("supervisor", supervisor, staffSees),
		rule("auditor", auditor, staffSees),
		rule("support", support, staffSees),
		rule("delegate", id.In(sharedWithMe)),
	}}
	approve = action{Name: "claims:approve", Scope: "claims:decide",
		Forbid: rules{
			rule("own-claim", owner.Is(me)),
			rule("approved-by-me-before", firstApprover.Is(me)),
		},
		Permit: rules{
			rule("adjuster-within-limit", adjuster, staffSees, regionOf.In(myRegions), assignee.Is(me),
				currency.Is(limitCurrency), amount.AtMost(myLimit)),
			rule("supervisor-within-limit", supervisor, mfa, staffSees, currency.Is(limitCurrency), amount.AtMost(myLimit)),
		},
	}

	claims = authz.New(hasScope, walls, read, approve)
)

func hasScope(s *subject, scope string) bool { return slices.Contains(s.Scopes, scope) }

var both = []string{"claims:read", "claims:decide"}

// Bob's claim, in review, and what each of five people may do with it.
func Example() {
	for _, who := range []subject{bob, alice, dora, ada, sam} {
		read, approve := claims.Decide("claims:read", &who, &bobsClaim), claims.Decide("claims:approve", &who, &bobsClaim)
		fmt.Printf("%s: read %s %q, approve %s %q\n", who.ID, read.Outcome(), read.Rule(), approve.Outcome(), approve.Rule())
	}
	for _, way := range claims.Ways("claims:read", &dora, authz.SQLite) {
		fmt.Println(way.Text, way.Args)
	}
	fmt.Println(claims.Near("claims:approve", &sam, &bobsClaim))
	// Output:
	// home:bob: read allowed "owner", approve forbidden "own-claim"
	// home:alice: read hidden "", approve hidden ""
	// home:dora: read allowed "delegate", approve forbidden ""
	// home:ada: read allowed "assignee", approve allowed "adjuster-within-limit"
	// home:sam: read allowed "supervisor", approve step_up "supervisor-within-limit"
	// (tenant = ?) AND (owner = ?) [acme home:dora]
	// (tenant = ?) AND (id = ?) [acme c-a]
	// (tenant = ?) AND (id = ?) [acme c-b]
	// (tenant = ?) AND (id = ?) [acme c-bob]
	// supervisor-within-limit second factor (step-up)
}
