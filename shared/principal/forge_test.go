package principal_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"innerdoor.example/shared/principal"
)

// now is the tests' clock: whole seconds, so that lifetimes are exact.
var now = time.Unix(1_800_000_000, 0)

// alice is what the gateway says of alice.
func alice() principal.Fields {
	return principal.Fields{
		ID: "home:alice", Txn: "txn-1", Scope: "claims:read claims:write", Workload: "gateway",
		Context: principal.Context{
			Tenant: "acme", Issuer: "http://localhost:8080/oidc", Client: "demo", Credential: principal.CredentialBearer,
			ACR: "urn:innerdoor:acr:mfa", AMR: []string{"pwd", "otp"}, AuthTime: 1_799_999_000, SecondFactor: true,
			Route: "claims",
		},
		Request: principal.Request{Address: "192.0.2.7"},
	}
}

// anonymous is what the gateway says of nobody in particular.
func anonymous() principal.Fields {
	return principal.Fields{
		ID: principal.AnonymousID, Txn: "txn-2", Workload: "gateway",
		Context: principal.Context{Credential: principal.CredentialAnonymous},
	}
}

// forge is an attacker who even holds a key that the services trust, so that each
// check is tried with all others out of the way.
type forge struct {
	key      ed25519.PrivateKey
	signer   *principal.Signer
	verifier *principal.Verifier
}

func newForge(t testing.TB) *forge {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := principal.NewSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := principal.NewVerifier(keySet(signer))
	if err != nil {
		t.Fatal(err)
	}
	return &forge{key: key, signer: signer, verifier: verifier}
}

func keySet(signers ...*principal.Signer) jose.JSONWebKeySet {
	var set jose.JSONWebKeySet
	for _, s := range signers {
		set.Keys = append(set.Keys, s.Public())
	}
	return set
}

func (f *forge) sign(t testing.TB, fields principal.Fields) string {
	t.Helper()
	token, err := f.signer.Sign(fields, now)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// raw signs any header and payload, well-formed or not.
func (f *forge) raw(header, payload string) string { return f.signed(header, b64(payload)) }

// header is the header of an honest token, with the given text after its members.
func (f *forge) header(more string) string {
	return `{"typ":"txntoken+jwt","alg":"EdDSA","kid":"` + f.signer.Public().KeyID + `"` + more + `}`
}

// changed signs an honest payload of alice's with some members changed; nil removes.
func (f *forge) changed(t testing.TB, members map[string]any) string {
	t.Helper()
	payload := f.payload(t)
	maps.Copy(payload, members)
	maps.DeleteFunc(payload, func(_ string, v any) bool { return v == nil })
	return f.raw(f.header(""), string(marshal(t, payload)))
}

func (f *forge) payload(t testing.TB) map[string]any {
	t.Helper()
	body, err := base64.RawURLEncoding.DecodeString(strings.Split(f.sign(t, alice()), ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	dec := json.NewDecoder(strings.NewReader(string(body)))
	dec.UseNumber()
	if err := dec.Decode(&members); err != nil {
		t.Fatal(err)
	}
	return members
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// write replaces a file at once, as a rotation does.
func write(t testing.TB, file string, content []byte) {
	t.Helper()
	next := filepath.Join(t.TempDir(), "next")
	if err := os.WriteFile(next, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, file); err != nil {
		t.Fatal(err)
	}
}

func pemKey(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// signed signs a payload part as it is spelled.
func (f *forge) signed(header, part string) string {
	signed := b64(header) + "." + part
	return signed + "." + b64(string(ed25519.Sign(f.key, []byte(signed))))
}
