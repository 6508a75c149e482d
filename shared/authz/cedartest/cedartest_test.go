package cedartest_test

import (
	"os"
	"path/filepath"
	"testing"

	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/authz/cedartest"
)

const words = `
entity Person { id?: String, scopes?: Set<String> };
entity Door { owner?: String };
action "open" appliesTo { principal: Person, resource: Door, context: { secondFactor?: Bool } };
`

const page = `
@scope("doors")
forbid (principal, action == Action::"open", resource)
unless { principal has scopes && principal.scopes.contains("doors") };

@rule("owner")
permit (principal, action == Action::"open", resource)
when { principal has id && resource has owner && resource.owner == principal.id };

@rule("trusted")
permit (principal, action, resource)
when { context has secondFactor && context.secondFactor && resource has owner };
`

func TestAWitnessAnswersLikeADoor(t *testing.T) {
	name := filepath.Join(t.TempDir(), "doors")
	for file, text := range map[string]string{name + ".cedar": page, name + ".cedarschema": words} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	witness := cedartest.Read(t, name)
	for _, c := range []struct {
		about              string
		id, scope, owner   string
		secondFactor, seen bool
		want               cedartest.Answer
	}{
		{"nobody's door is not the door of nobody", "", "doors", "", true, false, cedartest.Answer{}},
		{"a scope comes before the door", "alice", "windows", "alice", true, true, cedartest.Answer{Outcome: authz.Forbidden, MissingScope: "doors"}},
		{"mallory learns what is missing", "mallory", "doors", "alice", false, false, cedartest.Answer{Outcome: authz.StepUp, Rule: "trusted"}},
		{"nothing that is missing would help", "mallory", "doors", "", false, false, cedartest.Answer{}},
		{"who sees the door is told", "mallory", "doors", "", false, true, cedartest.Answer{Outcome: authz.Forbidden}},
		{"alice opens hers", "alice", "doors", "alice", false, false, cedartest.Answer{Outcome: authz.Allowed, Rule: "owner"}},
		{"by the first rule that holds", "alice", "doors", "alice", true, false, cedartest.Answer{Outcome: authz.Allowed, Rule: "owner"}},
	} {
		question := witness.Ask(
			cedartest.Entity{Type: "Person", Attributes: cedartest.Attributes{"id": c.id, "scopes": []string{c.scope}}},
			cedartest.Entity{Type: "Door", Attributes: cedartest.Attributes{"owner": c.owner}},
			cedartest.Attributes{"secondFactor": c.secondFactor})
		if got := question.Answer("open", func() bool { return c.seen }); got != c.want {
			t.Errorf("%s: %v, want %v", c.about, got, c.want)
		}
	}
}

func TestAPopulationIsEveryCombination(t *testing.T) {
	type world struct{ a, b string }
	set := func(of *string, v string) { *of = v }
	a := cedartest.Each("a", func(w *world, v string) { set(&w.a, v) }, "1", "")
	b := cedartest.Each("b", func(w *world, v string) { set(&w.b, v) }, "1", "2", "3")
	seen := map[world]string{}
	cedartest.Population[world]{a, b}.Each(func(w *world, name func() string) { seen[*w] = name() })
	if len(seen) != 6 || seen[world{"", "3"}] != "a none, b 3" {
		t.Errorf("%v", seen)
	}
}
