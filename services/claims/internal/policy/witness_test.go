package policy_test

import (
	"slices"
	"testing"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/services/claims/internal/policy"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/authz/cedartest"
	"innerdoor.example/shared/principal"
)

// The page, written in Cedar by somebody who had not read the policy, is asked the same as the policy: about every person
// that there could be, and every row.

const witnessFile = "testdata/claims"

func TestTheWitnessSaysTheSameAboutClaims(t *testing.T) {
	page, people := cedartest.Read(t, witnessFile), cedartest.NewPeople(t)
	tally := cedartest.Tally{Noun: "claims"}
	actions := []authz.Name{claim.Read, claim.Filing, claim.Editing, claim.Submit, claim.Withdrawal, claim.Taking,
		claim.Assigning, claim.Approval, claim.Rejection}
	for _, population := range []population{
		{ordinary, roles, owners, assignees, shares, regions, factors, statuses},
		{ordinary, deciders, owners, assignees, approvers, regions, factors, statuses},
		{ordinary, deciders, owners, assignees, factors, seen, amounts, currencies, limits},
		{ordinary, roles, owners, assignees, shares, seen, tenants, persons},
		{ordinary, roles, owners, shares, factors, scopes, persons},
		{ordinary, owners, tenants, scopes, deliveries, moments, persons},
	} {
		population.Each(func(w *world, name func() string) {
			tally.Combination()
			question := page.Ask(w.person(), w.claim(), w.context())
			readable := func() bool { return question.Permits(claim.Read) }
			for _, action := range actions {
				said := policy.Claims.Decide(action, w.subject(people), &w.row)
				tally.Compare(action, cedartest.Of(said), question.Answer(action, readable), name)
			}
		})
	}
	tally.Report(t, 10_000)
}

func TestTheWitnessSaysTheSameAboutNotes(t *testing.T) {
	page, people := cedartest.Read(t, witnessFile), cedartest.NewPeople(t)
	tally := cedartest.Tally{Noun: "notes"}
	for _, population := range []population{
		{ordinary, kinds, roles, owners, assignees, shares, regions, statuses},
		{ordinary, kinds, roles, owners, shares, seen, factors, tenants, childTenants, persons},
		{ordinary, kinds, roles, owners, shares, scopes, persons},
	} {
		population.Each(func(w *world, name func() string) {
			tally.Combination()
			who, note := w.subject(people), w.row.Noted(w.kind)
			note.Tenant = w.childTenant
			claims := page.Ask(w.person(), w.claim(), w.context())
			notes := page.Ask(w.person(), w.child("Note", "visibility", string(w.kind)), w.context())
			for _, c := range []struct {
				action authz.Name
				refuse authz.Outcome // to whom may read the claim
			}{{claim.ReadNotes, authz.Hidden}, {claim.AddNote, authz.Forbidden}} {
				product := under(policy.Claims.Decide(claim.Read, who, &w.row), policy.Notes.Decide(c.action, who, &note), c.refuse)
				said := notes.Answer(c.action, func() bool { return c.refuse == authz.Forbidden && claims.Permits(claim.Read) })
				if parent := claims.Answer(claim.Read, never); said.MissingScope == "" && parent.Outcome != authz.Allowed {
					said = parent
				}
				tally.Compare(c.action, product, said, name)
			}
		})
	}
	tally.Report(t, 10_000)
}

func TestTheWitnessSaysTheSameAboutDelegations(t *testing.T) {
	page, people := cedartest.Read(t, witnessFile), cedartest.NewPeople(t)
	tally := cedartest.Tally{Noun: "delegations"}
	for _, population := range []population{
		{ordinary, roles, owners, assignees, shares, regions, factors, statuses},
		{ordinary, roles, owners, shares, seen, tenants, childTenants, persons},
		{ordinary, roles, owners, shares, scopes, persons},
	} {
		population.Each(func(w *world, name func() string) {
			tally.Combination()
			who, share := w.subject(people), w.row.SharedWith("home:dora")
			share.Tenant = w.childTenant
			claims := page.Ask(w.person(), w.claim(), w.context())
			shares := page.Ask(w.person(), w.child("Delegation", "subject", "home:dora"), w.context())
			for _, action := range []authz.Name{claim.ReadShares, claim.Sharing} {
				product := under(policy.Claims.Decide(claim.Read, who, &w.row), policy.Delegations.Decide(action, who, &share), authz.Forbidden)
				said := shares.Answer(action, func() bool { return claims.Permits(claim.Read) })
				if parent := claims.Answer(claim.Read, never); said.MissingScope == "" && parent.Outcome != authz.Allowed {
					said = parent
				}
				tally.Compare(action, product, said, name)
			}
		})
	}
	tally.Report(t, 10_000)
}

