package policy

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/principal/principaltest"
)

var noon = claim.At(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))

const everyScope = "claims:read claims:write claims:decide claims:export claims:staff claims:audit"

// The dimensions of testdata/matrix.txt, in the order of its columns.
var dimensions = [][]string{
	{"claims:read", "claims:file", "claims:edit", "claims:submit", "claims:withdraw", "claims:take", "claims:assign", "claims:approve", "claims:reject",
		"claims:export/inside", "claims:export/outside",
		"notes:read/public", "notes:read/internal", "notes:add/public", "notes:add/internal",
		"delegates:read", "delegates:share",
		"staff:read/other", "staff:read/own", "staff:change/other", "staff:change/own"},
	{"customer", "adjuster", "supervisor", "support", "auditor", "admin"},
	{"none", "owner", "assignee", "delegate", "approver"},
	{"own", "other"},
	{"in", "out"},
	{"one", "two"},
	{"under", "at", "over", "foreign"},
	{"draft", "submitted", "in_review", "approved", "rejected", "withdrawn"},
}

// line speaks for the cells that its patterns match.
type line struct {
	number   int
	patterns []string
	outcome  string
	used     bool
}

func matches(pattern, value string) bool {
	if not, ok := strings.CutPrefix(pattern, "!"); ok {
		return not != value
	}
	return pattern == "*" || slices.Contains(strings.Split(pattern, "|"), value)
}

func (l *line) speaksFor(cell []string) bool {
	for i, pattern := range l.patterns {
		if !matches(pattern, cell[i]) {
			return false
		}
	}
	return true
}

func readMatrix(t *testing.T) []*line {
	t.Helper()
	text, err := os.ReadFile("testdata/matrix.txt")
	if err != nil {
		t.Fatal(err)
	}
	var lines []*line
	for i, s := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(s, "#") || strings.TrimSpace(s) == "" {
			continue
		}
		words := strings.Fields(s)
		if len(words) <= len(dimensions) {
			t.Fatalf("line %d states no outcome: %s", i+1, s)
		}
		lines = append(lines, &line{number: i + 1, patterns: words[:len(dimensions)],
			outcome: strings.Join(words[len(dimensions):], " ")})
	}
	return lines
}

// cells calls f with every combination of the dimensions.
func cells(f func(cell []string)) {
	var walk func(cell []string)
	walk = func(cell []string) {
		if len(cell) == len(dimensions) {
			f(cell)
			return
		}
		for _, value := range dimensions[len(cell)] {
			walk(append(cell, value))
		}
	}
	walk(make([]string, 0, len(dimensions)))
}

// people are the two principals of the matrix: alice with one factor and with two.
func people(t *testing.T) map[string]principal.Principal {
	t.Helper()
	fields := principal.Fields{ID: "home:alice", Scope: everyScope, Context: principal.Context{Tenant: "acme"}}
	one := principaltest.Of(t, fields, "gateway")
	fields.Context.SecondFactor = true
	return map[string]principal.Principal{"one": one, "two": principaltest.Of(t, fields, "gateway")}
}

// situation builds the person and the claim of one cell.
func situation(cell []string, people map[string]principal.Principal) (*Subject, *claim.Claim) {
	s := &Subject{Principal: people[cell[5]], At: noon, SharedWithMe: []claim.ID{}, Regions: []claim.Region{}}
	if role := claim.Role(cell[1]); role != "customer" {
		s.Role, s.Regions, s.Limit, s.LimitCurrency = role, []claim.Region{"eu"}, 500_00, "EUR"
	}
	c := &claim.Claim{
		Tenant: "acme", ID: "c-1", Owner: "home:bob", OrderID: "o-1", Region: "eu", Currency: "EUR",
		Amount: map[string]claim.Cents{"under": 499_99, "at": 500_00, "over": 500_01, "foreign": 10_00}[cell[6]],
		Status: claim.Status(cell[7]), DeliveredAt: noon.Add(-time.Hour), Version: 1,
	}
	switch cell[2] {
	case "owner":
		c.Owner = "home:alice"
	case "assignee":
		c.Assignee = "home:alice"
	case "delegate":
		s.SharedWithMe = []claim.ID{"c-0", "c-1"}
	case "approver":
		c.FirstApprover = "home:alice"
	}
	if cell[3] == "other" {
		c.Tenant = "globex"
	}
	if cell[4] == "out" {
		c.Region = "us"
	}
	if cell[6] == "foreign" {
		c.Currency = "USD"
	}
	return s, c
}

// decide decides the cell's action on the claim, or on what belongs to it or to the
// person. After a slash stands what only some actions depend on.
func decide(s *Subject, action string, c *claim.Claim) authz.Decision {
	name, about, _ := strings.Cut(action, "/")
	switch do := authz.Name(name); {
	case Delegations.Knows(do):
		d := c.SharedWith("home:dora")
		return Delegations.Decide(do, s, &d)
	case Notes.Knows(do):
		n := c.Noted(claim.Kind(about))
		return Notes.Decide(do, s, &n)
	case Staff.Knows(do):
		row := claim.Staff{Tenant: c.Tenant, Subject: map[string]principal.ID{"own": s.ID(), "other": "home:dora"}[about]}
		return Staff.Decide(do, s, &row)
	default:
		s.OnPremises = about == "inside"
		return Claims.Decide(do, s, c)
	}
}

// reading is the action that says whether what is refused may be spoken of.
func reading(action string) string {
	name, about, divided := strings.Cut(action, "/")
	noun, _, _ := strings.Cut(name, ":")
	if divided && noun != "claims" {
		return noun + ":read/" + about
	}
	return noun + ":read"
}

func describe(d authz.Decision) string {
	switch d.Outcome() {
	case authz.Allowed:
		return "allowed " + d.Rule()
	case authz.StepUp:
		return "step-up"
	case authz.Forbidden:
		return "forbidden"
	}
	return "hidden"
}

func TestEveryCellOfThePermissionMatrixHasTheOutcomeThatIsStated(t *testing.T) {
	lines, people := readMatrix(t), people(t)
	stated := func(cell []string) string {
		var found *line
		for _, l := range lines {
			if !l.speaksFor(cell) {
				continue
			}
			if found != nil {
				t.Fatalf("lines %d and %d both speak for %v", found.number, l.number, cell)
			}
			found = l
		}
		if found == nil {
			t.Fatalf("no line speaks for %v", cell)
		}
		found.used = true
		return found.outcome
	}
	count := 0
	cells(func(cell []string) {
		count++
		want := stated(cell)
		if want == "refused" {
			want = "hidden"
			read := slices.Clone(cell)
			read[0] = reading(cell[0])
			if strings.HasPrefix(stated(read), "allowed ") {
				want = "forbidden"
			}
		}
		s, c := situation(cell, people)
		if got := describe(decide(s, cell[0], c)); got != want {
			t.Errorf("%v: %s, want %s", cell, got, want)
		}
	})
	for _, l := range lines {
		if !l.used {
			t.Errorf("line %d speaks for no cell", l.number)
		}
	}
	t.Logf("%d cells", count)
}
