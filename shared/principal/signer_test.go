package principal_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"innerdoor.example/shared/principal"
)

func TestTheGatewaySignsNothingThatNobodyWouldBelieve(t *testing.T) {
	f := newForge(t)
	for name, spoil := range map[string]func(*principal.Fields){
		"no id":                     func(f *principal.Fields) { f.ID = "" },
		"an id without issuer":      func(f *principal.Fields) { f.ID = "alice" },
		"no txn":                    func(f *principal.Fields) { f.Txn = "" },
		"no workload":               func(f *principal.Fields) { f.Workload = "" },
		"no tenant":                 func(f *principal.Fields) { f.Context.Tenant = "" },
		"no credential":             func(f *principal.Fields) { f.Context.Credential = "" },
		"a scope with a line feed":  func(f *principal.Fields) { f.Scope = "claims:read\nclaims:write" },
		"an address with a port":    func(f *principal.Fields) { f.Request.Address = "[2001:db8::1]:443" },
		"invalid UTF-8":             func(f *principal.Fields) { f.Context.Client = "\xff" },
		"more than a header holds":  func(f *principal.Fields) { f.Context.Client = strings.Repeat("c", 8<<10) },
		"an anonymous credential":   func(f *principal.Fields) { f.Context.Credential = principal.CredentialAnonymous },
		"an anonymous with tenant":  func(f *principal.Fields) { *f = anonymous(); f.Context.Tenant = "acme" },
		"an anonymous with scope":   func(f *principal.Fields) { *f = anonymous(); f.Scope = "claims:read" },
		"an anonymous with factors": func(f *principal.Fields) { *f = anonymous(); f.Context.SecondFactor = true },
		"an anonymous with bearer":  func(f *principal.Fields) { *f = anonymous(); f.Context.Credential = principal.CredentialBearer },
	} {
		fields := alice()
		spoil(&fields)
		if token, err := f.signer.Sign(fields, now); err == nil || token != "" {
			t.Errorf("%s: signed", name)
		}
	}
	accepted(t, f, f.sign(t, alice()))
	accepted(t, f, f.sign(t, anonymous()))
}

// The draft's form, read by somebody else's library.
func TestATokenIsAJWTForOthersToo(t *testing.T) {
	f := newForge(t)
	token, err := jwt.ParseSigned(f.sign(t, alice()), []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		t.Fatal(err)
	}
	if typ := token.Headers[0].ExtraHeaders[jose.HeaderType]; typ != "txntoken+jwt" {
		t.Errorf("typ %v", typ)
	}
	var standard jwt.Claims
	var own map[string]any
	if err := token.Claims(f.signer.Public(), &standard, &own); err != nil {
		t.Fatal(err)
	}
	expect := jwt.Expected{
		Issuer: "spiffe://innerdoor.internal/gateway", Subject: "home:alice",
		AnyAudience: jwt.Audience{"innerdoor.internal"}, Time: now,
	}
	if err := standard.ValidateWithLeeway(expect, 0); err != nil {
		t.Error(err)
	}
	if life := standard.Expiry.Time().Sub(standard.IssuedAt.Time()); life != time.Minute {
		t.Errorf("lives for %v", life)
	}
	tctx, _ := own["tctx"].(map[string]any)
	if own["txn"] != "txn-1" || own["req_wl"] != "gateway" || own["scope"] != "claims:read claims:write" || tctx["tenant"] != "acme" {
		t.Errorf("says %v", own)
	}
}

func TestASmallToken(t *testing.T) {
	f := newForge(t)
	if size := len(f.sign(t, alice())); size > 850 {
		t.Errorf("%d bytes", size)
	}
}

func TestOnlyOneEd25519KeyIsASigningKey(t *testing.T) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := pemKey(t, key)
	file := filepath.Join(t.TempDir(), "txn.key")
	for name, content := range map[string][]byte{
		"empty":           nil,
		"not PEM":         []byte("key"),
		"an EC key":       pemKey(t, other),
		"a wrong label":   []byte(strings.ReplaceAll(string(good), "PRIVATE KEY", "PUBLIC KEY")),
		"two keys":        append(append([]byte{}, good...), good...),
		"half of the key": good[:len(good)/2],
	} {
		write(t, file, content)
		if _, err := principal.LoadSigner(file); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for _, inPlaceOfAFile := range []string{"", file + "-absent", string(good)} {
		if _, err := principal.LoadSigner(inPlaceOfAFile); err == nil || len(inPlaceOfAFile) > 0 && strings.Contains(err.Error(), inPlaceOfAFile) {
			t.Errorf("a file that is none: %v", err)
		}
	}
	if _, err := principal.NewSigner(key[:32]); err == nil {
		t.Error("half a key was accepted")
	}
	write(t, file, good)
	if _, err := principal.LoadSigner(file); err != nil {
		t.Error(err)
	}
}

func BenchmarkMint(b *testing.B) {
	f := newForge(b)
	fields := alice()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.signer.Sign(fields, now); err != nil {
			b.Fatal(err)
		}
	}
}
