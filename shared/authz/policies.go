package authz

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Policies are all policies of a service, by the noun that each is about. Each is a *Policy.
type Policies map[string]interface {
	Knows(action Name) bool
	Scope(action Name) string
	Table() string
}

// Knows says whether one of them has rules for the action.
func (p Policies) Knows(action Name) bool { return p.Scope(action) != "" }

// Scope is the scope that the action needs; empty if no policy has rules for it.
func (p Policies) Scope(action Name) string {
	for _, policy := range p {
		if policy.Knows(action) {
			return policy.Scope(action)
		}
	}
	return ""
}

// String is all their tables in markdown, for the docs.
func (p Policies) String() string {
	var b strings.Builder
	for _, noun := range slices.Sorted(maps.Keys(p)) {
		fmt.Fprintf(&b, "\n### %s\n\n%s", noun, p[noun].Table())
	}
	return b.String()
}
