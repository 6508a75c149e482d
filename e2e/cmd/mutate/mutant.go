package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// A mutant is one check taken away. Paths are relative to the root of the
// repository, which is found from the file that lists the mutants.
type mutant struct {
	Name string // what was removed, in words
	File string
	Old  string // the exact text; must stand in the file once, or see Each
	New  string // what stands there instead
	Each bool   // one mutant for every occurrence of Old
	Test test

	root   string
	offset int // of this occurrence in File
	source []byte
}

// A test is what must turn red.
type test struct {
	Module  string `yaml:"module"`
	Package string `yaml:"package"`
	Run     string `yaml:"run"`

	root string
}

// String says how to run the test by hand.
func (t test) String() string {
	return fmt.Sprintf("go -C %s test -run '%s' %s", t.Module, t.Run, t.Package)
}

type verdict string

const (
	killed   verdict = "killed"
	excused  verdict = "equivalent"
	survived verdict = "SURVIVED"
	broken   verdict = "BROKEN"
)

type result struct {
	verdict verdict
	output  string
}

var (
	failed  = regexp.MustCompile(`(?m)^\s*--- FAIL: |^panic: |^FAIL\s+\S+\s+[\d.]+s$`)
	noBuild = regexp.MustCompile(`\[(build|setup) failed\]`)
	noTests = regexp.MustCompile(`no tests to run|no test files`) // said by cmd/go, or by a test binary
)

// findRoot walks up to the directory that holds go.work.
func findRoot(file string) (string, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	for dir := filepath.Dir(abs); dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("%s: no go.work above it", file)
}

// occurrences turns one listed mutant into as many as its text stands for.
func (m mutant) occurrences() ([]mutant, error) {
	if m.Name == "" || m.Old == "" || m.Old == m.New || m.Test.Module == "" || m.Test.Package == "" || m.Test.Run == "" {
		return nil, errors.New("needs name, old, a different new, and test with module, package and run")
	}
	source, err := os.ReadFile(filepath.Join(m.root, m.File))
	if err != nil {
		return nil, err
	}
	m.source = source
	var found []mutant
	for at := 0; ; {
		i := bytes.Index(source[at:], []byte(m.Old))
		if i < 0 {
			break
		}
		one := m
		one.offset = at + i
		if m.Each {
			one.Name = fmt.Sprintf("%s, no. %d", m.Name, len(found)+1)
		}
		found = append(found, one)
		at += i + len(m.Old)
	}
	switch {
	case len(found) == 0:
		return nil, fmt.Errorf("%s no longer holds %q", m.File, m.Old)
	case len(found) > 1 && !m.Each:
		return nil, fmt.Errorf("%s holds %q %d times; make it longer or say each", m.File, m.Old, len(found))
	}
	return found, nil
}

// String is what was removed, and from which file and line.
func (m mutant) String() string {
	return fmt.Sprintf("%s  (%s:%d)", m.Name, m.File, 1+bytes.Count(m.source[:m.offset], []byte("\n")))
}

// try runs the mutant's test with the mutant in place.
func (m mutant) try(ctx context.Context) result {
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return result{broken, err.Error()}
	}
	defer os.RemoveAll(dir)
	overlay, err := m.overlay(dir)
	if err != nil {
		return result{broken, err.Error()}
	}
	output, err := m.Test.run(ctx, overlay)
	switch {
	case err == nil:
		return result{survived, "every test of " + m.Test.String() + " stays green"}
	case ctx.Err() != nil, noBuild.MatchString(output), noTests.MatchString(output), !failed.MatchString(output):
		return result{broken, output}
	}
	return result{killed, output}
}

// overlay writes the mutated file and cmd/go's description of it.
func (m mutant) overlay(dir string) (string, error) {
	mutated := string(m.source[:m.offset]) + m.New + string(m.source[m.offset+len(m.Old):])
	file := filepath.Join(dir, "mutated"+filepath.Ext(m.File))
	if err := os.WriteFile(file, []byte(mutated), 0o600); err != nil {
		return "", err
	}
	text, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(m.root, m.File): file}})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, text, 0o600)
}

// run runs the test. The overlay goes into GOFLAGS and not onto the command
// line, so that a test which builds the processes builds them with it as well.
func (t test) run(ctx context.Context, overlay string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-timeout=4m", "-run", t.Run, t.Package)
	cmd.Dir = filepath.Join(t.root, filepath.FromSlash(t.Module))
	cmd.Env = os.Environ()
	if overlay != "" {
		cmd.Env = append(cmd.Env, "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -overlay="+overlay))
	}
	output, err := cmd.CombinedOutput()
	return string(output), err
}
