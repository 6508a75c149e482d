package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"innerdoor.example/e2e/cast"
	"innerdoor.example/e2e/harness"
)

// named is the person, with other scopes if any are given.
func named(name, scopes string) (cast.Person, error) {
	if name == "" {
		return cast.Person{}, fmt.Errorf("whose token? make token AS=alice; the cast is %s", strings.Join(names(), ", "))
	}
	person, ok := cast.Named(name)
	if !ok {
		return person, fmt.Errorf("nobody is called %q; the cast is %s", name, strings.Join(names(), ", "))
	}
	if scopes != "" {
		person.Scopes = scopes
	}
	return person, nil
}

// token prints an access token and nothing else. One that is good for another minute
// is printed again: a code of the second factor works once, and the next one is half a
// minute away.
func (h home) token(ctx context.Context, name, scopes string, out io.Writer) error {
	person, err := named(name, scopes)
	if err != nil {
		return err
	}
	s, err := h.running()
	if err != nil {
		return err
	}
	kept, key := h.kept(), name+" "+person.Scopes
	if !lasting(kept[key]) {
		system, err := harness.Attach(s.Origin, h.path("secrets.json"))
		if err != nil {
			return err
		}
		if kept[key], err = system.Token(ctx, person, person.TOTP); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(out, kept[key])
	return errors.Join(err, h.keep(kept))
}

func names() (all []string) {
	for _, p := range cast.Everyone() {
		all = append(all, p.Name)
	}
	return all
}

func lasting(token string) bool {
	fields, err := harness.Fields(token)
	if err != nil {
		return false
	}
	expires, ok := fields["exp"].(float64)
	return ok && time.Until(time.Unix(int64(expires), 0)) > time.Minute
}

// kept are the tokens that were printed before, by person and scopes.
func (h home) kept() map[string]string {
	kept := map[string]string{}
	if text, err := os.ReadFile(h.path("tokens.json")); err == nil {
		_ = json.Unmarshal(text, &kept) // unreadable: there are new ones
	}
	return kept
}

func (h home) keep(tokens map[string]string) error {
	text, err := json.Marshal(tokens)
	if err != nil {
		return err
	}
	return os.WriteFile(h.path("tokens.json"), text, 0o600)
}
