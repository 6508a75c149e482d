package authz

import (
	"fmt"
	"strings"
)

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
