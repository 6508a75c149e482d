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
	name, empty := c.col.name, want == no && c.col.optional
	values := slices.Sorted(slices.Values(c.right.values(s, nil)))
	values = slices.DeleteFunc(slices.Compact(values), func(v V) bool { return v == zero })
	if c.op == atMost || c.op == atLeast {
		sign := map[string]map[truth]string{atMost: {yes: " <= ?", no: " > ?"}, atLeast: {yes: " >= ?", no: " < ?"}}[c.op][want]
		known := map[bool]string{true: " OR " + name + " = ?", false: " AND " + name + " <> ?"}[empty]
		return []SQL{{name + sign + known, args(values[0], zero)}}
	}
	if want == no && !c.col.optional {
		values = append(values, zero)
	}
	if want == no {
		return []SQL{list(name, " <> ?", " NOT IN ", values)}
	}
	if c.op != in || len(values) > small {
		return []SQL{list(name, " = ?", " IN ", values)}
	}
	each := make([]SQL, len(values))
	for i, v := range values {
		each[i] = SQL{name + " = ?", args(v)}
	}
	return each
}

func list[V Scalar](name, single, many string, values []V) SQL {
	switch len(values) {
	case 0:
		return SQL{} // nothing to differ from
	case 1:
		return SQL{name + single, args(values...)}
	}
	return SQL{name + many + "(" + strings.Repeat("?, ", len(values)-1) + "?)", args(values...)}
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
