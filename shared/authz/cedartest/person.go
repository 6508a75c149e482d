package cedartest

import (
	"strings"
	"testing"

	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/principal/principaltest"
)

// Who is what tokens and connections say about a person. Without an ID it is the zero Principal: nobody.
type Who struct {
	ID           principal.ID
	Tenant       principal.Tenant
	Scope        string
	SecondFactor bool
	Peer         principal.Workload
}

// Attributes are what a service knows about the person from elsewhere, and what the token says beside it.
func (w Who) Attributes(known Attributes) Attributes {
	if w.ID == "" {
		return nil
	}
	known["id"], known["tenant"], known["scopes"] = w.ID, w.Tenant, strings.Fields(w.Scope)
	return known
}

// People are Principals from real tokens, each made once.
type People struct {
	t     testing.TB
	known map[Who]principal.Principal
}

// NewPeople makes nobody yet.
func NewPeople(t testing.TB) *People { return &People{t, map[Who]principal.Principal{}} }

// Principal of whom is described.
func (p *People) Principal(w Who) principal.Principal {
	if w.ID == "" {
		return principal.Principal{}
	}
	who, ok := p.known[w]
	if !ok {
		who = principaltest.Of(p.t, principal.Fields{
			ID: w.ID, Scope: w.Scope, Context: principal.Context{Tenant: w.Tenant, SecondFactor: w.SecondFactor},
		}, w.Peer)
		p.known[w] = who
	}
	return who
}

// Scopes are all, none, each alone, and all but each.
func Scopes[W any](set func(*W, string), all ...string) []Value[W] {
	values := []string{strings.Join(all, " "), ""}
	for _, scope := range all {
		values = append(values, scope, strings.Join(without(all, scope), " "))
	}
	return Each("scopes:", set, values...)
}

func without(all []string, one string) (rest []string) {
	for _, scope := range all {
		if scope != one {
			rest = append(rest, scope)
		}
	}
	return rest
}
