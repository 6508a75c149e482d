// Package issuertest is a scripted issuer for tests: real keys, real signatures,
// real HTTP.
package issuertest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Issuer publishes its keys at URL and counts who asks for them.
type Issuer struct {
	*httptest.Server
	Fetches atomic.Int64

	mu     sync.Mutex
	keys   []jose.JSONWebKey // private; the last one signs
	script http.HandlerFunc
	made   int
}

// New starts an issuer with one ES256 key.
func New(t testing.TB) *Issuer {
	i := &Issuer{}
	i.Rotate(t, false)
	i.Server = httptest.NewServer(i)
	t.Cleanup(i.Close)
	return i
}

// Rotate adds a key that signs from now on, beside the old ones or instead of them.
func (i *Issuer) Rotate(t testing.TB, keepOld bool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if !keepOld {
		i.keys = nil
	}
	i.made++
	i.keys = append(i.keys, jose.JSONWebKey{Key: private, KeyID: "k" + strconv.Itoa(i.made), Algorithm: "ES256", Use: "sig"})
}

// Answer scripts the answers to come; nil brings the keys back.
func (i *Issuer) Answer(script http.HandlerFunc) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.script = script
}

// ServeHTTP answers with the public keys, or what the script says.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.Fetches.Add(1)
	i.mu.Lock()
	script := i.script
	i.mu.Unlock()
	if script != nil {
		script(w, r)
		return
	}
	w.Header().Set("Cache-Control", "max-age=30")
	_ = json.NewEncoder(w).Encode(i.Public())
}

// Public returns the key set that is published.
func (i *Issuer) Public() jose.JSONWebKeySet {
	i.mu.Lock()
	defer i.mu.Unlock()
	var set jose.JSONWebKeySet
	for _, k := range i.keys {
		set.Keys = append(set.Keys, k.Public())
	}
	return set
}

// Key returns the private key that signs now.
func (i *Issuer) Key() jose.JSONWebKey {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.keys[len(i.keys)-1]
}

// PublicKey returns the public half of Key.
func (i *Issuer) PublicKey() jose.JSONWebKey {
	k := i.Key()
	return k.Public()
}

// Name is the issuer's iss.
func (i *Issuer) Name() string { return i.URL + "/issuer" }

// Fields returns the payload of a good token of alice's at acme, with changes; a
// nil value removes a field.
func (i *Issuer) Fields(changes map[string]any) map[string]any {
	now := time.Now().Unix()
	fields := map[string]any{
		"iss": i.Name(), "sub": "alice", "aud": "innerdoor", "client_id": "demo", "tenant": "acme",
		"scope": "claims:read orders:read", "jti": rand.Text(), "iat": now, "exp": now + 300,
		"acr": "urn:innerdoor:acr:pwd", "amr": []string{"pwd"}, "auth_time": now,
	}
	maps.Copy(fields, changes)
	maps.DeleteFunc(fields, func(_ string, v any) bool { return v == nil })
	return fields
}

// Token signs a good token of alice's at acme, with changes.
func (i *Issuer) Token(t testing.TB, changes map[string]any) string {
	return Sign(t, i.Key(), nil, marshal(t, i.Fields(changes)))
}

// Sign signs a payload with a key; header replaces or adds header parameters.
func Sign(t testing.TB, key jose.JSONWebKey, header map[string]any, payload []byte) string {
	t.Helper()
	options := (&jose.SignerOptions{}).WithType("at+jwt")
	for name, value := range header {
		options.WithHeader(jose.HeaderKey(name), value)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(key.Algorithm), Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// Part is one part of a token in the compact form.
func Part(t testing.TB, v any) string {
	return base64.RawURLEncoding.EncodeToString(marshal(t, v))
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