// under is the answer about a child: its scope comes before any row, then its claim, and whoever may read the claim is
// refused as said.
func under(parent, child authz.Decision, refuse authz.Outcome) cedartest.Answer {
	switch {
	case child.MissingScope() != "":
		return cedartest.Of(child)
	case !parent.Allowed():
		return cedartest.Of(parent)
	case child.Outcome() <= authz.Forbidden:
		return cedartest.Answer{Outcome: refuse}
	default:
		return cedartest.Of(child)
	}
}

func never() bool { return false }

// What concerns a tenant as a whole is refused with 403, never hidden.
func TestTheWitnessSaysTheSameAboutStaffExportAndDecisions(t *testing.T) {
	page, people := cedartest.Read(t, witnessFile), cedartest.NewPeople(t)
	type record struct{ tenant principal.Tenant }
	decisions := policy.Decisions(func(r *record) principal.Tenant { return r.tenant })
	staff, export, audit := cedartest.Tally{Noun: "staff"}, cedartest.Tally{Noun: "export"}, cedartest.Tally{Noun: "decisions"}
	population{ordinary, roles, limits, owners, factors, networks, tenants, scopes, persons}.Each(func(w *world, name func() string) {
		who, of := w.subject(people), cedartest.Attributes{"tenant": w.row.Tenant}
		// A staff row is about somebody as a claim is about its owner.
		row := claim.Staff{Tenant: w.row.Tenant, Subject: w.row.Owner}
		question := page.Ask(w.person(), cedartest.Entity{Type: "Staff", Attributes: cedartest.Attributes{
			"tenant": row.Tenant, "subject": row.Subject,
		}}, w.context())
		staff.Combination()
		for _, action := range []authz.Name{claim.ReadStaff, claim.ChangeStaff} {
			staff.Compare(action, cedartest.Openly(policy.Staff.Decide(action, who, &row)), question.Answer(action, cedartest.Always), name)
		}
		question = page.Ask(w.person(), cedartest.Entity{Type: "Decision", Attributes: of}, w.context())
		audit.Combination()
		audit.Compare(claim.Audit, cedartest.Openly(decisions.Decide(claim.Audit, who, &record{w.row.Tenant})), question.Answer(claim.Audit, cedartest.Always), name)
		if w.row.Tenant != "acme" { // nobody names the tenant that they export
			return
		}
		question = page.Ask(w.person(), cedartest.Entity{Type: "Tenant", Attributes: of}, w.context())
		product := policy.Claims.Open(claim.Export, who)
		if read := policy.Claims.Open(claim.Read, who); product.MissingScope() == "" && read.MissingScope() != "" {
			product = read
		}
		export.Combination()
		export.Compare(claim.Export, cedartest.Openly(product), question.Answer(claim.Export, cedartest.Always), name)
	})
	staff.Report(t, 10_000)
	export.Report(t, 10_000)
	audit.Report(t, 10_000)
}

func TestThePageAndThePolicyAreAboutTheSameActions(t *testing.T) {
	type record struct{}
	decisions := policy.Decisions(func(*record) principal.Tenant { return "" })
	known := slices.Concat(policy.Claims.Actions(), policy.Notes.Actions(), policy.Delegations.Actions(), policy.Staff.Actions(), decisions.Actions())
	slices.Sort(known)
	if page := cedartest.Read(t, witnessFile).Actions(); !slices.Equal(page, known) {
		t.Errorf("the page is about %q, the policy about %q", page, known)
	}
}
