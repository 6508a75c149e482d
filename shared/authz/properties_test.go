package authz_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"innerdoor.example/shared/authz"
	"pgregory.net/rapid"
)

func TestTheWallHoldsForAnyRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		policy, who, x := drawPolicy(t), drawPerson(t), drawRow(t)
		if rapid.Bool().Draw(t, "other tenant") {
			x.tenant = "b"
		}
		d := policy.Decide(act, &who, &x)
		if (d.Allowed() || d.Outcome() == authz.Forbidden) && (x.tenant != who.tenant || x.tenant == "") {
			t.Fatalf("%v across tenants: %+v %+v by %q", d.Outcome(), who, x, d.Rule())
		}
	})
}

func TestAnotherForbidNeverAllows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		read, action := drawAction(t, look), drawAction(t, act)
		more := action
		more.Forbid = slices.Insert(slices.Clone(action.Forbid), rapid.IntRange(0, len(action.Forbid)).Draw(t, "at"), drawRules(t, "another", 1, 1)...)
		who, x := drawPerson(t), drawRow(t)
		before := authz.New(everyScope, fences, read, action).Decide(act, &who, &x)
		after := authz.New(everyScope, fences, read, more).Decide(act, &who, &x)
		if after.Allowed() && !before.Allowed() {
			t.Fatalf("a forbid allows: %+v %+v by %q", who, x, after.Rule())
		}
	})
}

func TestNobodyGetsAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		policy, x := drawPolicy(t), drawRow(t)
		somebody := drawPerson(t)
		somebody.tenant = "" // every fact is there, but not whose
		for _, who := range []*caller{nil, {}, &somebody} {
			if d := policy.Decide(act, who, &x); d.Outcome() != authz.Hidden {
				t.Fatalf("%+v: %v by %q", who, d.Outcome(), d.Rule())
			}
			if policy.Open(act, who).Allowed() || len(policy.Ways(act, who, authz.SQLite)) > 0 {
				t.Fatalf("%+v may list", who)
			}
		}
	})
}

func TestTheAbsentRowIsAlwaysHidden(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		policy, who := drawPolicy(t), drawPerson(t)
		for _, x := range []*row{nil, {}} {
			if d := policy.Decide(act, &who, x); d.Outcome() != authz.Hidden {
				t.Fatalf("%v by %q", d.Outcome(), d.Rule())
			}
		}
	})
}

// Taking a value away makes it unknown, which never allows. (An optional column is not taken away by emptying it.)
func TestTakingAnyOneValueAwayNeverAllows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		policy, who, x := drawPolicy(t), drawPerson(t), drawRow(t)
		before := policy.Decide(act, &who, &x)
		less, lessOf := who, x
		takes := []func(){
			func() { less.me = "" }, func() { less.tenant = "" }, func() { less.limit = 0 },
			func() { less.friends = nil }, func() { less.big = nil }, func() { less.limits = nil },
			func() { lessOf.tenant = "" }, func() { lessOf.owner = "" }, func() { lessOf.amount = 0 },
		}
		for i, take := range takes {
			less, lessOf = who, x
			take()
			if after := policy.Decide(act, &less, &lessOf); after.Allowed() && !before.Allowed() {
				t.Fatalf("allowed without value %d: %+v %+v by %q", i, who, x, after.Rule())
			}
		}
	})
}

func TestStepUpIsSaidExactlyWhenTheSecondFactorIsAllThatIsMissing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		policy, who, x := drawPolicy(t), drawPerson(t), drawRow(t)
		stronger := who
		stronger.mfa = true
		now, then := policy.Decide(act, &who, &x), policy.Decide(act, &stronger, &x)
		if (now.Outcome() == authz.StepUp) != (then.Allowed() && !now.Allowed()) {
			t.Fatalf("now %v, with a second factor %v", now.Outcome(), then.Outcome())
		}
		if open := policy.Open(act, &who).Outcome(); now.Outcome() > open {
			t.Fatalf("Open says %v, but there is a row with %v", open, now.Outcome())
		}
	})
}

func TestARefusalIsForbiddenExactlyToWhoMayRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		policy, who, x := drawPolicy(t), drawPerson(t), drawRow(t)
		d, read := policy.Decide(act, &who, &x), policy.Decide(look, &who, &x)
		if refused := d.Outcome() < authz.StepUp; refused && (d.Outcome() == authz.Forbidden) != read.Allowed() {
			t.Fatalf("%v, while reading is %v", d.Outcome(), read.Outcome())
		}
		rule, lacks := policy.Near(act, &who, &x)
		if d.Allowed() != (rule == "" && lacks == "") {
			t.Fatalf("%v, near %q, lacks %q", d.Outcome(), rule, lacks)
		}
		if same := policy.After(d, &who, &x); same != d {
			t.Fatalf("%v becomes %v, although nothing changed", d, same)
		}
	})
}

func TestPostgresNumbersEveryPlaceholder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		policy, who := drawPolicy(t), drawPerson(t)
		ways, numbered := policy.Ways(look, &who, authz.SQLite), policy.Ways(look, &who, authz.PostgreSQL)
		for i, way := range numbered {
			for n := range way.Args {
				way.Text = strings.Replace(way.Text, "$"+strconv.Itoa(n+1), "?", 1)
			}
			if way.Text != ways[i].Text || !slices.Equal(way.Args, ways[i].Args) {
				t.Fatalf("%q is not %q", numbered[i].Text, ways[i].Text)
			}
		}
	})
}
