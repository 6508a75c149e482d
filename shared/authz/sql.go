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
		for _, c := range r.conds {
			required = append(required, or(c.test.sql(s, yes)))
		}
	}
	for _, r := range a.Forbid {
		refused = append(refused, r.not(s))
	}
	for _, r := range a.Permit {
		if !r.holds(s, nil, false) {
			continue
		}
		way, values := r.ways(s)
		for _, v := range values {
			sql := and(slices.Concat(required, way, []SQL{v}, refused))
			sql.Text = d.Rebind(sql.Text)
			if !slices.ContainsFunc(ways, sql.equal) {
				ways = append(ways, sql)
			}
		}
	}
	return ways
}

// ways of a permit: what must hold, and the alternatives that the first small set in it gives.
func (r *Rule[S, R]) ways(s *S) (all, each []SQL) {
	each = []SQL{{}}
	for _, c := range r.conds {
		alternatives := c.test.sql(s, yes)
		if len(each) == 1 && len(alternatives) > 1 {
			each = alternatives
		} else {
			all = append(all, or(alternatives))
		}
	}
	return all, each
}

// not is De Morgan for a Forbid: one of its conditions is known to be no.
func (r *Rule[S, R]) not(s *S) SQL {
	var alternatives []SQL
	for _, c := range r.conds {
		if c.test.is(s, nil, no) {
			alternatives = append(alternatives, c.test.sql(s, no)...)
		}
	}
	return or(alternatives)
}

func (q SQL) equal(other SQL) bool { return q.Text == other.Text && slices.Equal(q.Args, other.Args) }

// holds for every row: what the subject alone has decided.
func (q SQL) holds() bool { return q.Text == "" }

// and puts each condition in parentheses, so that what it gives can stand next to another AND.
func and(all []SQL) SQL { return join(slices.DeleteFunc(all, SQL.holds), " AND ") }

func or(alternatives []SQL) SQL {
	switch {
	case slices.ContainsFunc(alternatives, SQL.holds):
		return SQL{}
	case len(alternatives) == 1:
		return alternatives[0]
	}
	return join(alternatives, " OR ")
}

func join(all []SQL, by string) SQL {
	var joined SQL
	texts := make([]string, len(all))
	for i, q := range all {
		texts[i] = "(" + q.Text + ")"
		joined.Args = append(joined.Args, q.Args...)
	}
	joined.Text = strings.Join(texts, by)
	return joined
}

func (f *fact[S, R]) sql(*S, truth) []SQL { return []SQL{{}} }

// sql wants a column that is known, too: a zero in it is neither yes nor, unless the column is optional, no.
func (c *compare[S, R, V]) sql(s *S, want truth) []SQL {
	var zero V
	values := slices.Sorted(slices.Values(c.right.values(s, nil)))
	values = slices.DeleteFunc(slices.Compact(values), func(v V) bool { return v == zero })
	name, optional := c.col.name, c.col.optional
	switch {
	case c.op == atMost || c.op == atLeast:
		sign := map[operator]map[truth]string{atMost: {yes: " <= ?", no: " > ?"}, atLeast: {yes: " >= ?", no: " < ?"}}[c.op][want]
		if want == no && optional {
			return []SQL{{name + sign + " OR " + name + " = ?", args(values[0], zero)}}
		}
		return []SQL{{name + sign + " AND " + name + " <> ?", args(values[0], zero)}}
	case want == no && optional:
		return []SQL{list(name, " <> ?", " NOT IN ", values)}
	case want == no:
		return []SQL{list(name, " <> ?", " NOT IN ", append(values, zero))}
	case c.op == in && len(values) <= small:
		var each []SQL
		for _, v := range values {
			each = append(each, SQL{name + " = ?", args(v)})
		}
		return each
	}
	return []SQL{list(name, " = ?", " IN ", values)}
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
