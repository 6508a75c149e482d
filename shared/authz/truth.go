package authz

import (
	"fmt"
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

func known(b bool) truth {
	if b {
		return yes
	}
	return no
}

// fact is a test of the subject alone.
type fact[S, R any] struct {
	name  string
	holds func(*S) bool
}

func (f *fact[S, R]) is(s *S, _ *R, want truth) bool { return known(f.holds(s)) == want }
func (f *fact[S, R]) text() string                   { return f.name }
func (f *fact[S, R]) mistake() string                { return "" }

type operator string

const (
	is      operator = "is"
	in      operator = "in"
	oneOf   operator = "one of"
	atMost  operator = "at most"
	atLeast operator = "at least"
)

// compare is a test of a column against one value or against many.
type compare[S, R any, V Scalar] struct {
	col     *column[R, V]
	op      operator
	right   string // the word's name, or the literals
	rightID any    // the word itself; nil: literals
	one     func(*S) V
	many    func(*S) []V
}

func (c *compare[S, R, V]) is(s *S, x *R, want truth) bool {
	if x == nil {
		return c.possible(s, want)
	}
	return c.truth(s, c.col.get(x)) == want
}

func (c *compare[S, R, V]) truth(s *S, have V) truth {
	var zero V
	if have == zero && !c.col.optional {
		return unknown
	}
	if c.many != nil {
		return c.among(have, c.many(s))
	}
	right := c.one(s)
	switch {
	case right == zero:
		return unknown
	case have == zero: // optional and empty: equals nobody, and is in no order
		return no
	case c.op == atMost:
		return known(have <= right)
	case c.op == atLeast:
		return known(have >= right)
	}
	return known(have == right)
}

func (c *compare[S, R, V]) among(have V, values []V) truth {
	var zero V
	found := known(false)
	if values == nil {
		found = unknown
	}
	for _, v := range values {
		if v == zero { // a member that is unknown: have might be it
			found = unknown
		} else if v == have {
			return yes
		}
	}
	return found
}

// possible says whether some row could give the wanted truth for this subject.
func (c *compare[S, R, V]) possible(s *S, want truth) bool {
	var zero V
	if c.many == nil {
		return c.one(s) != zero
	}
	values := c.many(s)
	if want == yes {
		return slices.ContainsFunc(values, func(v V) bool { return v != zero })
	}
	return values != nil && !slices.Contains(values, zero)
}

func (c *compare[S, R, V]) text() string {
	return fmt.Sprintf("%s %s %s", c.col.name, c.op, c.right)
}

func (c *compare[S, R, V]) mistake() string {
	var zero V
	switch {
	case !plainName(c.col.name):
		return fmt.Sprintf("column %q is not a name of letters a to z and _", c.col.name)
	case (c.op == atMost || c.op == atLeast) && !isNumber[V]():
		return fmt.Sprintf("%q compares the order of text", c.text())
	case c.op == oneOf && len(c.many(nil)) == 0:
		return fmt.Sprintf("%q lists nothing", c.text())
	case c.op == oneOf && slices.Contains(c.many(nil), zero):
		return fmt.Sprintf("%q lists an empty value", c.text())
	}
	return ""
}

func plainName(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") == ""
}
