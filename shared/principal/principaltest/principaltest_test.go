package principaltest_test

import (
	"testing"
	"time"

	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/principal/principaltest"
)

func TestAliceIsWhomTheTestSays(t *testing.T) {
	fields := principal.Fields{ID: "home:alice", Scope: "claims:read", Context: principal.Context{Tenant: "acme"}}
	who := principaltest.Of(t, fields, "claims")
	if !who.Valid() || who.ID() != "home:alice" || who.Tenant() != "acme" || who.Peer() != "claims" || who.Scope() != "claims:read" {
		t.Errorf("got %v, %+v", who, who.Fields())
	}
	if who.Txn() == principaltest.Of(t, fields, "claims").Txn() {
		t.Error("two requests share a transaction")
	}
}

func TestNobodyInParticular(t *testing.T) {
	who := principaltest.Of(t, principal.Fields{ID: principal.AnonymousID}, "gateway")
	if !who.Anonymous() || who.Tenant() != "" {
		t.Errorf("got %+v", who.Fields())
	}
}

func TestWhoAndFromWhereAreNeverMadeUp(t *testing.T) {
	signer, _ := principaltest.Keys(t)
	for name, fields := range map[string]principal.Fields{
		"nobody":           {},
		"without a tenant": {ID: "home:alice"},
		"without an id":    {Context: principal.Context{Tenant: "acme"}},
	} {
		if _, err := signer.Sign(principaltest.Complete(fields), time.Now()); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
}

func TestEachTestHasKeysOfItsOwn(t *testing.T) {
	signer, verifier := principaltest.Keys(t)
	_, other := principaltest.Keys(t)
	token := principaltest.Token(t, signer, principal.Fields{ID: "home:alice", Context: principal.Context{Tenant: "acme"}})
	if _, err := other.Verify(token, "gateway", time.Now()); err == nil {
		t.Error("another test's token was accepted")
	}
	if _, err := verifier.Verify(token, "gateway", time.Now()); err != nil {
		t.Error(err)
	}
}
