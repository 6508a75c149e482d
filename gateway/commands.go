package main

import (
	"errors"
	"fmt"
	"io"

	"innerdoor.example/shared/ops"
)

func healthcheck() error {
	var s struct{ Ops ops.Settings }
	if err := ops.Parse(&s); err != nil {
		return err
	}
	return ops.Healthcheck(s.Ops)
}

func routes(out io.Writer) error {
	var f Files
	if err := ops.Parse(&f); err != nil {
		return err
	}
	table, err := f.routes()
	if err != nil {
		return err
	}
	for _, r := range table.Routes() {
		fmt.Fprintf(out, "%s %s %s %s\n", r.Method, r.Pattern, r.Auth, r.Upstream)
	}
	return nil
}

// check tells the two kinds of files apart by what they begin to list.
func check(names []string, out io.Writer) error {
	var f Files
	if err := ops.Parse(&f); err != nil {
		return err
	}
	if len(names) == 0 {
		return errors.New("check needs a file: gateway check routes.yaml issuers.yaml")
	}
	var mistakes []error
	for _, name := range names {
		if err := f.check(name); err != nil {
			mistakes = append(mistakes, err)
			continue
		}
		fmt.Fprintf(out, "%s: good\n", name)
	}
	return errors.Join(mistakes...)
}
