package authz

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Dialect is an engine's way to write placeholders.
type Dialect uint8

// The engines: SQLite's placeholders are "?", PostgreSQL's "$1", "$2", …
const (
	SQLite Dialect = iota
	PostgreSQL
)

// Rebind renumbers the placeholders "?" of a whole statement for the dialect. Whoever joins several ways into one statement
// asks for them in SQLite's dialect and rebinds the whole.
func (d Dialect) Rebind(text string) string {
	if d == SQLite {
		return text
	}
	for i := 1; strings.Contains(text, "?"); i++ {
		text = strings.Replace(text, "?", "$"+strconv.Itoa(i), 1)
	}
	return text
}

// SQL is a condition on rows: declared columns and placeholders only, and the placeholders' arguments (string or int64).
type SQL struct {
	Text string
	Args []any
}

// small is the size up to which a set of the subject becomes one way per value, each with an index of its own to walk.
const small = 8

// Ways gives the filters of a list: a row may be had exactly if one of them holds. There is one for each permit that this
// subject can still satisfy, and for each value of a small set in it; the walls, Require and Forbid are in each. What the
// subject alone decides leaves no trace. None: no row may be had.
func (p *Policy[S, R]) Ways(action Name, s *S, d Dialect) []SQL {
	if !p.decide(action, s, nil).Allowed() {
		return nil
	}
	a := p.actions[action]
	var required, refused, ways []SQL
	for _, r := range a.Require {
		all, each := r.ways(s)
		required = append(append(required, all...), join(" OR ", each))
	}
	for _, r := range a.Forbid {
		refused = append(refused, r.not(s))
	}
	for _, r := range a.Permit {
		if !r.holds(s, nil, false) {
			continue
		}
		all, each := r.ways(s)
		for _, one := range each {
			way := join(" AND ", slices.Concat(required, all, []SQL{one}, refused))
			way.Text = d.Rebind(way.Text)
			if !slices.ContainsFunc(ways, func(w SQL) bool { return w.Text == way.Text && slices.Equal(w.Args, way.Args) }) {
				ways = append(ways, way)
			}
		}
	}
	return ways
}

// ways to satisfy a rule: what must hold, and the alternatives that its first small set gives.
func (r *Rule[S, R]) ways(s *S) (all, each []SQL) {
	each = []SQL{{}}
	for _, c := range r.conds {
		alternatives := c.sql(s, yes)
		if len(each) == 1 && len(alternatives) > 1 {
			each = alternatives
		} else {
			all = append(all, join(" OR ", alternatives))
		}
	}
	return all, each
}

// not is De Morgan for a Forbid: one of its conditions is known to be no.
func (r *Rule[S, R]) not(s *S) SQL {
	var alternatives []SQL
	for _, c := range r.conds {
		if c.is(s, nil, no) {
			alternatives = append(alternatives, c.sql(s, no)...)
		}
	}
	return join(" OR ", alternatives)
}

// join puts each part in parentheses. The empty part holds for every row: AND leaves it out, OR is it.
func join(by string, parts []SQL) (joined SQL) {
	if by == " OR " && len(parts) == 1 {
		return parts[0]
	}
	for _, part := range parts {
		switch {
		case part.Text != "" && joined.Text != "":
			joined.Text += by + "(" + part.Text + ")"
		case part.Text != "":
			joined.Text = "(" + part.Text + ")"
		case by == " OR ":
			return SQL{}
		}
		joined.Args = append(joined.Args, part.Args...)
	}
	return joined
}

// sql wants a column that is known, too: a zero in it is neither yes nor, unless the column is optional, no.
func (c *compare[S, R, V]) sql(s *S, want truth) []SQL {
	var zero V
	values := slices.Sorted(slices.Values(c.right.values(s, nil)))
	values = slices.DeleteFunc(slices.Compact(values), func(v V) bool { return v == zero })
	if c.op == atMost || c.op == atLeast {
		return []SQL{c.ordered(values[0], want)}
	}
	equals, among := c.col.name+" = ?", c.col.name+" IN "
	if want == no {
		equals, among = c.col.name+" <> ?", c.col.name+" NOT IN "
		if !c.col.optional {
			values = append(values, zero)
		}
	}
	switch {
	case len(values) == 0: // an empty set: every row is known not to be in it
		return []SQL{{}}
	case len(values) == 1 || want == yes && c.op == in && len(values) <= small:
		each := make([]SQL, len(values))
		for i, v := range values {
			each[i] = SQL{equals, args(v)}
		}
		return each
	}
	return []SQL{{among + "(" + strings.Repeat("?, ", len(values)-1) + "?)", args(values...)}}
}

func (c *compare[S, R, V]) ordered(limit V, want truth) SQL {
	var zero V
	sign, known := " >= ?", " AND "+c.col.name+" <> ?"
	switch {
	case c.op == atMost && want == yes:
		sign = " <= ?"
	case c.op == atMost:
		sign = " > ?"
	case want == no:
		sign = " < ?"
	}
	if want == no && c.col.optional {
		known = " OR " + c.col.name + " = ?"
	}
	return SQL{c.col.name + sign + known, args(limit, zero)}
}

// args are what every driver takes: string or int64.
func args[V Scalar](values ...V) []any {
	plain := make([]any, len(values))
	for i, v := range values {
		if r := reflect.ValueOf(v); r.CanInt() {
			plain[i] = r.Int()
		} else {
			plain[i] = r.String()
		}
	}
	return plain
}
