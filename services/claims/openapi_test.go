package main

import (
	"cmp"
	"testing"

	"innerdoor.example/services/claims/internal/api"
	"innerdoor.example/services/claims/internal/policy"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/serve/servetest"
)

func TestTheDocumentSaysWhatIsServed(t *testing.T) {
	type record struct{}
	decisions := policy.Decisions(func(*record) principal.Tenant { return "" })
	servetest.CheckDocument(t, document, (&api.API{Document: document}).Routes(), func(a authz.Name) string {
		return cmp.Or(policy.Claims.Scope(a), policy.Notes.Scope(a), policy.Delegations.Scope(a), policy.Staff.Scope(a), decisions.Scope(a))
	})
}
