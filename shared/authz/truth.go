package authz

import (
	"reflect"
	"slices"
	"strings"
)

// truth is three-valued. Its zero value is unknown, which is neither the yes that a Permit wants nor the no that a Forbid wants.
type truth int8

const (
	no      truth = -1
	unknown truth = 0
	yes     truth = 1
)

type operator string

const (
	is      operator = "is"
	in      operator = "in"
	oneOf   operator = "one of"
	atMost  operator = "at most"
	atLeast operator = "at least"
)

// compare is a condition on a column and one value or many.
type compare[S, R any, V Scalar] struct {
	col   *column[R, V]
	op    operator
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
	return c.col.name + mark + " " + string(c.op) + " " + c.right.name
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
