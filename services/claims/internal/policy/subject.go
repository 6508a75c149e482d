package policy

import (
	"slices"
	"time"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
)

// Subject is who asks, and what this service knows about them in the tenant of
// their token. The zero Subject is permitted nothing.
type Subject struct {
	principal.Principal
	At            claim.Time // the moment of the decision
	Role          claim.Role
	Regions       []claim.Region // nil: not loaded
	Limit         claim.Cents    // 0: none
	LimitCurrency claim.Currency
	SharedWithMe  []claim.ID // the claims of live delegations; nil: not loaded
}

// filingWindow is how long after its delivery an order can still be claimed for.
const filingWindow = 30 * 24 * time.Hour

// The words about the subject.
var (
	me            = authz.The("me", func(s *Subject) principal.ID { return s.ID() })
	myTenant      = authz.The("my tenant", func(s *Subject) principal.Tenant { return s.Tenant() })
	myRegions     = authz.Any("my regions", func(s *Subject) []claim.Region { return s.Regions })
	myLimit       = authz.The("my limit", func(s *Subject) claim.Cents { return s.Limit })
	limitCurrency = authz.The("the currency of my limit", func(s *Subject) claim.Currency { return s.LimitCurrency })
	sharedWithMe  = authz.Any("shared with me", func(s *Subject) []claim.ID { return s.SharedWithMe })

	// What was delivered exactly a window ago is too old.
	windowOpens = authz.The("the window's first moment", func(s *Subject) claim.Time {
		if s.At == 0 {
			return 0
		}
		return s.At.Add(-filingWindow) + 1
	})
	// What is yet to be delivered has not been.
	windowCloses = authz.The("the window's last moment", func(s *Subject) claim.Time { return s.At })
)

func (s *Subject) hasScope(scope string) bool { return s.HasScope(scope) }

// The words about a claim. A draft is the owner's alone: staff see the others.
var (
	tenant        = authz.Column[Subject]("tenant", func(c *claim.Claim) principal.Tenant { return c.Tenant })
	id            = authz.Column[Subject]("id", func(c *claim.Claim) claim.ID { return c.ID })
	owner         = authz.Column[Subject]("owner", func(c *claim.Claim) principal.ID { return c.Owner })
	region        = authz.Column[Subject]("region", func(c *claim.Claim) claim.Region { return c.Region })
	amount        = authz.Column[Subject]("amount", func(c *claim.Claim) claim.Cents { return c.Amount })
	currency      = authz.Column[Subject]("currency", func(c *claim.Claim) claim.Currency { return c.Currency })
	status        = authz.Column[Subject]("status", func(c *claim.Claim) claim.Status { return c.Status })
	deliveredAt   = authz.Column[Subject]("delivered_at", func(c *claim.Claim) claim.Time { return c.DeliveredAt })
	assignee      = authz.Optional[Subject]("assignee", func(c *claim.Claim) principal.ID { return c.Assignee })
	firstApprover = authz.Optional[Subject]("first_approver", func(c *claim.Claim) principal.ID { return c.FirstApprover })

	adjuster   = role("an adjuster", claim.Adjuster)
	supervisor = role("a supervisor", claim.Supervisor)
	assessor   = role("an adjuster or supervisor", claim.Adjuster, claim.Supervisor)
	auditor    = fact(auditing, isAuditor)
	support    = role("in support", claim.Support)
	mfa        = fact("second factor", func(s *Subject) bool { return s.SecondFactor() }).StepUp()

	staffSees = status.OneOf(claim.Submitted, claim.InReview, claim.Approved, claim.Rejected, claim.Withdrawn)
)

const auditing = "an auditor"

func isAuditor(s *Subject) bool { return s.Role == claim.Auditor }

func role(name string, roles ...claim.Role) authz.Cond[Subject, claim.Claim] {
	return fact(name, func(s *Subject) bool { return slices.Contains(roles, s.Role) })
}

// The words about a delegation; owner is its claim's.
var (
	shareTenant = authz.Column[Subject]("tenant", func(d *claim.Delegation) principal.Tenant { return d.Tenant })
	shareOwner  = authz.Column[Subject]("owner", func(d *claim.Delegation) principal.ID { return d.Owner })
)
