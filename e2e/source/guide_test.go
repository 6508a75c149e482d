package source

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A step is a block of code in a guide: "diff" is a change of files, "sh" is a command that succeeds, "sh fails" one that
// fails, and a "text" after a command is in what it prints.
type step struct {
	kind, text string
	line       int
}

// stepsOf are the blocks of a guide, in their order.
func stepsOf(guide string) (all []step) {
	var at *step
	for n, line := range strings.Split(guide, "\n") {
		fence, is := strings.CutPrefix(line, "```")
		switch {
		case is && at == nil:
			at = &step{kind: fence, line: n + 1}
		case is:
			all, at = append(all, *at), nil
		case at != nil:
			at.text += line + "\n"
		}
	}
	return all
}

// follow does what a guide says, in a copy of the repository.
func follow(t *testing.T, name string) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	root, said := copyOfTheRepository(t), ""
	done := map[string]int{}
	for _, s := range stepsOf(string(text)) {
		done[s.kind]++
		switch s.kind {
		case "diff":
			err = apply(root, s.text)
		case "sh", "sh fails":
			said, err = shell(t, root, s.text)
			if _, ended := errors.AsType[*exec.ExitError](err); s.kind == "sh fails" && ended {
				err = nil
			} else if s.kind == "sh fails" && err == nil {
				err = errors.New("it succeeds")
			}
		case "text":
			for line := range strings.Lines(s.text) {
				if !strings.Contains(said, strings.TrimSpace(line)) {
					err = fmt.Errorf("what was printed has no %q", strings.TrimSpace(line))
				}
			}
		default:
			err = fmt.Errorf("a block of %q is nothing that a test can do", s.kind)
		}
		if err != nil {
			t.Fatalf("docs/%s:%d: %v\n%s\nwhat was printed last:\n%s", name, s.line, err, s.text, said)
		}
	}
	if done["sh"] == 0 || done["sh fails"] == 0 || done["diff"] == 0 {
		t.Errorf("docs/%s says and proves too little: %v", name, done)
	}
}

// shell runs commands in the copy. They build and start what is there, not what this test is of.
func shell(t *testing.T, root, commands string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-ec", commands)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOWORK=", "PWD="+root)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// apply changes files as a diff says. Its hunks have no numbers: what a hunk takes away, and what stands around that, must
// be in the file once.
func apply(root, diff string) error {
	var file string
	for part := range strings.SplitSeq("\n"+diff, "\n@@\n") {
		part = strings.TrimPrefix(part, "\n")
		if file != "" {
			hunk, rest, _ := strings.Cut(part, "\n--- a/")
			if err := rewrite(filepath.Join(root, file), hunk); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			part = rest
		}
		if _, name, ok := strings.Cut(part, "+++ b/"); ok {
			file = strings.TrimSpace(name)
		}
	}
	return nil
}

func rewrite(file, hunk string) error {
	var from, to strings.Builder
	for line := range strings.Lines(strings.TrimRight(hunk, "\n") + "\n") {
		sign, rest := line[:1], line[1:]
		if line == "\n" {
			sign, rest = " ", line
		}
		if sign != "+" {
			from.WriteString(rest)
		}
		if sign != "-" {
			to.WriteString(rest)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if n := strings.Count("\n"+string(text), "\n"+from.String()); n != 1 {
		return fmt.Errorf("these lines are in it %d times, not once:\n%s", n, &from)
	}
	return os.WriteFile(file, []byte(strings.Replace("\n"+string(text), "\n"+from.String(), "\n"+to.String(), 1)[1:]), 0o600)
}

// copyOfTheRepository is all files but what is built and what git keeps.
func copyOfTheRepository(t *testing.T) string {
	t.Helper()
	root, source := t.TempDir(), filepath.Join("..", "..")
	err := filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(source, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if slices.Contains([]string{".git", ".run", "bin", "out"}, entry.Name()) {
				return fs.SkipDir
			}
			return os.MkdirAll(filepath.Join(root, name), 0o700)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(root, name), content, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// contentsOf are all files below root, by name.
func contentsOf(t *testing.T, root string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		files[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestAGuidesDiffIsAppliedAsItStands(t *testing.T) {
	root := t.TempDir()
	file := filepath.Join(root, "a.txt")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const diff = "--- a/a.txt\n+++ b/a.txt\n@@\n one\n-two\n+three\n@@\n-five\n"
	for text, want := range map[string]string{
		"one\ntwo\nfour\nfive\n": "one\nthree\nfour\n",
		"one\ntwo\nfour\n":       "",
		"one\ntwo\none\ntwo\n":   "",
		"zone\ntwo\nfive\n":      "",
	} {
		write(text)
		err := apply(root, diff)
		got, _ := os.ReadFile(file)
		if (err == nil) != (want != "") || err == nil && !bytes.Equal(got, []byte(want)) {
			t.Errorf("%q becomes %q, %v; want %q", text, got, err, want)
		}
	}
}
