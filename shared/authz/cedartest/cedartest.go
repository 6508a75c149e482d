// Package cedartest asks a second witness. The permissions of a service are written once more, in Cedar, by somebody who
// has not read the service's policy; a test puts the same questions to both and compares the answers. For tests only.
package cedartest

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
	"github.com/cedar-policy/cedar-go/x/exp/ast"
	"github.com/cedar-policy/cedar-go/x/exp/schema"
	"github.com/cedar-policy/cedar-go/x/exp/schema/validate"

	"innerdoor.example/shared/authz"
)

// The annotations of a Cedar policy that matter here: the name of the rule that it states, and the scope that is missing
// when it forbids.
const (
	ruleName     = "rule"
	missingScope = "scope"
)

// secondFactor is the member of the context that a stronger login would make true.
const secondFactor = "secondFactor"

// Witness answers from a Cedar file.
type Witness struct {
	t        testing.TB
	policies map[authz.Name]cedar.PolicyMap // those that concern the action
	words    *validate.Validator
}

// Read takes name.cedar and the schema beside it, name.cedarschema. A policy that the schema does not allow ends the test:
// one that reads what may be missing, above all.
func Read(t testing.TB, name string) *Witness {
	t.Helper()
	policies, err := cedar.NewPolicySetFromBytes(name, read(t, name+".cedar"))
	if err != nil {
		t.Fatal(err)
	}
	var words schema.Schema
	if err := words.UnmarshalCedar(read(t, name+".cedarschema")); err != nil {
		t.Fatal(err)
	}
	resolved, err := words.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	w := &Witness{t: t, policies: map[authz.Name]cedar.PolicyMap{}, words: validate.New(resolved)}
	for action := range resolved.Actions {
		w.policies[authz.Name(action.ID)] = cedar.PolicyMap{}
	}
	for id, policy := range policies.All() {
		tree := (*ast.Policy)(policy.AST())
		if err := w.words.Policy(string(id), tree); err != nil {
			t.Fatalf("line %d: %v", policy.Position().Line, err)
		}
		for action, concerning := range w.policies {
			if concerns(tree, uid(action)) {
				concerning[id] = policy
			}
		}
	}
	return w
}

// concerns says whether the head of the policy names the action. (It spares Cedar most of its work.)
func concerns(policy *ast.Policy, action cedar.EntityUID) bool {
	switch head := policy.Action.(type) {
	case ast.ScopeTypeEq:
		return head.Entity == action
	case ast.ScopeTypeInSet:
		return slices.Contains(head.Entities, action)
	default:
		return true
	}
}

func uid(action authz.Name) cedar.EntityUID {
	return cedar.NewEntityUID("Action", cedar.String(action))
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Actions are those of the schema, sorted.
func (w *Witness) Actions() []authz.Name { return slices.Sorted(maps.Keys(w.policies)) }

// Question is about one person and one row.
type Question struct {
	witness       *Witness
	request, with cedar.Request // as it is, and as it would be with a second factor
	entities      cedar.EntityMap
}

// Ask prepares a question. What the schema does not know ends the test: a misspelt word would be a missing one.
func (w *Witness) Ask(person, row Entity, context Attributes) Question {
	w.t.Helper()
	q := Question{witness: w, entities: cedar.EntityMap{}}
	q.request = cedar.Request{Principal: person.put(q.entities), Resource: row.put(q.entities), Context: context.record(q.entities)}
	if err := w.words.Entities(q.entities); err != nil {
		w.t.Fatal(err)
	}
	better := q.request.Context.Map()
	better[secondFactor] = cedar.True
	q.with = q.request
	q.with.Context = cedar.NewRecord(better)
	return q
}

// Answer is what the witness says. Rule is the one that permits, or would with a second factor; else empty.
type Answer struct {
	Outcome      authz.Outcome
	Rule         string
	MissingScope string
}

// Of is the Answer for a decision of the product.
func Of(d authz.Decision) Answer {
	a := Answer{Outcome: d.Outcome(), MissingScope: d.MissingScope()}
	if a.Outcome == authz.Allowed || a.Outcome == authz.StepUp {
		a.Rule = d.Rule()
	}
	return a
}

// Openly is the Answer for a decision of the product about what is no secret: it is refused, never hidden. The page's is
// q.Answer(action, Always).
func Openly(d authz.Decision) Answer {
	a := Of(d)
	a.Outcome = max(a.Outcome, authz.Forbidden)
	return a
}

// Always says of everybody that they may know that the row exists.
func Always() bool { return true }

// String is the answer as a failure says it.
func (a Answer) String() string {
	switch {
	case a.MissingScope != "":
		return "lacks " + a.MissingScope
	case a.Rule != "":
		return fmt.Sprintf("%v by %s", a.Outcome, a.Rule)
	default:
		return a.Outcome.String()
	}
}

// Answer is how the action is to be answered when seen says whether a refusal may show that the row exists.
func (q Question) Answer(action authz.Name, seen func() bool) Answer {
	q.witness.t.Helper()
	got := q.put(action, q.request)
	if got.Outcome == authz.Allowed || got.MissingScope != "" {
		return got
	}
	if better := q.put(action, q.with); better.Outcome == authz.Allowed {
		return Answer{Outcome: authz.StepUp, Rule: better.Rule}
	}
	if seen() {
		return Answer{Outcome: authz.Forbidden}
	}
	return Answer{}
}

// Permits says whether the action is allowed as things are.
func (q Question) Permits(action authz.Name) bool {
	q.witness.t.Helper()
	return q.put(action, q.request).Outcome == authz.Allowed
}

// put is Allowed, Forbidden for want of a scope, or Hidden.
func (q Question) put(action authz.Name, request cedar.Request) Answer {
	q.witness.t.Helper()
	request.Action = uid(action)
	if err := q.witness.words.Request(request); err != nil {
		q.witness.t.Fatal(err)
	}
	decision, said := cedar.Authorize(q.witness.policies[action], q.entities, request)
	if len(said.Errors) > 0 {
		q.witness.t.Fatal(said.Errors)
	}
	if decision == cedar.Allow {
		return Answer{Outcome: authz.Allowed, Rule: q.first(action, said.Reasons, ruleName)}
	}
	if scope := q.first(action, said.Reasons, missingScope); scope != "" {
		return Answer{Outcome: authz.Forbidden, MissingScope: scope}
	}
	return Answer{}
}

// first is the annotation of the first policy in the file, of those that decided and have it.
func (q Question) first(action authz.Name, reasons []cedar.DiagnosticReason, name types.AnnotationKey) (value string) {
	line := -1
	for _, reason := range reasons {
		text, ok := q.witness.policies[action][reason.PolicyID].Annotations()[name]
		if ok && (line < 0 || reason.Position.Line < line) {
			line, value = reason.Position.Line, string(text)
		}
	}
	return value
}
