package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A source is a file that is rewritten so that each of its mutants can be switched on.
type source struct {
	group   *group
	file    string // relative to the root
	text    []byte
	files   *token.FileSet
	tree    *ast.File
	aliases map[string]bool // names that make rules, as authz.When does
	edits   []edit
	found   []switched
}

// An edit replaces text[from:to].
type edit struct {
	from, to int
	by       string
}

// derivations are the ways to find mutants in a file, and what must be compiled beside it.
var derivations = map[string]struct {
	find    func(*source) error
	helpers string
}{
	"rules":   {(*source).rules, ruleSwitches},
	"tenants": {(*source).tenants, textSwitch},
	"views":   {(*source).views, viewSwitch},
}

const (
	ruleSwitches = `
func switchedRule[S, R any](id string, holds bool, r authz.Rule[S, R]) authz.Rule[S, R] {
	if mutant != id {
		return r
	}
	return authz.When("mutant "+id, authz.Fact[S, R]("mutant "+id, func(*S) bool { return holds }))
}

func switchedCond[S, R any](id string, c authz.Cond[S, R]) authz.Cond[S, R] {
	if mutant != id {
		return c
	}
	return authz.Fact[S, R]("mutant "+id, func(*S) bool { return true })
}
`
	textSwitch = `
func switchedText(text string, mutants ...string) string {
	for i := 0; i < len(mutants); i += 2 {
		if mutant == mutants[i] {
			return mutants[i+1]
		}
	}
	return text
}
`
	viewSwitch = `
func switchedView[V any](id string, view, other V) V {
	if mutant != id {
		return view
	}
	return other
}
`
)

// derive finds the mutants of one file.
func (g *group) derive(file string) (*source, error) {
	path := filepath.Join(g.Test.root, file)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := &source{group: g, file: file, text: text, files: token.NewFileSet(), aliases: map[string]bool{}}
	if s.tree, err = parser.ParseFile(s.files, path, text, parser.SkipObjectResolution); err != nil {
		return nil, err
	}
	if err := derivations[g.Derive].find(s); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(s.found) == 0 {
		return nil, fmt.Errorf("%s: no %s were found in it: nothing would be proved", file, g.Derive)
	}
	return s, nil
}

// add notes a mutant and gives its id.
func (s *source) add(at ast.Node, format string, args ...any) string {
	line := s.files.Position(at.Pos()).Line
	m := switched{group: s.group, name: filepath.Base(s.file) + ": " + fmt.Sprintf(format, args...), place: fmt.Sprintf("%s:%d", s.file, line)}
	m.id = fmt.Sprintf("%s:%d:%d", s.file, line, len(s.found))
	s.found = append(s.found, m)
	return m.id
}

// wrap puts a call around an expression.
func (s *source) wrap(e ast.Expr, before, after string) {
	from, to := s.offset(e.Pos()), s.offset(e.End())
	s.edits = append(s.edits, edit{from, from, before}, edit{to, to, after})
}

func (s *source) offset(p token.Pos) int { return s.files.Position(p).Offset }

func (s *source) at(n ast.Node) string { return string(s.text[s.offset(n.Pos()):s.offset(n.End())]) }

// rewritten is the file with all its switches.
func (s *source) rewritten() string {
	slices.SortStableFunc(s.edits, func(a, b edit) int { return a.from - b.from })
	var b strings.Builder
	done := 0
	for _, e := range s.edits {
		b.Write(s.text[done:e.from])
		b.WriteString(e.by)
		done = e.to
	}
	b.Write(s.text[done:])
	return b.String()
}

// rules drops each rule, and each condition of each. A dropped permit or forbid never holds, a dropped requirement always
// does; where the code does not say which of them a rule is, it is tried both ways.
func (s *source) rules() error {
	ast.Inspect(s.tree, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 && strings.HasPrefix(s.at(v.Values[0]), "authz.When[") {
			s.aliases[v.Names[0].Name] = true
		}
		return true
	})
	var above []ast.Node
	ast.Inspect(s.tree, func(n ast.Node) bool {
		if n == nil {
			above = above[:len(above)-1]
			return true
		}
		above = append(above, n)
		if call, ok := n.(*ast.CallExpr); ok && len(call.Args) > 1 && s.makesRule(call) {
			s.rule(call, above)
		}
		return true
	})
	return nil
}

func (s *source) makesRule(call *ast.CallExpr) bool {
	name, _, _ := strings.Cut(s.at(call.Fun), "[")
	return name == "authz.When" || s.aliases[name]
}

