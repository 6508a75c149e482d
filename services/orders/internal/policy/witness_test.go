package policy_test

import (
	"slices"
	"testing"

	"innerdoor.example/services/orders/internal/order"
	"innerdoor.example/services/orders/internal/policy"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/authz/cedartest"
	"innerdoor.example/shared/principal"
)

// The page, written in Cedar by somebody who had not read the policy, is asked the same as the policy: about every person
// that there could be, and every row.

const witnessFile = "testdata/orders"

func TestTheWitnessSaysTheSameAboutOrders(t *testing.T) {
	page, people := cedartest.Read(t, witnessFile), cedartest.NewPeople(t)
	tally := cedartest.Tally{Noun: "orders"}
	for _, population := range []population{
		{ordinary, roles, owners, factors, peers, assigned, carriers, statuses},
		{ordinary, roles, owners, factors, amounts, currencies, limits},
		{ordinary, roles, owners, factors, peers, assigned, carriers, tenants, persons},
		{ordinary, roles, owners, peers, assigned, carriers, scopes, persons},
	} {
		population.Each(func(w *world, name func() string) {
			tally.Combination()
			question := page.Ask(w.person(), w.order(), w.context())
			readable := func() bool { return question.Permits(order.Read) }
			for _, action := range []authz.Name{order.Read, order.Cancellation, order.Assigning, order.Shipping, order.Delivery,
				order.Refunding, order.Coverage} {
				said := policy.Orders.Decide(action, w.subject(people), &w.row)
				tally.Compare(action, cedartest.Of(said), question.Answer(action, readable), name)
			}
			said := policy.Orders.Decide(order.Placing, w.subject(people), &w.row)
			tally.Compare(order.Placing, openly(said), question.Answer(order.Placing, always), name)
		})
	}
	tally.Report(t, 10_000)
}

// What concerns a tenant as a whole is refused with 403, never hidden.
func TestTheWitnessSaysTheSameAboutStaffCarriersAndDecisions(t *testing.T) {
	page, people := cedartest.Read(t, witnessFile), cedartest.NewPeople(t)
	type record struct{ tenant principal.Tenant }
	decisions := policy.Decisions(func(r *record) principal.Tenant { return r.tenant })
	staff, carry, audit := cedartest.Tally{Noun: "staff"}, cedartest.Tally{Noun: "carriers"}, cedartest.Tally{Noun: "decisions"}
	population{ordinary, roles, owners, factors, peers, carriers, tenants, scopes, persons}.Each(func(w *world, name func() string) {
		who, context := w.subject(people), w.context()
		question := page.Ask(w.person(), w.about("Staff"), context)
		staff.Combination()
		for _, action := range []authz.Name{order.ReadStaff, order.ChangeStaff} {
			said := policy.Staff.Decide(action, who, &order.Staff{Tenant: w.row.Tenant, Subject: w.row.Owner})
			staff.Compare(action, openly(said), question.Answer(action, always), name)
		}
		question = page.Ask(w.person(), w.about("Carrier"), context)
		carry.Combination()
		for _, action := range []authz.Name{order.ReadCarriers, order.ChangeCarriers} {
			said := policy.Couriers.Decide(action, who, &order.Courier{Tenant: w.row.Tenant, Subject: w.row.Owner})
			carry.Compare(action, openly(said), question.Answer(action, always), name)
		}
		question = page.Ask(w.person(), cedartest.Entity{Type: "Decision", Attributes: cedartest.Attributes{"tenant": w.row.Tenant}}, context)
		audit.Combination()
		audit.Compare(order.Audit, openly(decisions.Decide(order.Audit, who, &record{w.row.Tenant})), question.Answer(order.Audit, always), name)
	})
	staff.Report(t, 10_000)
	carry.Report(t, 10_000)
	audit.Report(t, 10_000)
}

func always() bool { return true }

// openly is the decision on what is no secret.
func openly(d authz.Decision) cedartest.Answer {
	a := cedartest.Of(d)
	a.Outcome = max(a.Outcome, authz.Forbidden)
	return a
}

func TestThePolicyKnowsEveryActionOfThePage(t *testing.T) {
	type record struct{}
	knows := []func(authz.Name) bool{policy.Orders.Knows, policy.Staff.Knows, policy.Couriers.Knows,
		policy.Decisions(func(*record) principal.Tenant { return "" }).Knows}
	for _, action := range cedartest.Read(t, witnessFile).Actions() {
		if !slices.ContainsFunc(knows, func(k func(authz.Name) bool) bool { return k(action) }) {
			t.Errorf("the page has %s, and no policy knows it", action)
		}
	}
}
