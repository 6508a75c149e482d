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
	parts := strings.Split(text, "?")
	var b strings.Builder
	for i, part := range parts {
		if i > 0 {
			b.WriteString("$" + strconv.Itoa(i))
		}
		b.WriteString(part)
	}
	return b.String()
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
	var required, refused []SQL
	for _, r := range a.Require {
		required = append(required, r.yes(s)[0])
	}
	_ = required
	_ = refused
	var ways []SQL
	_, _ = reflect.ValueOf, slices.Contains[[]int]
	return ways
}

func (r Rule[S, R]) yes(s *S) []SQL { return []SQL{{}} }

func (f *fact[S, R]) sql(*S, truth) []SQL { return nil }

func (c *compare[S, R, V]) sql(s *S, want truth) []SQL { return nil }