func (s *source) rule(call *ast.CallExpr, above []ast.Node) {
	action, verb := s.surroundings(above)
	rule := strings.TrimSpace(action + " " + verb + " " + s.at(call.Args[0]))
	for _, c := range []struct {
		holds bool
		verbs []string
		what  string
	}{{false, []string{"Permit", "Forbid", ""}, "never holds"}, {true, []string{"Require", ""}, "always holds"}} {
		if slices.Contains(c.verbs, verb) {
			id := s.add(call, "%s %s", rule, c.what)
			s.wrap(call, fmt.Sprintf("switchedRule(%q, %t, ", id, c.holds), ")")
		}
	}
	if len(call.Args) == 2 && verb != "Permit" {
		return // the rule itself, dropped above
	}
	for _, cond := range call.Args[1:] {
		id := s.add(cond, "%s without %s", rule, s.at(cond))
		s.wrap(cond, fmt.Sprintf("switchedCond(%q, ", id), ")")
	}
}

// surroundings are the action in which a node stands, as the code names it, and the field of it.
func (s *source) surroundings(above []ast.Node) (action, verb string) {
	for _, n := range slices.Backward(above) {
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			if verb == "" {
				verb = s.at(n.Key)
			}
		case *ast.CompositeLit:
			for _, e := range n.Elts {
				if field, ok := e.(*ast.KeyValueExpr); ok && s.at(field.Key) == "Name" && action == "" {
					action = s.at(field.Value)
				}
			}
		case *ast.ValueSpec:
			if action == "" {
				action = n.Names[0].Name
			}
		case *ast.FuncDecl:
			if action == "" {
				action = n.Name.Name
			}
		}
	}
	return action, verb
}

var predicate = regexp.MustCompile(`\b(?:\w+\.)?tenant = (\?|\w+\.tenant)`)

// tenants makes each predicate on the tenant in an SQL text true.
func (s *source) tenants() error {
	texts := map[*ast.BasicLit]bool{}
	ast.Inspect(s.tree, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING && predicate.MatchString(l.Value) {
			texts[l] = true
			s.statement(l)
		}
		return true
	})
	for _, d := range s.tree.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST || !slices.ContainsFunc(g.Specs, func(spec ast.Spec) bool { return s.holds(spec, texts) }) {
			continue
		}
		at := s.offset(g.TokPos)
		s.edits = append(s.edits, edit{at, at + len("const"), "var"})
	}
	return nil
}

func (s *source) holds(n ast.Node, texts map[*ast.BasicLit]bool) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		l, ok := n.(*ast.BasicLit)
		found = found || ok && texts[l]
		return true
	})
	return found
}

func (s *source) statement(l *ast.BasicLit) {
	text, err := strconv.Unquote(l.Value)
	if err != nil {
		return // the compiler will say so
	}
	call := "switchedText(" + strconv.Quote(text)
	for i, at := range predicate.FindAllStringSubmatchIndex(text, -1) {
		always := "'' <> ?" // takes its argument all the same
		if text[at[2]:at[3]] != "?" {
			always = "1 = 1"
		}
		id := s.add(l, "%s without its predicate on the tenant, no. %d", named(text), i+1)
		call += ", " + strconv.Quote(id) + ", " + strconv.Quote(text[:at[0]]+always+text[at[1]:])
	}
	s.edits = append(s.edits, edit{s.offset(l.Pos()), s.offset(l.End()), call + ")"})
}

// named is what sqlc calls a statement, or the beginning of its text.
func named(text string) string {
	if name, ok := strings.CutPrefix(text, "-- name: "); ok {
		return strings.Fields(name)[0]
	}
	return fmt.Sprintf("%.40q", strings.Join(strings.Fields(text), " "))
}

// views shows, by each rule in the table of views, what another rule shows.
func (s *source) views() error {
	ast.Inspect(s.tree, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 || v.Names[0].Name != "views" {
			return true
		}
		if table, ok := v.Values[0].(*ast.CompositeLit); ok {
			s.table(table)
		}
		return true
	})
	return nil
}

func (s *source) table(table *ast.CompositeLit) {
	for _, e := range table.Elts {
		row, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		tried := map[string]bool{s.at(row.Value): true}
		for _, o := range table.Elts {
			other, ok := o.(*ast.KeyValueExpr)
			if !ok || tried[s.at(other.Value)] {
				continue
			}
			tried[s.at(other.Value)] = true
			id := s.add(row, "by %s is shown %s, not %s", s.at(row.Key), s.at(other.Value), s.at(row.Value))
			s.wrap(row.Value, fmt.Sprintf("switchedView(%q, ", id), ", "+s.at(other.Value)+")")
		}
	}
}
