package authz_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"innerdoor.example/shared/authz"
)

func TestWhoMayDoWhatToBobsClaim(t *testing.T) {
	narrow := bob
	narrow.Scopes = []string{"claims:read"}
	blind := dora
	blind.Scopes = []string{"claims:decide"}
	for _, c := range []struct {
		who     *subject
		action  authz.Name
		want    authz.Outcome
		rule    string
		missing string
	}{
		{&alice, "claims:read", authz.Hidden, "", ""},
		{&mallory, "claims:read", authz.Hidden, "same-tenant", ""},
		{&bob, "claims:read", authz.Allowed, "owner", ""},
		{&dora, "claims:read", authz.Allowed, "delegate", ""},
		{&mallory, "claims:approve", authz.Hidden, "same-tenant", ""},
		{&alice, "claims:approve", authz.Hidden, "", ""},
		{&bob, "claims:approve", authz.Forbidden, "own-claim", ""},
		{&blind, "claims:approve", authz.Hidden, "", ""},
		{&dora, "claims:approve", authz.Forbidden, "", ""},
		{&narrow, "claims:approve", authz.Forbidden, "", "claims:decide"},
		{&sam, "claims:approve", authz.StepUp, "supervisor-within-limit", ""},
		{&samMFA, "claims:approve", authz.Allowed, "supervisor-within-limit", ""},
		{&ada, "claims:approve", authz.Allowed, "adjuster-within-limit", ""},
		{&ada, "claims:burn", authz.Hidden, "", ""},
	} {
		d := claims.Decide(c.action, c.who, &bobsClaim)
		if d.Outcome() != c.want || d.Rule() != c.rule || d.MissingScope() != c.missing || d.Action() != c.action {
			t.Errorf("%s %s: %v by %q, scope %q; want %v by %q, scope %q",
				c.who.ID, c.action, d.Outcome(), d.Rule(), d.MissingScope(), c.want, c.rule, c.missing)
		}
	}
}

