// Package authz is the policy kernel: rules written once, as typed Go values, and used five ways: the decision (Decide),
// the filter of a list (Ways), the evidence and the near miss (Read, Near), and the table in the docs (Table).
//
// A policy speaks of a subject S (who asks, and the facts that this service knows about them) and a row R (what they ask
// for). Words name the data, conditions compare a column of the row with a word of the subject, rules are conjunctions of
// conditions, actions are lists of rules. Nothing nests, so what cannot be rendered as SQL cannot be written.
//
// Truth has three values, as in SQL. A zero value on either side is unknown; Require and Permit want yes, Forbid wants no:
// what is missing never allows, not even past a Forbid.
package authz

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Name names an action, "noun:verb": "claims:approve".
type Name string

// Ref points at one row of one tenant. Version is 0, or the version the row must still have.
type Ref struct {
	Type    string
	Tenant  string
	ID      string
	Version int64
}

// Scalar is what a column may hold: text, or a whole number (cents, Unix milliseconds).
type Scalar interface{ ~string | ~int64 }

// Col is a column of the row, made by Column or Optional.
type Col[S, R any, V Scalar] struct {
	name     string
	optional bool
	get      func(*R) V
}

// Column declares a column that every row fills: its name in SQL (letters a to z and _) and its accessor. A zero value is unknown.
func Column[S, R any, V Scalar](name string, get func(*R) V) *Col[S, R, V] {
	return &Col[S, R, V]{name: name, get: get}
}

// Optional declares a column that may rightly be empty, such as an assignee. The column is NOT NULL; empty is "" or 0.
// Empty is a known value that equals nobody and is neither at most nor at least anything.
func Optional[S, R any, V Scalar](name string, get func(*R) V) *Col[S, R, V] {
	return &Col[S, R, V]{name: name, optional: true, get: get}
}

// known is what is known about the subject: one value or many.
type known[S any, V Scalar] struct {
	name    string
	one     func(*S) V
	many    func(*S) []V
	literal bool // written in the rule, not a word
}

// Value is one thing known about the subject, made by The.
type Value[S any, V Scalar] struct{ *known[S, V] }

// The declares a value of the subject, such as "me" or "my limit". A zero value is unknown.
func The[S any, V Scalar](name string, get func(*S) V) Value[S, V] {
	return Value[S, V]{&known[S, V]{name: name, one: get}}
}

// Set is a set of things known about the subject, made by Any.
type Set[S any, V Scalar] struct{ *known[S, V] }

// Any declares a set of the subject, such as "my regions". A nil slice was not loaded and is unknown, and so is a zero value
// in it; an empty slice is known.
func Any[S any, V Scalar](name string, get func(*S) []V) Set[S, V] {
	return Set[S, V]{&known[S, V]{name: name, many: get}}
}

// Cond is one condition of a rule. Only Fact and the methods of Col make one that can hold; New refuses the zero Cond.
type Cond[S, R any] struct {
	is      func(s *S, x *R, want truth) bool // x is nil: could some row make it so?
	sql     func(s *S, want truth) []SQL      // alternatives, if some row could make it so
	words   []word[S, R]
	text    string
	mistake string
	stepUp  bool
}

// Fact declares something true or false of the subject alone: the one place for free Go.
func Fact[S, R any](name string, holds func(*S) bool) Cond[S, R] {
	return Cond[S, R]{
		is:    func(s *S, _ *R, want truth) bool { return holds(s) == (want == yes) },
		sql:   func(*S, truth) []SQL { return []SQL{{}} },
		words: []word[S, R]{{&name, name, false, func(b []byte, s *S, _ *R) []byte { return strconv.AppendBool(b, holds(s)) }}},
		text:  name,
	}
}

// StepUp marks a condition that a stronger login would satisfy. If it is all that is missing, the outcome is StepUp.
func (c Cond[S, R]) StepUp() Cond[S, R] {
	c.stepUp = true
	c.text += " (step-up)"
	return c
}

// Is holds if the column equals the value.
func (c *Col[S, R, V]) Is(v Value[S, V]) Cond[S, R] { return c.compare(is, v.known) }

// In holds if the column's value is in the set.
func (c *Col[S, R, V]) In(v Set[S, V]) Cond[S, R] { return c.compare(in, v.known) }

