package authz

import (
	"errors"
	"fmt"
	"slices"
)

// Policy is the rules of one noun. It is made by New, never changes, and may be used by any number of goroutines.
type Policy[S, R any] struct {
	hasScope func(*S, string) bool
	order    []*Action[S, R] // as declared, reading first; Require begins with the walls
	actions  map[Name]*Action[S, R]
	words    []word[S, R]
	walls    int
	digest   string
}

// New makes a policy. hasScope tells whether the subject's token carries a scope; walls must hold for every action, so that
// a new action cannot forget them; read is the action that decides whether a refused row may be spoken of.
//
// It panics, with all mistakes listed, if no wall compares a column with a word of the subject, a rule is empty, a name is
// missing or given twice, or an action has no scope or no permit. A program with such a policy must not start.
func New[S, R any](hasScope func(*S, string) bool, walls []Rule[S, R], read Action[S, R], more ...Action[S, R]) *Policy[S, R] {
	p := &Policy[S, R]{hasScope: hasScope, actions: map[Name]*Action[S, R]{}, walls: len(walls)}
	for _, a := range append([]Action[S, R]{read}, more...) {
		a.Require = slices.Concat(walls, a.Require)
		a.Forbid, a.Permit = slices.Clone(a.Forbid), slices.Clone(a.Permit)
		p.order = append(p.order, &a)
		p.actions[a.Name] = &a
	}
	p.words = p.collect()
	if err := p.check(walls); err != nil {
		panic(fmt.Errorf("authz: %w", err))
	}
	p.digest = digest(p.Table())
	return p
}

// Knows says whether the policy has rules for the action.
func (p *Policy[S, R]) Knows(action Name) bool { return p.actions[action] != nil }

// Actions lists the policy's actions, reading first, in the order declared.
func (p *Policy[S, R]) Actions() []Name {
	names := make([]Name, len(p.order))
	for i, a := range p.order {
		names[i] = a.Name
	}
	return names
}

// rules of an action, in the order in which they are looked at.
func (a *Action[S, R]) rules() []Rule[S, R] { return slices.Concat(a.Require, a.Forbid, a.Permit) }

func (p *Policy[S, R]) check(walls []Rule[S, R]) error {
	var errs []error
	mistake := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if p.hasScope == nil {
		mistake("no test of scopes")
	}
	if !slices.ContainsFunc(walls, Rule[S, R].isWall) {
		mistake("no wall: no rule for every action compares a column with a word of the subject")
	}
	if len(p.actions) < len(p.order) {
		mistake("an action is named twice: %q", p.Actions())
	}
	for i, w := range p.words {
		if i > 0 && p.words[i-1].row == w.row && p.words[i-1].name == w.name {
			mistake("word %q is declared twice", w.name)
		}
	}
	for _, a := range p.order {
		if a.Name == "" || a.Scope == "" || len(a.Permit) == 0 {
			mistake("action %q lacks its name, its scope %q or a permit (%d)", a.Name, a.Scope, len(a.Permit))
		}
		seen := map[string]bool{}
		for _, r := range a.rules() {
			if seen[r.name] {
				mistake("action %q: rule %q is there twice", a.Name, r.name)
			}
			seen[r.name] = true
			errs = append(errs, r.check(a.Name))
		}
	}
	return errors.Join(errs...)
}

func (r Rule[S, R]) check(action Name) error {
	if r.name == "" || len(r.conds) == 0 {
		return fmt.Errorf("action %q: rule %q lacks its name or conditions (%d)", action, r.name, len(r.conds))
	}
	for _, c := range r.conds {
		if c.test == nil {
			return fmt.Errorf("action %q: rule %q has an empty condition", action, r.name)
		}
		if m := c.test.mistake(); m != "" {
			return fmt.Errorf("action %q: rule %q: %s", action, r.name, m)
		}
	}
	return nil
}

// isWall: such a rule holds neither for the zero row nor for the zero subject.
func (r Rule[S, R]) isWall() bool {
	return slices.ContainsFunc(r.conds, func(c Cond[S, R]) bool {
		if c.test == nil {
			return false
		}
		words := c.test.words()
		return len(words) == 2 && !c.stepUp
	})
}