// Each way of a missing value, for each word and each side, against the value being there.
func TestTruthHasThreeValues(t *testing.T) {
	type world struct {
		x    row
		who  caller
		cond authz.Cond[caller, row]
	}
	full, who := row{tenant: "a", owner: "a", assignee: "a", amount: 2, closed: 2}, caller{me: "a", tenant: "a", friends: []string{"a"}, limit: 2}
	change := func(f func(*row, *caller), c authz.Cond[caller, row]) world {
		w := world{full, who, c}
		f(&w.x, &w.who)
		return w
	}
	for name, c := range map[string]struct {
		world
		truth string
	}{
		"equal":                           {change(func(*row, *caller) {}, rOwner.Is(sMe)), "yes"},
		"not equal":                       {change(func(x *row, _ *caller) { x.owner = "b" }, rOwner.Is(sMe)), "no"},
		"no owner":                        {change(func(x *row, _ *caller) { x.owner = "" }, rOwner.Is(sMe)), "unknown"},
		"no me":                           {change(func(_ *row, s *caller) { s.me = "" }, rOwner.Is(sMe)), "unknown"},
		"neither":                         {change(func(x *row, s *caller) { x.owner, s.me = "", "" }, rOwner.Is(sMe)), "unknown"},
		"nobody assigned":                 {change(func(x *row, _ *caller) { x.assignee = "" }, rAssignee.Is(sMe)), "no"},
		"nobody assigned, no me":          {change(func(x *row, s *caller) { x.assignee, s.me = "", "" }, rAssignee.Is(sMe)), "unknown"},
		"in the set":                      {change(func(*row, *caller) {}, rOwner.In(sFriends)), "yes"},
		"not in the set":                  {change(func(x *row, _ *caller) { x.owner = "b" }, rOwner.In(sFriends)), "no"},
		"in an empty set":                 {change(func(_ *row, s *caller) { s.friends = []string{} }, rOwner.In(sFriends)), "no"},
		"in a set not loaded":             {change(func(_ *row, s *caller) { s.friends = nil }, rOwner.In(sFriends)), "unknown"},
		"in a set, an unknown besides":    {change(func(_ *row, s *caller) { s.friends = []string{"", "a"} }, rOwner.In(sFriends)), "yes"},
		"not in a set, an unknown in it":  {change(func(_ *row, s *caller) { s.friends = []string{"b", ""} }, rOwner.In(sFriends)), "unknown"},
		"nobody assigned, in an empty":    {change(func(x *row, s *caller) { x.assignee, s.friends = "", []string{} }, rAssignee.In(sFriends)), "no"},
		"at the limit":                    {change(func(*row, *caller) {}, rAmount.AtMost(sLimit)), "yes"},
		"above the limit":                 {change(func(x *row, _ *caller) { x.amount = 3 }, rAmount.AtMost(sLimit)), "no"},
		"below zero":                      {change(func(x *row, _ *caller) { x.amount = -1 }, rAmount.AtMost(sLimit)), "yes"},
		"no amount":                       {change(func(x *row, _ *caller) { x.amount = 0 }, rAmount.AtMost(sLimit)), "unknown"},
		"no limit":                        {change(func(_ *row, s *caller) { s.limit = 0 }, rAmount.AtMost(sLimit)), "unknown"},
		"at least":                        {change(func(*row, *caller) {}, rAmount.AtLeast(sLimit)), "yes"},
		"less":                            {change(func(x *row, _ *caller) { x.amount = 1 }, rAmount.AtLeast(sLimit)), "no"},
		"never closed is not at most":     {change(func(x *row, _ *caller) { x.closed = 0 }, rClosed.AtMost(sLimit)), "no"},
		"never closed is not at least":    {change(func(x *row, s *caller) { x.closed, s.limit = 0, -1 }, rClosed.AtLeast(sLimit)), "no"},
		"one of those listed":             {change(func(*row, *caller) {}, rOwner.OneOf("b", "a")), "yes"},
		"none of those listed":            {change(func(*row, *caller) {}, rOwner.OneOf("b")), "no"},
		"no owner, and so none of listed": {change(func(x *row, _ *caller) { x.owner = "" }, rOwner.OneOf("b")), "unknown"},
	} {
		always := []authz.Rule[caller, row]{authz.When("always", rTenant.Is(sTenant))}
		rule := []authz.Rule[caller, row]{authz.When("rule", c.cond)}
		policy := authz.New(everyScope, fences,
			authz.Action[caller, row]{Name: "permit", Scope: "s", Permit: rule},
			authz.Action[caller, row]{Name: "require", Scope: "s", Require: rule, Permit: always},
			authz.Action[caller, row]{Name: "forbid", Scope: "s", Forbid: rule, Permit: always})
		for action, wanted := range map[authz.Name]string{"permit": "yes", "require": "yes", "forbid": "no"} {
			if d := policy.Decide(action, &c.who, &c.x); d.Allowed() != (c.truth == wanted) {
				t.Errorf("%s is %s, but %s gives %v", name, c.truth, action, d.Outcome())
			}
		}
	}
}

