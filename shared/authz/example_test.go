package authz_test

import (
	"fmt"
	"strings"

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
	Scopes       string
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

func hasScope(s *subject, scope string) bool {
	for len(s.Scopes) >= len(scope) {
		first, rest, _ := strings.Cut(s.Scopes, " ")
		if first == scope {
			return true
		}
		return hasScope(&subject{Scopes: rest}, scope)
	}
	return false
}

const both = "claims:read claims:decide"

func Example() {
	c := claim{ID: "c-bob", Tenant: "acme", Owner: "home:bob", Region: "eu", Status: "in_review", Amount: 30000, Currency: "EUR", Assignee: "home:ada"}
	bob := subject{ID: "home:bob", Tenant: "acme", Scopes: both, Regions: []region{}, Shared: []string{}}
	alice := subject{ID: "home:alice", Tenant: "acme", Scopes: both, Regions: []region{}, Shared: []string{}}
	ada := subject{ID: "home:ada", Tenant: "acme", Scopes: both, Role: "adjuster", Regions: []region{"eu"}, Limit: 50000, Currency: "EUR"}
	sam := subject{ID: "home:sam", Tenant: "acme", Scopes: both, Role: "supervisor", Limit: 1000000, Currency: "EUR"}

	for _, s := range []subject{bob, alice, ada, sam} {
		r, a := claims.Decide("claims:read", &s, &c), claims.Decide("claims:approve", &s, &c)
		fmt.Println(s.ID, "read:", r.Outcome(), r.Rule(), "approve:", a.Outcome(), a.Rule())
	}
	for _, way := range claims.Ways("claims:read", &ada, authz.PostgreSQL) {
		fmt.Println(way.Text, way.Args)
	}
	fmt.Println(claims.Near("claims:approve", &bob, &c))
	fmt.Println(string(claims.Read(&ada, &c)))
	// Output:
}
