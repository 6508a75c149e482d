package authz_test

import (
	"fmt"
	"slices"

	"innerdoor.example/shared/authz"
	"pgregory.net/rapid"
)

// A small world for random rule sets: few values, so that they meet, and each of them hostile to somebody.
type row struct {
	id, tenant, owner, assignee string
	amount, closed              int64
}

type caller struct {
	me, tenant          string
	friends, big        []string
	limit               int64
	limits              []int64
	staff, blocked, mfa bool
}

var (
	hostile = []string{"", "a", "A", "b", "a' OR ''='", "?", "$1", "\x00", "a\x00", "ä", "ſ", "%", "\u202e", "a ", "\"", "\\", "😀", "NULL"}
	numbers = []int64{0, 1, 2, -1, 1 << 53, -1 << 63, 1<<63 - 1}

	rTenant   = authz.Column[caller]("tenant", func(r *row) string { return r.tenant })
	rOwner    = authz.Column[caller]("owner", func(r *row) string { return r.owner })
	rAssignee = authz.Optional[caller]("assignee", func(r *row) string { return r.assignee })
	rAmount   = authz.Column[caller]("amount", func(r *row) int64 { return r.amount })
	rClosed   = authz.Optional[caller]("closed", func(r *row) int64 { return r.closed })
	sMe       = authz.The("me", func(s *caller) string { return s.me })
	sTenant   = authz.The("my tenant", func(s *caller) string { return s.tenant })
	sFriends  = authz.Any("my friends", func(s *caller) []string { return s.friends })
	sBig      = authz.Any("my many friends", func(s *caller) []string { return s.big })
	sLimit    = authz.The("my limit", func(s *caller) int64 { return s.limit })
	sLimits   = authz.Any("my limits", func(s *caller) []int64 { return s.limits })
	sStaff    = authz.Fact[caller, row]("staff", func(s *caller) bool { return s.staff })
	sBlocked  = authz.Fact[caller, row]("blocked", func(s *caller) bool { return s.blocked })
	sMFA      = authz.Fact[caller, row]("second factor", func(s *caller) bool { return s.mfa }).StepUp()

	conditions = []authz.Cond[caller, row]{
		sStaff, sBlocked, sMFA,
		rOwner.Is(sMe), rOwner.In(sFriends), rOwner.In(sBig), rOwner.OneOf("a", "b", "?"), rOwner.OneOf("ä"),
		rAssignee.Is(sMe), rAssignee.In(sFriends), rAssignee.In(sBig), rAssignee.OneOf("a", "A", "a "),
		rAmount.AtMost(sLimit), rAmount.AtLeast(sLimit), rAmount.Is(sLimit), rAmount.In(sLimits), rAmount.OneOf(1, 2),
		rClosed.AtMost(sLimit), rClosed.AtLeast(sLimit), rClosed.Is(sLimit), rClosed.In(sLimits),
	}
	fences = []authz.Rule[caller, row]{authz.When("same-tenant", rTenant.Is(sTenant))}
)

const (
	look authz.Name = "rows:read"
	act  authz.Name = "rows:act"
)

func everyScope(*caller, string) bool { return true }

func drawRules(t *rapid.T, kind string, least, most int) []authz.Rule[caller, row] {
	var rules []authz.Rule[caller, row]
	for i := range rapid.IntRange(least, most).Draw(t, kind+"s") {
		conds := rapid.SliceOfNDistinct(rapid.IntRange(0, len(conditions)-1), 1, 2, rapid.ID).Draw(t, kind)
		all := make([]authz.Cond[caller, row], len(conds))
		for j, c := range conds {
			all[j] = conditions[c]
		}
		rules = append(rules, authz.When(fmt.Sprint(kind, i), all...))
	}
	return rules
}

func drawAction(t *rapid.T, name authz.Name) authz.Action[caller, row] {
	return authz.Action[caller, row]{Name: name, Scope: "rows",
		Require: drawRules(t, "require", 0, 1), Forbid: drawRules(t, "forbid", 0, 2), Permit: drawRules(t, "permit", 2, 6)}
}

func drawPolicy(t *rapid.T) *authz.Policy[caller, row] {
	return authz.New(everyScope, fences, drawAction(t, look), drawAction(t, act))
}

// text and number are common values half of the time, so that many rows are allowed.
func text(t *rapid.T) string {
	return rapid.OneOf(rapid.SampledFrom(hostile[1:3]), rapid.SampledFrom(hostile)).Draw(t, "text")
}

func number(t *rapid.T) int64 {
	return rapid.OneOf(rapid.SampledFrom(numbers[1:3]), rapid.SampledFrom(numbers)).Draw(t, "number")
}

// tenantOf is nearly always the same, so that the wall does not decide everything.
func tenantOf(t *rapid.T) string {
	return rapid.SampledFrom([]string{"a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "b", ""}).Draw(t, "tenant")
}

func drawRow(t *rapid.T) row {
	return row{id: text(t), tenant: tenantOf(t), owner: text(t), assignee: text(t), amount: number(t), closed: number(t)}
}

func drawPerson(t *rapid.T) caller {
	yes := rapid.SampledFrom([]bool{true, true, false})
	s := caller{me: text(t), tenant: tenantOf(t), limit: number(t),
		friends: drawSet(t, hostile, 4), big: drawSet(t, hostile, 12), limits: drawSet(t, numbers, 4),
		staff: yes.Draw(t, "staff"), blocked: !yes.Draw(t, "free"), mfa: yes.Draw(t, "mfa")}
	if len(s.big) > 0 && yes.Draw(t, "large") {
		s.big = slices.Concat(s.big, hostile[1:])
	}
	return s
}

// drawSet may be nil (not loaded), empty, with duplicates, and with an empty value in it.
func drawSet[V any](t *rapid.T, from []V, most int) []V {
	if rapid.IntRange(0, 9).Draw(t, "loaded") == 0 {
		return nil
	}
	return rapid.SliceOfN(rapid.SampledFrom(from), 0, most).Draw(t, "set")
}
