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
			tally.Compare(order.Placing, cedartest.Openly(said), question.Answer(order.Placing, cedartest.Always), name)
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
			staff.Compare(action, cedartest.Openly(said), question.Answer(action, cedartest.Always), name)
		}
		question = page.Ask(w.person(), w.about("Carrier"), context)
		carry.Combination()
		for _, action := range []authz.Name{order.ReadCarriers, order.ChangeCarriers} {
			said := policy.Couriers.Decide(action, who, &order.Courier{Tenant: w.row.Tenant, Subject: w.row.Owner})
			carry.Compare(action, cedartest.Openly(said), question.Answer(action, cedartest.Always), name)
		}
		question = page.Ask(w.person(), cedartest.Entity{Type: "Decision", Attributes: cedartest.Attributes{"tenant": w.row.Tenant}}, context)
		audit.Combination()
		audit.Compare(order.Audit, cedartest.Openly(decisions.Decide(order.Audit, who, &record{w.row.Tenant})), question.Answer(order.Audit, cedartest.Always), name)
	})
	staff.Report(t, 10_000)
	carry.Report(t, 10_000)
	audit.Report(t, 10_000)
}

func TestThePageAndThePolicyAreAboutTheSameActions(t *testing.T) {
	type record struct{}
	decisions := policy.Decisions(func(*record) principal.Tenant { return "" })
	known := slices.Concat(policy.Orders.Actions(), policy.Staff.Actions(), policy.Couriers.Actions(), decisions.Actions())
	slices.Sort(known)
	if page := cedartest.Read(t, witnessFile).Actions(); !slices.Equal(page, known) {
		t.Errorf("the page is about %q, the policy about %q", page, known)
	}
}
