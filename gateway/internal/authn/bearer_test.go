package authn

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"innerdoor.example/gateway/internal/issuertest"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/principal/principaltest"
)

func TestAGoodTokenSaysWhoAsks(t *testing.T) {
	i := issuertest.New(t)
	b := bearerOf(t, settingsOf(i))
	got, err := present(t, b, "Bearer "+i.Token(t, map[string]any{"auth_time": 1700000000}))
	if err != nil {
		t.Fatal(err)
	}
	c := got.Context
	if got.ID != "home:alice" || got.Scope != "claims:read orders:read" || c.Tenant != "acme" || c.Issuer != i.Name() ||
		c.Client != "demo" || c.Credential != principal.CredentialBearer || c.ACR != "urn:innerdoor:acr:pwd" ||
		len(c.AMR) != 1 || c.AuthTime != 1700000000 || c.SecondFactor {
		t.Errorf("got %+v", got)
	}
}

// Every row is refused; the same issuer's unchanged token is accepted, before and after.
func TestATokenThatSaysTheWrongThingIsRefused(t *testing.T) {
	now := time.Now().Unix()
	i := issuertest.New(t)
	b := bearerOf(t, settingsOf(i))
	for name, changes := range map[string]map[string]any{
		"without sub":                   {"sub": nil},
		"without jti":                   {"jti": nil},
		"without iat":                   {"iat": nil},
		"without exp":                   {"exp": nil},
		"without aud":                   {"aud": nil},
		"without client_id":             {"client_id": nil},
		"without tenant":                {"tenant": nil},
		"without iss":                   {"iss": nil},
		"of another issuer":             {"iss": "https://elsewhere.example"},
		"of the issuer with a slash":    {"iss": i.Name() + "/"},
		"for another audience":          {"aud": "innerdoor2"},
		"for no audience":               {"aud": []string{}},
		"for an audience in upper case": {"aud": "INNERDOOR"},
		"expired":                       {"exp": now - 31, "iat": now - 100},
		"living for a day":              {"exp": now + 86400},
		"living for centuries":          {"exp": now + 1<<39},
		"expiring before it was issued": {"iat": now + 20, "exp": now + 10},
		"issued in the future":          {"iat": now + 40},
		"valid in four minutes":         {"nbf": now + 240},
		"with exp as a string":          {"exp": "2099"},
		"with exp as a fraction":        {"exp": float64(now) + 60.5},
		"with exp null":                 {"exp": json.RawMessage("null")},
		"with a negative iat":           {"iat": -1},
		"bound to a key":                {"cnf": map[string]any{"jkt": "x"}},
		"for a tenant not allowed":      {"tenant": "initech"},
		"for two tenants":               {"tenant": []string{"acme", "globex"}},
		"for the tenant in upper case":  {"tenant": "ACME"},
		"with an empty sub":             {"sub": ""},
		"with a colon in sub":           {"sub": "home:alice"},
		"with a line break in sub":      {"sub": "alice\n"},
		"with a long sub":               {"sub": strings.Repeat("a", 129)},
		"with a foreign letter in sub":  {"sub": "аlice"}, // Cyrillic а
		"with a quote in scope":         {"scope": `claims:read "`},
		"with a number for scope":       {"scope": 7},
		"with a number for acr":         {"acr": 7},
		"with a number in amr":          {"amr": []any{7}},
	} {
		t.Run(name, func(t *testing.T) {
			if f, err := present(t, b, "Bearer "+i.Token(t, changes)); !errors.Is(err, ErrRefused) {
				t.Fatalf("got %+v, %v", f, err)
			}
			if _, err := present(t, b, "Bearer "+i.Token(t, nil)); err != nil {
				t.Fatalf("the unchanged token: %v", err)
			}
		})
	}
	if n := i.Fetches.Load(); n != 1 {
		t.Errorf("%d fetches, want the one at the start", n)
	}
}

