package oidc

import (
	"slices"
	"strings"
)

// openID asks for an ID token; it says nothing to a service.
const openID = "openid"

// validScope says whether scope is well-formed (RFC 6749 §3.3) and not empty.
func validScope(scope string) bool {
	for _, r := range []byte(scope) {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return false
		}
	}
	return strings.Trim(scope, " ") != ""
}

// narrow returns those of the asked scopes that every one of the allowed lists has.
func narrow(asked string, allowed ...string) string {
	var granted []string
	for scope := range strings.FieldsSeq(asked) {
		missing := slices.ContainsFunc(allowed, func(list string) bool { return !has(list, scope) })
		if !missing && !slices.Contains(granted, scope) {
			granted = append(granted, scope)
		}
	}
	return strings.Join(granted, " ")
}

// has says whether a space-separated list has the word.
func has(list, word string) bool { return slices.Contains(strings.Fields(list), word) }
