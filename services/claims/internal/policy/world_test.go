package policy_test

import (
	"strings"
	"time"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/services/claims/internal/policy"
	"innerdoor.example/shared/authz/cedartest"
	"innerdoor.example/shared/principal"
)

// A world is one person who asks, ada if it is somebody, and one claim with what belongs to it.
type world struct {
	who         cedartest.Who
	facts       policy.Subject
	sharedUntil claim.Time // this claim, with the person; 0: not
	sharedElse  bool       // another claim is shared with them
	row         claim.Claim
	kind        claim.Kind // of a note
	childTenant principal.Tenant
}

type (
	population = cedartest.Population[world]
	dimension  = []cedartest.Value[world]
)

const (
	ada = principal.ID("home:ada")
	bob = principal.ID("home:bob")
	day = 24 * time.Hour
)

var (
	noon      = claim.At(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	allScopes = []string{"claims:read", "claims:write", "claims:decide", "claims:export", "claims:staff", "claims:audit"}
)

// is names a value of a dimension.
func is(name string, set func(*world)) cedartest.Value[world] { return cedartest.Is(name, set) }

// ordinary is how everything is that no other dimension of a population says. A tenant of a child that none says is the
// claim's.
var ordinary = dimension{is("", func(w *world) {
	w.who = cedartest.Who{ID: ada, Tenant: "acme", Scope: strings.Join(allScopes, " "), Peer: "gateway"}
	w.facts = policy.Subject{At: noon, Regions: []claim.Region{"eu"}, Limit: 500_00, LimitCurrency: "EUR"}
	w.row = claim.Claim{
		Tenant: "acme", ID: "c-1", Owner: bob, Region: "eu", Amount: 400_00, Currency: "EUR", OrderAmount: 400_00,
		Status: claim.InReview, DeliveredAt: noon.Add(-day), Version: 1,
	}
	w.kind, w.childTenant = claim.Public, "acme"
})}

// persons come last: who is not somebody has no scopes either.
var persons = dimension{
	is("ada", func(*world) {}),
	is("somebody anonymous", func(w *world) { w.who = cedartest.Who{ID: principal.AnonymousID, Peer: "gateway"} }),
	is("nobody", func(w *world) { w.who = cedartest.Who{} }),
}

var roles = each("role", func(w *world, r claim.Role) { w.facts.Role = r },
	"", claim.Adjuster, claim.Supervisor, claim.Support, claim.Auditor, claim.Admin)

var deciders = each("role", func(w *world, r claim.Role) { w.facts.Role = r }, claim.Adjuster, claim.Supervisor, claim.Auditor)

var owners = each("owner", func(w *world, id principal.ID) { w.row.Owner = id }, bob, ada, "")

var assignees = each("assignee", func(w *world, id principal.ID) { w.row.Assignee = id }, "", ada, "home:ursula")

var approvers = dimension{
	is("approved by nobody", func(*world) {}),
	is("approved by ada", func(w *world) { w.row.FirstApprover = ada }),
	is("approved by sam", func(w *world) { w.row.FirstApprover = "home:sam" }),
	is("approved by sam, then ada", func(w *world) { w.row.FirstApprover, w.row.SecondApprover = "home:sam", ada }),
}

var shares = dimension{
	is("not shared", func(*world) {}),
	is("shared until later", func(w *world) { w.sharedUntil = noon + 1 }),
	is("shared until now", func(w *world) { w.sharedUntil = noon }),
	is("another is shared", func(w *world) { w.sharedElse = true }),
}

var tenants = each("claim of", func(w *world, of principal.Tenant) { w.row.Tenant = of }, "acme", "globex", "")

var childTenants = each("child of", func(w *world, of principal.Tenant) { w.childTenant = of }, "acme", "globex", "")

var regions = append(each("claim in", func(w *world, r claim.Region) { w.row.Region = r }, "eu", "us", ""),
	is("adjusting eu and us", func(w *world) { w.facts.Regions, w.row.Region = []claim.Region{"eu", "us"}, "us" }),
	is("adjusting nowhere", func(w *world) { w.facts.Regions = []claim.Region{} }),
	is("with unknown regions", func(w *world) { w.facts.Regions, w.row.Region = nil, "" }))

var factors = each("second factor", func(w *world, yes bool) { w.who.SecondFactor = yes }, false, true)

var statuses = each("status", func(w *world, s claim.Status) { w.row.Status = s }, append(claim.Statuses(), "", "lost")...)

// seen has one status that staff see and one that they do not.
var seen = each("status", func(w *world, s claim.Status) { w.row.Status = s }, claim.InReview, claim.Draft)

var amounts = each("cents", func(w *world, c claim.Cents) { w.row.Amount = c }, 499_99, 500_00, 500_01, 5_000_01, 0)

var currencies = each("in", func(w *world, c claim.Currency) { w.row.Currency = c }, "EUR", "USD", "")

var limits = dimension{
	is("limit 500.00 EUR", func(*world) {}),
	is("limit 5000.01 USD", func(w *world) { w.facts.Limit, w.facts.LimitCurrency = 5_000_01, "USD" }),
	is("limit 0 EUR", func(w *world) { w.facts.Limit = 0 }),
	is("limit 500.00 of nothing", func(w *world) { w.facts.LimitCurrency = "" }),
}

var deliveries = dimension{
	is("not delivered", func(w *world) { w.row.DeliveredAt = 0 }),
	is("delivered now", func(w *world) { w.row.DeliveredAt = noon }),
	is("delivered later", func(w *world) { w.row.DeliveredAt = noon + 1 }),
	is("delivered almost 30 days ago", func(w *world) { w.row.DeliveredAt = noon.Add(-30*day) + 1 }),
	is("delivered 30 days ago", func(w *world) { w.row.DeliveredAt = noon.Add(-30 * day) }),
	is("delivered long ago", func(w *world) { w.row.DeliveredAt = 1 }),
}

var moments = dimension{
	is("at noon", func(*world) {}),
	is("at an unknown moment", func(w *world) { w.facts.At = 0 }),
}

var kinds = each("note", func(w *world, k claim.Kind) { w.kind = k }, claim.Public, claim.Internal, "", "secret")

var networks = each("in the shop", func(w *world, yes bool) { w.facts.OnPremises = yes }, false, true)

var scopes = cedartest.Scopes(func(w *world, s string) { w.who.Scope = s }, allScopes...)

func each[V any](name string, set func(*world, V), values ...V) dimension {
	return cedartest.Each(name, set, values...)
}

// subject is how the policy sees the person. As the store would have it, what is over is not shared.
func (w *world) subject(people *cedartest.People) *policy.Subject {
	s := w.facts
	s.Principal = people.Principal(w.who)
	if w.who.ID == "" {
		return &policy.Subject{}
	}
	s.SharedWithMe = []claim.ID{}
	if s.At != 0 && w.sharedUntil > s.At {
		s.SharedWithMe = append(s.SharedWithMe, w.row.ID)
	}
	if w.sharedElse {
		s.SharedWithMe = append(s.SharedWithMe, "c-2")
	}
	return &s
}

// person is how the page sees them.
func (w *world) person() cedartest.Entity {
	return cedartest.Entity{Type: "Person", Attributes: w.who.Attributes(cedartest.Attributes{
		"role": w.facts.Role, "regions": w.facts.Regions,
		"limit": cedartest.Attributes{"amount": w.facts.Limit, "currency": w.facts.LimitCurrency},
	})}
}

// claim is how the page sees the claim.
func (w *world) claim() cedartest.Entity {
	shares := cedartest.Attributes{}
	if w.who.ID != "" {
		shares[string(w.who.ID)] = w.sharedUntil
	}
	return cedartest.Entity{Type: "Claim", Tags: shares, Attributes: cedartest.Attributes{
		"tenant": w.row.Tenant, "owner": w.row.Owner, "region": w.row.Region, "status": w.row.Status,
		"money":    cedartest.Attributes{"amount": w.row.Amount, "currency": w.row.Currency},
		"assignee": w.row.Assignee, "firstApprover": w.row.FirstApprover,
		"deliveredAt": w.row.DeliveredAt,
	}}
}

// child is how the page sees what belongs to the claim.
func (w *world) child(of, name, value string) cedartest.Entity {
	return cedartest.Entity{Type: of, Attributes: cedartest.Attributes{"tenant": w.childTenant, "claim": w.claim(), name: value}}
}

// context is how the page sees the request.
func (w *world) context() cedartest.Attributes {
	networks := []principal.Tenant{"globex"}
	if w.facts.OnPremises {
		networks = append(networks, w.who.Tenant)
	}
	return cedartest.Attributes{"now": w.facts.At, "secondFactor": w.who.SecondFactor, "networksOf": networks}
}