func TestOpenCountsWhatOnlyTheSubjectDecides(t *testing.T) {
	unknownRegions := ada
	unknownRegions.Regions, unknownRegions.ID = nil, ""
	for _, c := range []struct {
		who    *subject
		action authz.Name
		want   authz.Outcome
	}{
		{&alice, "claims:approve", authz.Forbidden},
		{&unknownRegions, "claims:approve", authz.Forbidden},
		{&subject{Tenant: "acme"}, "claims:read", authz.Forbidden},
		{&sam, "claims:approve", authz.StepUp},
		{&samMFA, "claims:approve", authz.Allowed},
		{&ada, "claims:approve", authz.Allowed},
		{&alice, "claims:read", authz.Allowed},
		{&alice, "claims:burn", authz.Hidden},
	} {
		if d := claims.Open(c.action, c.who); d.Outcome() != c.want {
			t.Errorf("%s %s: %v by %q, want %v", c.who.ID, c.action, d.Outcome(), d.Rule(), c.want)
		}
	}
	policy := authz.New(everyScope, fences, authz.Action[caller, row]{Name: look, Scope: "s",
		Forbid: []authz.Rule[caller, row]{authz.When("blocked", sBlocked)},
		Permit: []authz.Rule[caller, row]{authz.When("owner", rOwner.Is(sMe))}})
	who := caller{me: "a", tenant: "a", blocked: true}
	if d := policy.Open(look, &who); d.Outcome() != authz.Forbidden || d.Rule() != "blocked" {
		t.Errorf("blocked: %v by %q", d.Outcome(), d.Rule())
	}
	who.blocked = false
	if d := policy.Open(look, &who); !d.Allowed() {
		t.Errorf("not blocked: %v by %q", d.Outcome(), d.Rule())
	}
}

func TestRequireMustHoldForTheStateToBeSaved(t *testing.T) {
	within := []authz.Rule[caller, row]{authz.When("within-limit", rAmount.AtMost(sLimit))}
	strong := []authz.Rule[caller, row]{authz.When("strong", sMFA)}
	owner := []authz.Rule[caller, row]{authz.When("owner", rOwner.Is(sMe))}
	policy := authz.New(everyScope, fences,
		authz.Action[caller, row]{Name: look, Scope: "s", Permit: owner},
		authz.Action[caller, row]{Name: act, Scope: "s", Require: within, Permit: owner},
		authz.Action[caller, row]{Name: "rows:strong", Scope: "s", Require: strong, Permit: owner})
	who, found := caller{me: "a", tenant: "a", limit: 5, mfa: true}, row{tenant: "a", owner: "a", amount: 1}
	d := policy.Decide(act, &who, &found)
	for name, c := range map[string]struct {
		changed row
		want    authz.Outcome
		rule    string
	}{
		"above the limit":   {row{tenant: "a", owner: "a", amount: 6}, authz.Forbidden, "within-limit"},
		"no amount":         {row{tenant: "a", owner: "a"}, authz.Forbidden, "within-limit"},
		"to another tenant": {row{tenant: "b", owner: "a", amount: 5}, authz.Forbidden, "same-tenant"},
		"at the limit":      {row{tenant: "a", owner: "a", amount: 5}, authz.Allowed, "owner"},
		"given away":        {row{tenant: "a", owner: "b", amount: 5}, authz.Allowed, "owner"},
	} {
		if after := policy.After(d, &who, &c.changed); after.Outcome() != c.want || after.Rule() != c.rule {
			t.Errorf("%s: %v by %q, want %v by %q", name, after.Outcome(), after.Rule(), c.want, c.rule)
		}
	}
	strongly := policy.Decide("rows:strong", &who, &found)
	who.mfa = false
	if after := policy.After(strongly, &who, &found); after.Outcome() != authz.StepUp {
		t.Errorf("second factor gone: %v", after.Outcome())
	}
	for name, refused := range map[string]authz.Decision{
		"a decision of no policy": policy.After(authz.Decision{}, &who, &found),
		"nothing to save":         policy.After(d, &who, nil),
		"nobody saving":           policy.After(d, nil, &found),
		"refused before":          policy.After(policy.Decide(act, &caller{me: "b", tenant: "a", limit: 5}, &found), &who, &found),
	} {
		if refused.Outcome() != authz.Hidden {
			t.Errorf("%s: %v", name, refused.Outcome())
		}
	}
}

