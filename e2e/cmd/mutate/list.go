package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"

	"github.com/goccy/go-yaml"
)

// An entry of a list: one mutant, or a group that derives its mutants from files.
type entry struct {
	Name string `yaml:"name"`
	File string `yaml:"file"`
	Old  string `yaml:"old"`
	New  string `yaml:"new"`
	Each bool   `yaml:"each"`

	Derive     string            `yaml:"derive"`
	Files      []string          `yaml:"files"`
	Then       []string          `yaml:"then"`
	Equivalent map[string]string `yaml:"equivalent"` // name of a mutant: why no test can see it

	Test test `yaml:"test"`
}

// A suspect is a mutant of either kind.
type suspect interface {
	try(ctx context.Context) result
	String() string
}

// hunted is all that the lists name.
type hunted struct {
	suspects []suspect
	texts    []mutant
	groups   []*group
}

// load reads the lists; every mistake in them is reported at once.
func load(files []string, match *regexp.Regexp) (all hunted, err error) {
	var mistakes []error
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return hunted{}, err
		}
		root, err := findRoot(file)
		if err != nil {
			return hunted{}, err
		}
		var listed []entry
		if err := yaml.UnmarshalWithOptions(text, &listed, yaml.Strict()); err != nil {
			return hunted{}, fmt.Errorf("%s: %w", file, err)
		}
		for _, e := range listed {
			e.Test.root = root
			if err := all.add(e, match); err != nil {
				mistakes = append(mistakes, fmt.Errorf("%s: %q: %w", file, e.Name+e.Derive, err))
			}
		}
	}
	return all, errors.Join(mistakes...)
}

func (all *hunted) add(e entry, match *regexp.Regexp) error {
	if e.Derive == "" {
		found, err := mutant{Name: e.Name, File: e.File, Old: e.Old, New: e.New, Each: e.Each, Test: e.Test, root: e.Test.root}.occurrences()
		for _, m := range found {
			if match.MatchString(m.String()) {
				all.texts, all.suspects = append(all.texts, m), append(all.suspects, m)
			}
		}
		return err
	}
	g := &group{Derive: e.Derive, Files: e.Files, Test: e.Test, Then: e.Then, Equivalent: e.Equivalent}
	if err := g.prepare(); err != nil {
		return err
	}
	all.groups = append(all.groups, g)
	for _, m := range g.found {
		if match.MatchString(m.String()) {
			all.suspects = append(all.suspects, m)
		}
	}
	return nil
}
