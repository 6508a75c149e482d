package policy

import (
	"innerdoor.example/services/orders/internal/order"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
)

// Subject is who asks: what the token proves, and what this service knows about the person. The zero Subject may do
// nothing.
type Subject struct {
	principal.Principal
	Role          order.Role // empty: a customer
	Limit         order.Cents
	LimitCurrency order.Currency
	Carrier       order.Carrier // whom the person carries for; empty: nobody
}

func (s *Subject) hasScope(scope string) bool { return s.HasScope(scope) }

// The words of the rules, each once: a column and where the noun keeps it, or a name and what the subject says to it.
var (
	tenant   = authz.Column[Subject]("tenant", func(o *order.Order) principal.Tenant { return o.Tenant })
	owner    = authz.Column[Subject]("owner", func(o *order.Order) principal.ID { return o.Owner })
	amount   = authz.Column[Subject]("amount", func(o *order.Order) order.Cents { return o.Amount })
	currency = authz.Column[Subject]("currency", func(o *order.Order) order.Currency { return o.Currency })
	carrier  = authz.Optional[Subject]("carrier", func(o *order.Order) order.Carrier { return o.Carrier })

	myTenant      = authz.The("my tenant", func(s *Subject) principal.Tenant { return s.Tenant() })
	me            = authz.The("me", func(s *Subject) principal.ID { return s.ID() })
	myLimit       = authz.The("my limit", func(s *Subject) order.Cents { return s.Limit })
	limitCurrency = authz.The("the currency of my limit", func(s *Subject) order.Currency { return s.LimitCurrency })
	myCarrier     = authz.The("my carrier", func(s *Subject) order.Carrier { return s.Carrier })

	manager       = role("a manager", order.Manager)
	auditor       = fact(auditing, isAuditor)
	support       = role("support", order.Support)
	mfa           = fact(factor, (*Subject).SecondFactor).StepUp()
	throughClaims = fact("asked through claims", func(s *Subject) bool { return s.Peer() == "claims" })
)

// The words that several policies have, each of its own type.
const (
	auditing = "an auditor"
	factor   = "second factor"
)

func isAuditor(s *Subject) bool { return s.Role == order.Auditor }
func isAdmin(s *Subject) bool   { return s.Role == order.Admin }

func role(name string, r order.Role) authz.Cond[Subject, order.Order] {
	return fact(name, func(s *Subject) bool { return s.Role == r })
}