func TestClocksMayDifferByHalfAMinute(t *testing.T) {
	now := time.Now().Unix()
	i := issuertest.New(t)
	b := bearerOf(t, settingsOf(i))
	for name, changes := range map[string]map[string]any{
		"expired 20s ago": {"exp": now - 20, "iat": now - 100},
		"issued in 20s":   {"iat": now + 20},
		"valid in 20s":    {"nbf": now + 20},
	} {
		if _, err := present(t, b, "Bearer "+i.Token(t, changes)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestATokenInTheWrongFormIsRefusedAndNothingIsFetched(t *testing.T) {
	i := issuertest.New(t)
	b := bearerOf(t, settingsOf(i))
	good := i.Token(t, nil)
	parts := strings.Split(good, ".")
	payload, _ := json.Marshal(i.Fields(nil))
	with := func(header map[string]any) string { return issuertest.Sign(t, i.Key(), header, payload) }
	twice := strings.Replace(string(payload), `{`, `{"sub":"bob",`, 1)
	_, other, _ := ed25519.GenerateKey(rand.Reader)
	for name, token := range map[string]string{
		"empty":                     "",
		"one part":                  parts[0],
		"unsigned":                  parts[0] + "." + parts[1] + ".",
		"four parts":                good + ".x",
		"padded":                    good + "=",
		"with a line break":         parts[0] + "." + parts[1] + ".\n" + parts[2],
		"with white space":          good + " ",
		"with two spaces before":    " " + good,
		"loose base64":              parts[0] + "." + parts[1] + "." + parts[2][:85] + "_",
		"standard base64":           parts[0] + "." + parts[1] + ".+/" + parts[2][2:],
		"9 KiB":                     issuertest.Sign(t, i.Key(), nil, append(payload[:len(payload)-1], []byte(`,"x":"`+strings.Repeat("a", 9<<10)+`"}`)...)),
		"duplicate field":           issuertest.Sign(t, i.Key(), nil, []byte(twice)),
		"trailing JSON":             issuertest.Sign(t, i.Key(), nil, append(payload[:len(payload):len(payload)], "{}"...)),
		"no JSON object":            issuertest.Sign(t, i.Key(), nil, []byte(`"alice"`)),
		"invalid UTF-8":             issuertest.Sign(t, i.Key(), nil, []byte(strings.Replace(string(payload), "alice", "al\xffice", 1))),
		"an ID token":               with(map[string]any{"typ": "JWT"}),
		"a logout token":            with(map[string]any{"typ": "logout+jwt"}),
		"jwk in the header":         with(map[string]any{"jwk": i.PublicKey()}),
		"jku in the header":         with(map[string]any{"jku": i.URL}),
		"x5u in the header":         with(map[string]any{"x5u": i.URL}),
		"x5c in the header":         with(map[string]any{"x5c": []string{"AAAA"}}),
		"crit in the header":        with(map[string]any{"crit": []string{"b64"}, "b64": true}),
		"kid missing":               issuertest.Part(t, map[string]any{"alg": "ES256", "typ": "at+jwt"}) + "." + parts[1] + "." + parts[2],
		"alg none":                  issuertest.Part(t, map[string]any{"alg": "none", "typ": "at+jwt", "kid": "k1"}) + "." + parts[1] + ".",
		"alg none, signed":          issuertest.Part(t, map[string]any{"alg": "none", "typ": "at+jwt", "kid": "k1"}) + "." + parts[1] + "." + parts[2],
		"HS256 with the public key": hs256(t, i, payload),
		"EdDSA under the same kid":  issuertest.Sign(t, jose.JSONWebKey{Key: other, KeyID: "k1", Algorithm: "EdDSA"}, nil, payload),
		"another's key, same kid":   issuertest.Sign(t, foreignKey(t, "k1"), nil, payload),
		"signature of another body": parts[0] + "." + strings.Split(i.Token(t, map[string]any{"sub": "bob"}), ".")[1] + "." + parts[2],
	} {
		t.Run(name, func(t *testing.T) {
			if f, err := present(t, b, "Bearer "+token); !errors.Is(err, ErrRefused) {
				t.Fatalf("got %+v, %v", f, err)
			}
			if _, err := present(t, b, "Bearer "+good); err != nil {
				t.Fatalf("the good token: %v", err)
			}
		})
	}
	if n := i.Fetches.Load(); n != 1 {
		t.Errorf("%d fetches, want the one at the start", n)
	}
}

func foreignKey(t *testing.T, kid string) jose.JSONWebKey {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return jose.JSONWebKey{Key: private, KeyID: kid, Algorithm: "ES256"}
}

func hs256(t *testing.T, i *issuertest.Issuer, payload []byte) string {
	public, err := i.PublicKey().MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return issuertest.Sign(t, jose.JSONWebKey{Key: public, KeyID: i.Key().KeyID, Algorithm: "HS256"}, nil, payload)
}

// H6: what travels inside is no way in.
func TestATxnTokenIsNoBearerToken(t *testing.T) {
	i := issuertest.New(t)
	b := bearerOf(t, settingsOf(i))
	signer, _ := principaltest.Keys(t)
	token := principaltest.Token(t, signer, principal.Fields{ID: "home:alice", Context: principal.Context{Tenant: "acme"}})
	if _, err := present(t, b, "Bearer "+token); !errors.Is(err, ErrRefused) {
		t.Fatal(err)
	}
}

func TestTheSecondFactorIsWhatTheIssuersSettingsCount(t *testing.T) {
	i := issuertest.New(t)
	counts, none := settingsOf(i), settingsOf(i)
	none.SecondFactor.ACR, none.SecondFactor.AMR = nil, nil
	for _, c := range []struct {
		name     string
		changes  map[string]any
		settings Issuer
		want     bool
	}{
		{"password only", nil, counts, false},
		{"no acr and amr", map[string]any{"acr": nil, "amr": nil}, counts, false},
		{"an unknown acr", map[string]any{"acr": "urn:innerdoor:acr:mfa2"}, counts, false},
		{"mfa, but nothing counts", map[string]any{"acr": "urn:innerdoor:acr:mfa"}, none, false},
		{"no acr, and nothing counts", map[string]any{"acr": nil}, none, false},
		{"acr mfa", map[string]any{"acr": "urn:innerdoor:acr:mfa"}, counts, true},
		{"amr otp", map[string]any{"amr": []string{"pwd", "otp"}}, counts, true},
	} {
		got, err := present(t, bearerOf(t, c.settings), "Bearer "+i.Token(t, c.changes))
		if err != nil || got.Context.SecondFactor != c.want {
			t.Errorf("%s: second factor %v, %v; want %v", c.name, got.Context.SecondFactor, err, c.want)
		}
	}
}

// A person is (issuer, subject): a second issuer has its own alice, and cannot speak for a tenant that is not listed.
func TestAnotherIssuersAliceIsSomebodyElse(t *testing.T) {
	home, partner := issuertest.New(t), issuertest.New(t)
	second := settingsOf(partner)
	second.Alias, second.Tenants = "other", []string{"globex"}
	b := bearerOf(t, settingsOf(home), second)
	if _, err := present(t, b, "Bearer "+partner.Token(t, nil)); !errors.Is(err, ErrRefused) {
		t.Errorf("other speaks for acme: %v", err)
	}
	forged := issuertest.Sign(t, partner.Key(), nil, []byte(strings.Replace(mustJSON(t, partner.Fields(nil)), partner.Name(), home.Name(), 1)))
	if _, err := present(t, b, "Bearer "+forged); !errors.Is(err, ErrRefused) {
		t.Errorf("other's key signs for home: %v", err)
	}
	got, err := present(t, b, "Bearer "+partner.Token(t, map[string]any{"tenant": "globex"}))
	if err != nil || got.ID != "other:alice" {
		t.Errorf("got %s, %v", got.ID, err)
	}
	nobody := settingsOf(home)
	nobody.Tenants = nil
	if _, err := present(t, bearerOf(t, nobody), "Bearer "+home.Token(t, nil)); !errors.Is(err, ErrRefused) {
		t.Errorf("an issuer without tenants speaks for acme: %v", err)
	}
}

func mustJSON(t *testing.T, v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestFieldsMayHaveOtherNames(t *testing.T) {
	i := issuertest.New(t)
	s := settingsOf(i)
	s.Fields.Tenant, s.Fields.Client, s.Fields.Scope = "org", "azp", "scp"
	got, err := present(t, bearerOf(t, s), "Bearer "+i.Token(t, map[string]any{
		"tenant": nil, "client_id": nil, "scope": "orders:manage", "org": "globex", "azp": "shop", "scp": []string{"claims:read", "claims:write"}}))
	if err != nil || got.Context.Tenant != "globex" || got.Context.Client != "shop" || got.Scope != "claims:read claims:write" {
		t.Fatalf("got %+v, %v", got, err)
	}
}

// H12
func TestExactlyOneCredentialIsTaken(t *testing.T) {
	i := issuertest.New(t)
	b := bearerOf(t, settingsOf(i))
	good := "Bearer " + i.Token(t, nil)
	for _, c := range []struct {
		name   string
		target string
		header http.Header
		want   error
	}{
		{"none", "/", nil, ErrMissing},
		{"two lines", "/", http.Header{"Authorization": {good, good}}, ErrAmbiguous},
		{"two in one line", "/", http.Header{"Authorization": {good + ", " + good}}, ErrAmbiguous},
		{"a key beside it", "/", http.Header{"Authorization": {good}, "X-Api-Key": {"k"}}, ErrAmbiguous},
		{"in the query too", "/?access_token=x", http.Header{"Authorization": {good}}, ErrAmbiguous},
		{"in the query only", "/?access_token=x", nil, ErrAmbiguous},
		{"encoded in the query", "/?a=b&Access%5Ftoken=x", http.Header{"Authorization": {good}}, ErrAmbiguous},
		{"Basic", "/", http.Header{"Authorization": {"Basic YTpi"}}, ErrRefused},
		{"DPoP", "/", http.Header{"Authorization": {"DPoP" + good[6:]}}, ErrRefused},
		{"no scheme", "/", http.Header{"Authorization": {good[7:]}}, ErrRefused},
		{"a JWS in JSON form", "/", http.Header{"Authorization": {`Bearer {"payload":"e30","signature":"e30"}`}}, ErrAmbiguous},
		{"a cookie", "/", http.Header{"Cookie": {"access_token=" + good[7:]}}, ErrMissing},
		{"scheme in lower case", "/", http.Header{"Authorization": {"b" + good[1:]}}, nil},
		{"one", "/", http.Header{"Authorization": {good}}, nil},
	} {
		r := httptest.NewRequest(http.MethodGet, c.target, nil)
		r.Header = c.header
		if _, err := b.Authenticate(t.Context(), r); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

func TestEveryAlgorithmOfTheSettingsWorksAndNoOther(t *testing.T) {
	weak, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	for algorithm, private := range map[string]any{"RS256": weak, "PS256": weak, "ES384": p384, "EdDSA": ed} {
		i := issuertest.New(t)
		key := jose.JSONWebKey{Key: private, KeyID: "other", Algorithm: algorithm}
		public := key.Public()
		public.Algorithm = "" // the key's type and the settings pin it
		i.Answer(func(w http.ResponseWriter, _ *http.Request) {
			_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{i.PublicKey(), public}})
		})
		token := issuertest.Sign(t, key, nil, []byte(mustJSON(t, i.Fields(nil))))
		if _, err := present(t, bearerOf(t, settingsOf(i)), "Bearer "+token); !errors.Is(err, ErrRefused) {
			t.Errorf("%s is not in the settings and passes: %v", algorithm, err)
		}
		s := settingsOf(i)
		s.Algorithms = append(s.Algorithms, jose.SignatureAlgorithm(algorithm))
		if _, err := present(t, bearerOf(t, s), "Bearer "+token); err != nil {
			t.Errorf("%s: %v", algorithm, err)
		}
	}
}

func BenchmarkCachedToken(b *testing.B) {
	i := issuertest.New(b)
	bearer := bearerOf(b, settingsOf(i))
	r := httptest.NewRequest(http.MethodGet, "/claims", nil)
	r.Header.Set("Authorization", "Bearer "+i.Token(b, nil))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := bearer.Authenticate(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkColdToken(b *testing.B) {
	i := issuertest.New(b)
	bearer := bearerOf(b, settingsOf(i))
	token := i.Token(b, nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := bearer.verify(b.Context(), token, time.Now()); err != nil {
			b.Fatal(err)
		}
	}
}
