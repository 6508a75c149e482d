package authz

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Policy is the rules of one noun. It is made by New, never changes, and may be used by any number of goroutines.
type Policy[S, R any] struct {
	hasScope func(*S, string) bool
	order    []*Action[S, R] // as declared, reading first; Require begins with the walls
	actions  map[Name]*Action[S, R]
	words    []word[S, R] // by name
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
	if err := p.check(walls); err != nil {
		panic(fmt.Errorf("authz: %w", err))
	}
	p.digest = fmt.Sprintf("%x", sha256.Sum256([]byte(p.Table())))[:16]
	return p
}

// Knows says whether the policy has rules for the action.
func (p *Policy[S, R]) Knows(action Name) bool { return p.actions[action] != nil }

// Scope is the scope that the action needs; empty if the policy has no rules for it.
func (p *Policy[S, R]) Scope(action Name) string {
	if a := p.actions[action]; a != nil {
		return a.Scope
	}
	return ""
}

// Actions lists the policy's actions, reading first, in the order declared.
func (p *Policy[S, R]) Actions() []Name {
	names := make([]Name, len(p.order))
	for i, a := range p.order {
		names[i] = a.Name
	}
	return names
}

// check finds every mistake, and the policy's words on the way.
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
	for _, a := range p.order {
		if a.Name == "" || a.Scope == "" || len(a.Permit) == 0 {
			mistake("action %q lacks its name, its scope (%q) or a permit (%d)", a.Name, a.Scope, len(a.Permit))
		}
		rules := map[string]bool{"": true}
		for _, r := range slices.Concat(a.Require, a.Forbid, a.Permit) {
			if rules[r.name] || len(r.conds) == 0 {
				mistake("action %q: rule %q has no name, one that is taken, or no condition (%d)", a.Name, r.name, len(r.conds))
			}
			rules[r.name] = true
			for _, c := range r.conds {
				if m := p.learn(c); m != "" {
					mistake("action %q: rule %q: %s", a.Name, r.name, m)
				}
			}
		}
	}
	slices.SortFunc(p.words, func(a, b word[S, R]) int { return strings.Compare(a.name, b.name) })
	return errors.Join(errs...)
}

// learn adds the condition's words to the policy's, or says what is wrong with it.
func (p *Policy[S, R]) learn(c Cond[S, R]) string {
	if c.is == nil {
		return "a condition is empty"
	}
	for _, w := range c.words {
		i := slices.IndexFunc(p.words, func(known word[S, R]) bool { return known.name == w.name })
		switch {
		case w.name == "" || i >= 0 && p.words[i].id != w.id:
			return fmt.Sprintf("word %q is declared twice, or has no name", w.name)
		case w.row && c.stepUp:
			return fmt.Sprintf("%q: no login changes a row", c.text)
		case i < 0:
			p.words = append(p.words, w)
		}
	}
	if c.mistake != "" {
		return fmt.Sprintf("%q: %s", c.text, c.mistake)
	}
	return ""
}

// isWall says whether a column is compared with a word of the subject: neither the zero row nor the zero subject gets by.
func (r Rule[S, R]) isWall() bool {
	return slices.ContainsFunc(r.conds, func(c Cond[S, R]) bool { return len(c.words) == 2 })
}
