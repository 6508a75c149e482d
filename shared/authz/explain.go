package authz

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// word is a datum of the policy as the evidence shows it.
type word[S, R any] struct {
	id   any // the declaration: two of one name are a mistake
	name string
	row  bool // of the row, else of the subject
	add  func(b []byte, s *S, x *R) []byte
}

// Read is the evidence: the value of every word of the policy by its name, in one JSON object, and not only of those that
// this decision looked at, so that a later policy can decide the old case again. Sets are whole; one that was not loaded is
// null. Without a row (x is nil) the columns are left out; without a subject there is no evidence.
func (p *Policy[S, R]) Read(s *S, x *R) json.RawMessage {
	if s == nil {
		return nil
	}
	b := append(make([]byte, 0, 64*len(p.words)), '{')
	for _, w := range p.words {
		if w.row && x == nil {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = w.add(append(appendJSON(b, w.name), ':'), s, x)
	}
	return append(b, '}')
}

// Near names, for a refusal, the rule that stood in the way or came nearest, and what it lacks, in words. For a missing
// scope the rule is "". Without a row (x is nil) it explains Open. Both are "" if the action is allowed or unknown.
func (p *Policy[S, R]) Near(action Name, s *S, x *R) (rule, lacks string) {
	a := p.actions[action]
	if a == nil || s == nil {
		return "", ""
	}
	d := p.decide(action, s, x)
	if d.Allowed() {
		return "", ""
	}
	if d.missing != "" {
		return "", "scope " + d.missing
	}
	for _, r := range a.Require {
		if lacks := r.lacking(s, x); len(lacks) > 0 {
			return r.name, texts(lacks)
		}
	}
	for _, r := range a.Forbid {
		if !r.fails(s, x, false) {
			return r.name, "not: " + texts(r.conds)
		}
	}
	nearest := slices.MinFunc(a.Permit, func(r, q Rule[S, R]) int { return len(r.lacking(s, x)) - len(q.lacking(s, x)) })
	return nearest.name, texts(nearest.lacking(s, x))
}

func (r *Rule[S, R]) lacking(s *S, x *R) []Cond[S, R] {
	return slices.DeleteFunc(slices.Clone(r.conds), func(c Cond[S, R]) bool { return c.is(s, x, yes) })
}

func texts[S, R any](conds []Cond[S, R]) string {
	all := make([]string, len(conds))
	for i, c := range conds {
		all[i] = c.text
	}
	return strings.Join(all, " and ")
}

// Table is the policy in markdown, for the docs: a line for each rule, in the order in which they are looked at. "?" marks
// a column that may be empty. The same rules give the same text.
func (p *Policy[S, R]) Table() string {
	var b strings.Builder
	b.WriteString("| action | scope | | rule | conditions |\n|---|---|---|---|---|\n")
	line := func(action, scope, verb string, rules []Rule[S, R]) {
		for _, r := range rules {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", cell(action), cell(scope), verb, cell(r.name), cell(texts(r.conds)))
		}
	}
	line("every", "", "requires", p.order[0].Require[:p.walls])
	for _, a := range p.order {
		line(string(a.Name), a.Scope, "requires", a.Require[p.walls:])
		line(string(a.Name), a.Scope, "forbids", a.Forbid)
		line(string(a.Name), a.Scope, "permits", a.Permit)
	}
	return b.String()
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// Digest names the rules: the first 16 hex digits of the SHA-256 of their table. It does not see into the Go of facts and
// accessors; the build in the record does.
func (p *Policy[S, R]) Digest() string { return p.digest }

func (c *compare[S, R, V]) words() []word[S, R] {
	column := word[S, R]{c.col, c.col.name, true, func(b []byte, _ *S, x *R) []byte { return appendJSON(b, c.col.get(x)) }}
	right := word[S, R]{c.right, c.right.name, false, func(b []byte, s *S, _ *R) []byte {
		if c.right.many != nil {
			return appendArray(b, c.right.many(s))
		}
		return appendJSON(b, c.right.one(s))
	}}
	if c.right.literal {
		return []word[S, R]{column}
	}
	return []word[S, R]{column, right}
}

func appendArray[V Scalar](b []byte, values []V) []byte {
	if values == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSON(b, v)
	}
	return append(b, ']')
}

// appendJSON appends a JSON string or number. What is not UTF-8 in a string is replaced.
func appendJSON[V Scalar](b []byte, v V) []byte {
	r := reflect.ValueOf(v)
	if r.CanInt() {
		return strconv.AppendInt(b, r.Int(), 10)
	}
	b, _ = jsontext.AppendQuote(b, r.String()) // the error only says that something was replaced
	return b
}
