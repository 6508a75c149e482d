package authz_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The words that each snippet may use.
const prelude = `package forged

import "innerdoor.example/shared/authz"

type (
	ID      string
	Tenant  string
	claim   struct{ Owner ID; Amount int64 }
	order   struct{ Owner ID }
	subject struct{ ID ID; Tenant Tenant; Limit int64; Regions []string }
)

var (
	owner    = authz.Column[subject]("owner", func(c *claim) ID { return c.Owner })
	amount   = authz.Column[subject]("amount", func(c *claim) int64 { return c.Amount })
	me       = authz.The("me", func(s *subject) ID { return s.ID })
	myTenant = authz.The("my tenant", func(s *subject) Tenant { return s.Tenant })
	regions  = authz.Any("my regions", func(s *subject) []string { return s.Regions })
	rule     = authz.When[subject, claim]
)

`

// What must not compile does not; the last line of each is its twin that does.
func TestTheCompilerRefusesForgeriesAndMixedWords(t *testing.T) {
	for name, c := range map[string]struct{ bad, good, says string }{
		"words of two types": {
			`var _ = owner.Is(myTenant)`, `var _ = owner.Is(me)`, "cannot use myTenant"},
		"a set of another type": {
			`var _ = owner.In(regions)`, `var _ = owner.OneOf("a")`, "cannot use regions"},
		"a number and an id": {
			`var _ = amount.AtMost(me)`, `var _ = amount.OneOf(1)`, "cannot use me"},
		"a value where a set is due": {
			`var _ = owner.In(me)`, `var _ = owner.Is(me)`, "cannot use me"},
		"a rule about another noun": {
			`var _ = authz.When[subject, order]("owner", owner.Is(me))`, `var _ = rule("owner", owner.Is(me))`, "cannot use owner.Is(me)"},
		"a decision made by hand": {
			`var _ = authz.Decision{outcome: authz.Allowed}`, `var _ = authz.Decision{}`, "unexported field outcome"},
		"a decision made by hand, unkeyed": {
			`var _ = authz.Decision{authz.Allowed, "claims:read", "owner", ""}`, `var _ authz.Decision`, "unexported field"},
		"a decision changed": {
			`func f(d *authz.Decision) { d.outcome = authz.Allowed }`, `func f(d *authz.Decision) bool { return d.Allowed() }`, "d.outcome undefined"},
		"a decision converted": {
			`var _ = authz.Decision(struct{ outcome authz.Outcome; action authz.Name; rule, missing string }{})`, `var _ = authz.Decision(authz.Decision{})`, "cannot convert"},
		"a condition made by hand": {
			`var _ = authz.Cond[subject, claim]{text: "always"}`, `var _ = authz.Cond[subject, claim]{}`, "unexported field text"},
		"free Go on the row": {
			`var _ = authz.Fact[subject, claim]("free", func(c *claim) bool { return true })`,
			`var _ = authz.Fact[subject, claim]("fact", func(s *subject) bool { return true })`, "cannot use func"},
		"a rule made by hand": {
			`var _ = authz.Rule[subject, claim]{name: "always"}`, `var _ = authz.Rule[subject, claim]{}`, "unexported field name"},
		"a policy without New": {
			`var _ = authz.Policy[subject, claim]{hasScope: func(*subject, string) bool { return true }}`, `var _ *authz.Policy[subject, claim]`, "unexported field hasScope"},
		"a condition nested in another": {
			`var _ = owner.Is(me).Or(owner.Is(me))`, `var _ = owner.Is(me)`, "Or undefined"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if said := compile(t, c.good); said != "" {
				t.Errorf("the twin does not compile: %s", said)
			}
			if said := compile(t, c.bad); !strings.Contains(said, c.says) {
				t.Errorf("%s\nsays %q, want %q", c.bad, said, c.says)
			}
		})
	}
}

// compile vets a package that exists in an overlay only, and gives what the compiler says against it.
func compile(t *testing.T, snippet string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	source, overlay := filepath.Join(t.TempDir(), "forged.go"), filepath.Join(t.TempDir(), "overlay.json")
	replaced, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(dir, "forged", "forged.go"): source}})
	if err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{source: prelude + snippet, overlay: string(replaced)} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	said, err := exec.CommandContext(t.Context(), "go", "build", "-overlay", overlay, "./forged").CombinedOutput()
	if err == nil {
		return ""
	}
	return string(said)
}
