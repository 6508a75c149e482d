// Package principaltest gives tests real Principals and real Txn-Tokens. There is
// no back door: it signs with a key of its own and verifies.
package principaltest

import (
	"cmp"
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"innerdoor.example/shared/principal"
)

// Of returns the Principal of whom fields describe, come through peer. The caller
// says who and from which tenant; see [Complete] for the rest.
func Of(t testing.TB, fields principal.Fields, peer principal.Workload) principal.Principal {
	t.Helper()
	signer, verifier := Keys(t)
	who, err := verifier.Verify(Token(t, signer, fields), peer, time.Now())
	if err != nil {
		t.Fatalf("verify a token for %q: %v", fields.ID, err)
	}
	return who
}

// Keys returns a signer with a fresh key and the verifier that trusts it alone.
func Keys(t testing.TB) (*principal.Signer, *principal.Verifier) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := principal.NewSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	keys := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{signer.Public()}}
	verifier, err := principal.NewVerifier(keys)
	if err != nil {
		t.Fatal(err)
	}
	return signer, verifier
}

// Token signs the completed fields as of now.
func Token(t testing.TB, signer *principal.Signer, fields principal.Fields) string {
	t.Helper()
	token, err := signer.Sign(Complete(fields), time.Now())
	if err != nil {
		t.Fatalf("sign a token for %q: %v", fields.ID, err)
	}
	return token
}

// Complete fills in what seldom matters in a test: txn, requesting workload, kind
// of credential, issuer and client. It never makes up who, from which tenant or
// with which scopes.
func Complete(f principal.Fields) principal.Fields {
	f.Txn = cmp.Or(f.Txn, principal.NewTxn())
	f.Workload = cmp.Or(f.Workload, principal.Gateway)
	if f.ID == principal.AnonymousID {
		f.Context.Credential = cmp.Or(f.Context.Credential, principal.CredentialAnonymous)
		return f
	}
	alias, _, _ := strings.Cut(string(f.ID), ":")
	f.Context.Credential = cmp.Or(f.Context.Credential, principal.CredentialBearer)
	f.Context.Issuer = cmp.Or(f.Context.Issuer, "https://"+alias+".example")
	f.Context.Client = cmp.Or(f.Context.Client, "demo")
	return f
}