func TestAListHasOneWayForEachPermitThatCanHold(t *testing.T) {
	manyRegions := ada
	for i := range 9 {
		manyRegions.Regions = append(manyRegions.Regions, region(fmt.Sprint("r", i)))
	}
	twice := ada
	twice.Regions = []region{"us", "eu", "", "us"}
	again := ada
	again.Regions = slices.Repeat([]region{"eu"}, 9)
	staff := "(status IN (?, ?, ?, ?, ?))"
	for name, c := range map[string]struct {
		who  subject
		want []string
	}{
		"mallory without a tenant": {subject{ID: "home:mallory", Scopes: both}, nil},
		"bob without the scope":    {subject{ID: "home:bob", Tenant: "acme"}, nil},
		"a customer":               {alice, []string{"(tenant = ?) AND (owner = ?)"}},
		"a customer with shares":   {dora, []string{"(tenant = ?) AND (owner = ?)", "(tenant = ?) AND (id = ?)", "(tenant = ?) AND (id = ?)", "(tenant = ?) AND (id = ?)"}},
		"a supervisor":             {sam, []string{"(tenant = ?) AND (owner = ?)", "(tenant = ?) AND " + staff}},
		"an adjuster": {twice, []string{"(tenant = ?) AND (owner = ?)", "(tenant = ?) AND " + staff + " AND (assignee = ?)",
			"(tenant = ?) AND " + staff + " AND (region = ?)", "(tenant = ?) AND " + staff + " AND (region = ?)"}},
		"an adjuster with one region nine times": {again, []string{"(tenant = ?) AND (owner = ?)", "(tenant = ?) AND " + staff + " AND (assignee = ?)",
			"(tenant = ?) AND " + staff + " AND (region = ?)"}},
		"an adjuster of many regions": {manyRegions, []string{"(tenant = ?) AND (owner = ?)", "(tenant = ?) AND " + staff + " AND (assignee = ?)",
			"(tenant = ?) AND " + staff + " AND (region IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?))"}},
	} {
		var got []string
		for _, way := range claims.Ways("claims:read", &c.who, authz.SQLite) {
			got = append(got, way.Text)
			if n := strings.Count(way.Text, "?"); n != len(way.Args) || way.Args[0] != "acme" {
				t.Errorf("%s: %q has %d arguments, the first of them %v", name, way.Text, len(way.Args), way.Args[0])
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n%q\nwant\n%q", name, got, c.want)
		}
	}
	way := claims.Ways("claims:approve", &samMFA, authz.PostgreSQL)
	want := "(tenant = $1) AND (status IN ($2, $3, $4, $5, $6)) AND (currency = $7) AND (amount <= $8 AND amount <> $9) AND " +
		"(owner NOT IN ($10, $11)) AND (first_approver <> $12)"
	args := []any{"acme", "approved", "in_review", "rejected", "submitted", "withdrawn", "EUR", int64(1000000), int64(0), "home:sam", "", "home:sam"}
	if len(way) != 1 || way[0].Text != want || !slices.Equal(way[0].Args, args) {
		t.Errorf("got  %v\nwant %s %v", way, want, args)
	}
}

func TestTheEvidenceHoldsEveryWordWhateverIsInIt(t *testing.T) {
	for _, nasty := range append(hostile, "\xff\xfe", "\n\t\x01\u2028</script>", strings.Repeat("a", 10000)) {
		x := row{tenant: nasty, owner: nasty, assignee: nasty, amount: -1 << 63, closed: 1<<63 - 1}
		who := caller{me: nasty, tenant: nasty, friends: []string{nasty, "b"}, big: []string{}, staff: true}
		all := authz.New(everyScope, fences, authz.Action[caller, row]{Name: look, Scope: "s",
			Permit: []authz.Rule[caller, row]{authz.When("all", conditions...)}})
		var got map[string]any
		decoder := json.NewDecoder(strings.NewReader(string(all.Read(&who, &x))))
		decoder.UseNumber()
		if err := decoder.Decode(&got); err != nil {
			t.Fatalf("%q: %v in %s", nasty, err, all.Read(&who, &x))
		}
		valid := strings.ToValidUTF8(nasty, "\ufffd")
		if nasty == "\xff\xfe" {
			valid = "\ufffd\ufffd"
		}
		want := map[string]any{
			"tenant": valid, "owner": valid, "assignee": valid, "amount": json.Number("-9223372036854775808"), "closed": json.Number("9223372036854775807"),
			"me": valid, "my tenant": valid, "my friends": []any{valid, "b"}, "my many friends": []any{}, "my limit": json.Number("0"), "my limits": nil,
			"staff": true, "blocked": false, "second factor": false,
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q:\n got %v\nwant %v", nasty, got, want)
		}
	}
	if got := string(claims.Read(&sam, nil)); strings.Contains(got, `"owner"`) || !strings.Contains(got, `"me":"home:sam"`) {
		t.Errorf("without a row: %s", got)
	}
	if got := claims.Read(nil, &bobsClaim); got != nil {
		t.Errorf("without a subject: %s", got)
	}
}

func TestANearMissSaysWhatIsLacking(t *testing.T) {
	big := bobsClaim
	big.Amount = 50001
	for _, c := range []struct {
		who         *subject
		x           *claim
		rule, lacks string
	}{
		{&subject{Tenant: "acme"}, &big, "", "scope claims:decide"},
		{&mallory, &big, "same-tenant", "tenant is my tenant"},
		{&bob, &big, "own-claim", "not: owner is me"},
		{&ada, &big, "adjuster-within-limit", "amount at most my limit"},
		{&sam, &big, "supervisor-within-limit", "second factor (step-up)"},
		{&alice, nil, "adjuster-within-limit", "an adjuster and region in my regions and currency is currency of my limit and amount at most my limit"},
		{&ada, &bobsClaim, "", ""},
		{nil, &bobsClaim, "", ""},
	} {
		if rule, lacks := claims.Near("claims:approve", c.who, c.x); rule != c.rule || lacks != c.lacks {
			t.Errorf("%v: %q lacks %q, want %q lacks %q", c.who, rule, lacks, c.rule, c.lacks)
		}
	}
}

func TestTheTableTellsOnePolicyFromAnother(t *testing.T) {
	want := `| action | scope | | rule | conditions |
|---|---|---|---|---|
| every |  | requires | same-tenant | tenant is my tenant |
| rows:read | rows | requires | r | owner one of ["a\|b","c\nd"] |
| rows:read | rows | forbids | f | assignee? is me and second factor (step-up) |
| rows:read | rows | permits | p | owner is me |
`
	rules := func(name string, conds ...authz.Cond[caller, row]) []authz.Rule[caller, row] {
		return []authz.Rule[caller, row]{authz.When(name, conds...)}
	}
	build := func() *authz.Policy[caller, row] {
		return authz.New(everyScope, fences, authz.Action[caller, row]{Name: look, Scope: "rows",
			Require: rules("r", rOwner.OneOf("a|b", "c\nd")), Forbid: rules("f", rAssignee.Is(sMe), sMFA), Permit: rules("p", rOwner.Is(sMe))})
	}
	policy, again := build(), build()
	if got := policy.Table(); got != want {
		t.Errorf("got\n%s", got)
	}
	other := authz.New(everyScope, fences, authz.Action[caller, row]{Name: look, Scope: "rows", Permit: rules("p", rOwner.Is(sMe))})
	if policy.Digest() != again.Digest() || len(policy.Digest()) != 16 || policy.Digest() == other.Digest() {
		t.Errorf("digests %s, %s, another's %s", policy.Digest(), again.Digest(), other.Digest())
	}
	if got := claims.Actions(); !slices.Equal(got, []authz.Name{"claims:read", "claims:approve"}) || !claims.Knows("claims:approve") || claims.Knows("claims:burn") {
		t.Errorf("actions %q", got)
	}
}

func TestAPolicyWithAMistakeDoesNotStart(t *testing.T) {
	type (
		rules  = []authz.Rule[caller, row]
		action = authz.Action[caller, row]
	)
	rule := authz.When[caller, row]
	owner := rules{rule("owner", rOwner.Is(sMe))}
	good := action{Name: look, Scope: "s", Permit: owner}
	permit := func(c ...authz.Cond[caller, row]) action {
		return action{Name: look, Scope: "s", Permit: rules{rule("r", c...)}}
	}
	again := authz.Column[caller]("owner", func(r *row) string { return r.assignee })
	for name, c := range map[string]struct {
		scope func(*caller, string) bool
		walls rules
		read  action
		more  []action
		says  string
	}{
		"no test of scopes":         {nil, fences, good, nil, "no test of scopes"},
		"no wall":                   {everyScope, nil, good, nil, "no wall"},
		"a wall of facts":           {everyScope, rules{rule("staff", sStaff)}, good, nil, "no wall"},
		"a wall of literals":        {everyScope, rules{rule("a", rTenant.OneOf("a"))}, good, nil, "no wall"},
		"an empty rule":             {everyScope, fences, permit(), nil, `rule "r"`},
		"an empty condition":        {everyScope, fences, permit(authz.Cond[caller, row]{}), nil, "a condition is empty"},
		"an empty step-up":          {everyScope, fences, permit(authz.Cond[caller, row]{}.StepUp()), nil, "a condition is empty"},
		"the zero rule":             {everyScope, fences, action{Name: look, Scope: "s", Permit: make(rules, 1)}, nil, `rule ""`},
		"an action twice":           {everyScope, fences, good, []action{good}, "an action is named twice"},
		"a rule twice":              {everyScope, fences, action{Name: look, Scope: "s", Forbid: owner, Permit: owner}, nil, "one that is taken"},
		"a rule named as the wall":  {everyScope, fences, action{Name: look, Scope: "s", Permit: rules{rule("same-tenant", rOwner.Is(sMe))}}, nil, "one that is taken"},
		"no name":                   {everyScope, fences, action{Scope: "s", Permit: owner}, nil, "lacks its name"},
		"no scope":                  {everyScope, fences, action{Name: look, Permit: owner}, nil, "its scope"},
		"no permit":                 {everyScope, fences, action{Name: look, Scope: "s"}, nil, "a permit (0)"},
		"a word twice":              {everyScope, fences, permit(rOwner.Is(sMe), again.Is(sMe)), nil, `word "owner" is declared twice`},
		"a column that is SQL":      {everyScope, fences, permit(authz.Column[caller]("owner = '' OR owner", func(*row) string { return "" }).Is(sMe)), nil, "column's name"},
		"an order of text":          {everyScope, fences, permit(rOwner.AtMost(sMe)), nil, "text has no order"},
		"nothing listed":            {everyScope, fences, permit(rOwner.OneOf()), nil, "nothing, or an empty value"},
		"an empty value listed":     {everyScope, fences, permit(rOwner.OneOf("a", "")), nil, "nothing, or an empty value"},
		"a login that changes rows": {everyScope, fences, permit(rOwner.Is(sMe).StepUp()), nil, "no login changes a row"},
	} {
		says := func() (said string) {
			defer func() { said = fmt.Sprint(recover()) }()
			authz.New(c.scope, c.walls, c.read, c.more...)
			return
		}()
		if !strings.Contains(says, c.says) {
			t.Errorf("%s: says %q, want %q", name, says, c.says)
		}
	}
	authz.New(everyScope, fences, good) // the same without a mistake starts
}

func TestAPolicyDoesNotChangeWithTheSlicesItWasMadeOf(t *testing.T) {
	permits := []authz.Rule[caller, row]{authz.When("owner", rOwner.Is(sMe))}
	policy := authz.New(everyScope, fences, authz.Action[caller, row]{Name: look, Scope: "s", Permit: permits})
	permits[0] = authz.When("anybody", rTenant.Is(sTenant))
	who, x := caller{me: "a", tenant: "a"}, row{tenant: "a", owner: "b"}
	if d := policy.Decide(look, &who, &x); d.Allowed() {
		t.Errorf("allowed by %q", d.Rule())
	}
	x.owner = "a"
	if d := policy.Decide(look, &who, &x); !d.Allowed() {
		t.Errorf("the owner: %v", d.Outcome())
	}
}
