package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
)

// A group is mutants that are derived from the code itself, so that a new rule, query or view cannot be forgotten. All
// of them are compiled into one test binary, each behind a switch that the environment variable MUTANT turns on.
type group struct {
	Derive     string
	Files      []string
	Test       test     // what is tried first,
	Then       []string // and then, while none was red
	Equivalent map[string]string

	found  []switched
	build  func(ctx context.Context) error // once; the tests must be green without a mutant
	binary string
}

// A switched mutant is one of a group.
type switched struct {
	group           *group
	id, name, place string
}

// prepare derives the group's mutants.
func (g *group) prepare() error {
	if derivations[g.Derive].find == nil || len(g.Files) == 0 {
		return fmt.Errorf("derive is %q: want rules, tenants or views, and files of one package", g.Derive)
	}
	var sources []*source
	for _, file := range g.Files {
		s, err := g.derive(file)
		if err != nil {
			return err
		}
		sources = append(sources, s)
		g.found = append(g.found, s.found...)
	}
	for name := range g.Equivalent {
		if !slices.ContainsFunc(g.found, func(m switched) bool { return m.name == name }) {
			return fmt.Errorf("equivalent: there is no mutant %q", name)
		}
	}
	if 20*len(g.Equivalent) > len(g.found) {
		return fmt.Errorf("%d of %d mutants are said to be equivalent: more than 5 %%", len(g.Equivalent), len(g.found))
	}
	var once sync.Once
	var failed error
	g.build = func(ctx context.Context) error {
		once.Do(func() { failed = g.compile(ctx, sources) })
		return failed
	}
	return nil
}

// compile makes the test binary that holds all the mutants.
func (g *group) compile(ctx context.Context, sources []*source) error {
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	g.binary = filepath.Join(dir, "tests")
	replace := map[string]string{}
	for i, s := range sources {
		replace[filepath.Join(g.Test.root, s.file)] = filepath.Join(dir, fmt.Sprintf("%d.go", i))
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.go", i)), []byte(s.rewritten()), 0o600))
	}
	helpers := "package " + sources[0].tree.Name.Name + "\n\nimport \"os\"\n"
	if g.Derive == "rules" {
		helpers += "import \"innerdoor.example/shared/authz\"\n"
	}
	helpers += "\nvar mutant = os.Getenv(\"MUTANT\")\n" + derivations[g.Derive].helpers
	replace[filepath.Join(g.Test.root, filepath.Dir(sources[0].file), "switches_for_mutants.go")] = filepath.Join(dir, "switches.go")
	text, bad := json.Marshal(map[string]any{"Replace": replace})
	overlay := filepath.Join(dir, "overlay.json")
	err = errors.Join(err, bad, os.WriteFile(filepath.Join(dir, "switches.go"), []byte(helpers), 0o600), os.WriteFile(overlay, text, 0o600))
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-overlay", overlay, "-o", g.binary, g.Test.Package)
	cmd.Dir = filepath.Join(g.Test.root, filepath.FromSlash(g.Test.Module))
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the mutants of %s do not compile: %w\n%s", g.Files, err, output)
	}
	for _, run := range g.runs() {
		if output, err := g.run(ctx, run, ""); err != nil || noTests.MatchString(output) {
			return fmt.Errorf("%s -run %q is red, or no test, without any mutant: %v\n%s", g.Test.Package, run, err, output)
		}
	}
	return nil
}

func (g *group) runs() []string { return append([]string{g.Test.Run}, g.Then...) }

// run runs the binary's tests as cmd/go would, with one mutant switched on.
func (g *group) run(ctx context.Context, run, mutant string) (string, error) {
	cmd := exec.CommandContext(ctx, g.binary, "-test.run", run, "-test.failfast", "-test.timeout=4m")
	cmd.Dir = filepath.Join(g.Test.root, filepath.FromSlash(g.Test.Module), filepath.FromSlash(g.Test.Package))
	cmd.Env = append(os.Environ(), "MUTANT="+mutant)
	output, err := cmd.CombinedOutput()
	return string(output), err
}

// try switches the mutant on.
func (m switched) try(ctx context.Context) result {
	if err := m.group.build(ctx); err != nil {
		return result{broken, err.Error()}
	}
	reason, equivalent := m.group.Equivalent[m.name]
	for _, run := range m.group.runs() {
		output, err := m.group.run(ctx, run, m.id)
		switch {
		case err == nil:
			continue
		case ctx.Err() != nil || !failed.MatchString(output):
			return result{broken, output}
		case equivalent:
			return result{broken, "it is said to be equivalent, but a test sees it:\n" + output}
		}
		return result{killed, output}
	}
	if equivalent {
		return result{excused, reason}
	}
	return result{survived, fmt.Sprintf("the tests %q of %s/%s stay green", m.group.runs(), m.group.Test.Module, m.group.Test.Package)}
}

// String is what was removed, and from which file and line.
func (m switched) String() string { return m.name + "  (" + m.place + ")" }

func (g *group) clean() error {
	if g.binary == "" {
		return nil
	}
	return os.RemoveAll(filepath.Dir(g.binary))
}