// AtMost holds if the column is not above the value. Numbers only: engines do not agree on the order of text.
func (c *Col[S, R, V]) AtMost(v Value[S, V]) Cond[S, R] { return c.compare(atMost, v.known) }

// AtLeast holds if the column is not below the value. Numbers only.
func (c *Col[S, R, V]) AtLeast(v Value[S, V]) Cond[S, R] { return c.compare(atLeast, v.known) }

// OneOf holds if the column's value is one of those listed, none of which is a zero value.
func (c *Col[S, R, V]) OneOf(values ...V) Cond[S, R] {
	values = append([]V{}, values...) // a copy, and known even if empty
	list := string(appendArray(nil, values))
	return c.compare(oneOf, &known[S, V]{name: list, many: func(*S) []V { return values }, literal: true})
}

func (c *Col[S, R, V]) compare(op string, right *known[S, V]) Cond[S, R] {
	k := &compare[S, R, V]{c, op, right}
	return Cond[S, R]{is: k.is, sql: k.sql, words: k.words(), text: k.text(), mistake: k.mistake()}
}

// Rule is a named conjunction of conditions, made by When.
type Rule[S, R any] struct {
	name  string
	conds []Cond[S, R]
}

// When makes a rule: it holds if all its conditions do. Its name reads as a sentence: "adjuster-within-limit".
func When[S, R any](name string, conds ...Cond[S, R]) Rule[S, R] {
	return Rule[S, R]{name, slices.Clone(conds)}
}

// Action is what may be done to a row, by whom. In order: the token must carry Scope, every Require must hold, no Forbid
// may hold, one Permit must. Require is an invariant: it must hold for the state found and for the state to be saved.
type Action[S, R any] struct {
	Name                    Name
	Scope                   string
	Require, Forbid, Permit []Rule[S, R]
}

// truth is three-valued. Its zero value is unknown, which is neither the yes that a Permit wants nor the no that a Forbid wants.
type truth int8

const (
	no      truth = -1
	unknown truth = 0
	yes     truth = 1
)

// The operators, as a text shows them.
const (
	is      = "is"
	in      = "in"
	oneOf   = "one of"
	atMost  = "at most"
	atLeast = "at least"
)

// compare is a condition on a column and one value or many.
type compare[S, R any, V Scalar] struct {
	col   *Col[S, R, V]
	op    string
	right *known[S, V]
}

func (c *compare[S, R, V]) is(s *S, x *R, want truth) bool {
	var one [1]V
	var zero V
	values := c.right.values(s, one[:0])
	switch {
	case x != nil:
		return c.truth(c.col.get(x), values) == want
	case want == yes:
		return slices.ContainsFunc(values, func(v V) bool { return v != zero })
	}
	return values != nil && !slices.Contains(values, zero)
}

func (c *compare[S, R, V]) truth(have V, values []V) truth {
	var zero V
	if values == nil || have == zero && !c.col.optional {
		return unknown
	}
	found := no
	for _, v := range values {
		switch {
		case v == zero: // which value it is, is unknown: it might match
			found = unknown
		case have == zero: // empty equals nobody, and is in no order
		case have == v || c.op == atMost && have < v || c.op == atLeast && have > v:
			return yes
		}
	}
	return found
}

// values of the word. A single one is put into room, so that nothing is allocated.
func (k *known[S, V]) values(s *S, room []V) []V {
	if k.many != nil {
		return k.many(s)
	}
	return append(room, k.one(s))
}

func (c *compare[S, R, V]) text() string {
	mark := map[bool]string{true: "?"}[c.col.optional]
	return c.col.name + mark + " " + c.op + " " + c.right.name
}

func (c *compare[S, R, V]) mistake() string {
	var zero V
	switch {
	case c.col.name == "" || strings.Trim(c.col.name, "abcdefghijklmnopqrstuvwxyz_") != "":
		return "the column's name is not made of letters a to z and _"
	case (c.op == atMost || c.op == atLeast) && reflect.TypeFor[V]().Kind() == reflect.String:
		return "text has no order that all engines agree on"
	case c.right.literal && (len(c.right.many(nil)) == 0 || slices.Contains(c.right.many(nil), zero)):
		return "nothing, or an empty value, is listed"
	}
	return ""
}
