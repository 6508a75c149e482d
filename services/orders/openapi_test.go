package main

import (
	"testing"

	"innerdoor.example/services/orders/internal/api"
	"innerdoor.example/services/orders/internal/store"
	"innerdoor.example/shared/serve/servetest"
)

func TestTheDocumentSaysWhatIsServed(t *testing.T) {
	servetest.CheckDocument(t, document, (&api.API{Document: document}).Routes(), store.Policies.Scope)
}
