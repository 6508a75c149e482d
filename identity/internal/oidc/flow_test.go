package oidc_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// fields is what a test reads in a token.
type fields struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience string   `json:"aud"`
	IssuedAt int64    `json:"iat"`
	Expires  int64    `json:"exp"`
	ID       string   `json:"jti"`
	Client   string   `json:"client_id"`
	Scope    string   `json:"scope"`
	Tenant   string   `json:"tenant"`
	ACR      string   `json:"acr"`
	AMR      []string `json:"amr"`
	AuthTime int64    `json:"auth_time"`
	Nonce    string   `json:"nonce"`
}

// read verifies a token with the published keys and returns its typ and fields.
func (w *world) read(t *testing.T, token string) (typ string, f fields) {
	t.Helper()
	set := decode[jose.JSONWebKeySet](t, w.browser().get(t, w.issuer+"/keys").body)
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	header := signed.Signatures[0].Header
	keys := set.Key(header.KeyID)
	if len(keys) != 1 {
		t.Fatalf("%d published keys have the id %q", len(keys), header.KeyID)
	}
	payload, err := signed.Verify(keys[0])
	if err != nil {
		t.Fatal(err)
	}
	typ, _ = header.ExtraHeaders[jose.HeaderType].(string)
	return typ, decode[fields](t, string(payload))
}

type tokens struct {
	AccessToken string `json:"access_token"`
	IDToken     string `json:"id_token"`
	Type        string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	Scope       string `json:"scope"`
}

// accessToken redeems the code that p brings.
func (w *world) accessToken(t *testing.T, p page) fields {
	t.Helper()
	answer := w.redeem(t, p.back(t).Get("code"))
	if answer.status != http.StatusOK {
		t.Fatalf("redeem: %d %s", answer.status, answer.body)
	}
	_, f := w.read(t, decode[tokens](t, answer.body).AccessToken)
	return f
}

func TestAStrictOutsideClientLogsAliceIn(t *testing.T) {
	w := newWorld(t)
	provider, err := gooidc.NewProvider(t.Context(), w.issuer)
	if err != nil {
		t.Fatal(err)
	}
	config := oauth2.Config{
		ClientID: "demo", RedirectURL: callback, Endpoint: provider.Endpoint(), Scopes: []string{"openid", "claims:read", "orders:read"},
	}
	secret := oauth2.GenerateVerifier()
	b := w.browser()
	login := b.get(t, config.AuthCodeURL("s-1", oauth2.S256ChallengeOption(secret), gooidc.Nonce("n-1")))
	if login.status != http.StatusOK || !strings.Contains(login.body, "Log in") {
		t.Fatalf("the login page: %d %s", login.status, login.body)
	}
	before := time.Now().Add(-time.Second).Unix()
	back := b.password(t, login, "alice")
	answer := back.back(t)
	if answer.Get("state") != "s-1" || answer.Get("iss") != w.issuer || !strings.HasPrefix(back.header.Get("Location"), callback+"?") {
		t.Fatalf("sent back to %s", back.header.Get("Location"))
	}
	got, err := config.Exchange(t.Context(), answer.Get("code"), oauth2.VerifierOption(secret))
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := got.Extra("id_token").(string)
	id, err := provider.Verifier(&gooidc.Config{ClientID: "demo", SupportedSigningAlgs: []string{"ES256"}}).Verify(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	if id.Subject != "alice" || id.Nonce != "n-1" || id.VerifyAccessToken(got.AccessToken) != nil {
		t.Errorf("ID token: %+v", id)
	}
	typ, f := w.read(t, got.AccessToken)
	if typ != "at+jwt" || f.Issuer != w.issuer || f.Subject != "alice" || f.Audience != "innerdoor" || f.Client != "demo" ||
		f.Tenant != "acme" || f.Expires-f.IssuedAt != 300 || len(f.ID) < 22 {
		t.Errorf("access token: %s %+v", typ, f)
	}
	if f.ACR != "urn:innerdoor:acr:pwd" || !slices.Equal(f.AMR, []string{"pwd"}) || f.AuthTime < before || f.AuthTime > time.Now().Unix() {
		t.Errorf("how alice logged in: %+v", f)
	}
	if f.Scope != "openid claims:read" || got.Extra("scope") != f.Scope {
		t.Errorf("scope %q: orders:read is not demo's to have", f.Scope)
	}
}

func TestACarriersComputerGetsATokenOfItsOwn(t *testing.T) {
	w := newWorld(t)
	for _, style := range []oauth2.AuthStyle{oauth2.AuthStyleInHeader, oauth2.AuthStyleInParams} {
		config := clientcredentials.Config{
			ClientID: "swift", ClientSecret: w.secrets.Clients["swift"].Secret, TokenURL: w.issuer + "/token",
			Scopes: []string{"orders:ship", "claims:read"}, AuthStyle: style,
		}
		got, err := config.Token(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		typ, f := w.read(t, got.AccessToken)
		if typ != "at+jwt" || f.Subject != "swift" || f.Client != "swift" || f.Tenant != "acme" || f.Scope != "orders:ship" {
			t.Errorf("%s %+v", typ, f)
		}
		if f.ACR != "" || f.AMR != nil || f.AuthTime != 0 || got.Extra("id_token") != nil {
			t.Errorf("nobody logged in: %+v", f)
		}
	}
}

func TestAPersonsTokenCarriesNoMoreThanAskedAndAllowed(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ who, asked, granted string }{
		{"alice", "claims:read claims:write", "claims:read claims:write"},
		{"alice", "claims:write claims:write", "claims:write"},
		{"olive", "openid claims:read claims:write", "openid claims:read"},
		{"mallory", "claims:read", "claims:read"},
	} {
		b := w.browser()
		f := w.accessToken(t, b.password(t, b.get(t, w.asking("scope", c.asked)), c.who))
		if f.Scope != c.granted || f.Subject != c.who || f.Tenant != string(w.secrets.People[c.who].Tenant) {
			t.Errorf("%s asked for %q: %+v", c.who, c.asked, f)
		}
	}
	b := w.browser()
	answer := b.password(t, b.get(t, w.asking("scope", "claims:write")), "olive").back(t)
	if answer.Get("error") != "invalid_scope" || answer.Has("code") {
		t.Errorf("nothing that olive may have was asked for: %v", answer)
	}
}

func TestThereIsAnIDTokenOnlyWhereOneIsAskedFor(t *testing.T) {
	w := newWorld(t)
	for scope, want := range map[string]bool{"openid claims:read": true, "claims:read": false} {
		b := w.browser()
		code := b.password(t, b.get(t, w.asking("scope", scope)), "alice").back(t).Get("code")
		answer := w.redeem(t, code)
		if got := decode[tokens](t, answer.body).IDToken != ""; answer.status != http.StatusOK || got != want {
			t.Errorf("%s: ID token %t", scope, got)
		}
		if answer.header.Get("Cache-Control") != "no-store" || strings.Contains(answer.body, "refresh_token") {
			t.Errorf("answer: %v %s", answer.header, answer.body)
		}
	}
}

func TestASessionSparesTheSecondLogin(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	if got := b.get(t, w.asking("prompt", "none")).back(t).Get("error"); got != "login_required" {
		t.Fatalf("without a session: %q", got)
	}
	first := w.accessToken(t, b.password(t, b.get(t, w.asking()), "alice"))
	w.wait(2 * time.Minute)
	second := w.accessToken(t, b.get(t, w.asking("prompt", "none")))
	if second.Subject != "alice" || second.AuthTime != first.AuthTime || second.ID == first.ID {
		t.Errorf("first %+v, second %+v", first, second)
	}
	if got := b.get(t, w.asking("prompt", "login")); got.status != http.StatusOK {
		t.Errorf("prompt=login: %d", got.status)
	}
	w.wait(8 * time.Hour)
	if got := b.get(t, w.asking("prompt", "none")).back(t).Get("error"); got != "login_required" {
		t.Errorf("after eight hours: %q", got)
	}
}

func TestMaxAgeAsksForThePasswordAnew(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	old := w.accessToken(t, b.password(t, b.get(t, w.asking()), "alice"))
	w.wait(10 * time.Minute)
	if f := w.accessToken(t, b.get(t, w.asking("max_age", "601"))); f.AuthTime != old.AuthTime {
		t.Errorf("young enough: %+v", f)
	}
	for _, age := range []string{"600", "0"} {
		if got := b.get(t, w.asking("max_age", age, "prompt", "none")).back(t).Get("error"); got != "login_required" {
			t.Errorf("max_age=%s: %q", age, got)
		}
	}
	if f := w.accessToken(t, b.password(t, b.get(t, w.asking("max_age", "600")), "alice")); f.AuthTime < old.AuthTime+600 {
		t.Errorf("auth_time %d is not that of the new login", f.AuthTime)
	}
}

func TestDiscoverySaysWhatThereIs(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	openid := b.get(t, w.issuer+"/.well-known/openid-configuration")
	oauth := b.get(t, strings.TrimSuffix(w.issuer, "/oidc")+"/.well-known/oauth-authorization-server/oidc")
	if openid.body != oauth.body || openid.status != http.StatusOK {
		t.Errorf("two documents:\n%s\n%s", openid.body, oauth.body)
	}
	got := decode[map[string]any](t, openid.body)
	for name, want := range map[string]string{
		"issuer":                           `"` + w.issuer + `"`,
		"authorization_endpoint":           `"` + w.issuer + `/authorize"`,
		"token_endpoint":                   `"` + w.issuer + `/token"`,
		"jwks_uri":                         `"` + w.issuer + `/keys"`,
		"response_types_supported":         `["code"]`,
		"code_challenge_methods_supported": `["S256"]`,
		"grant_types_supported":            `["authorization_code","client_credentials"]`,
		"authorization_response_iss_parameter_supported": `true`,
		"request_uri_parameter_supported":                `false`,
		"id_token_signing_alg_values_supported":          `["ES256"]`,
	} {
		if text, _ := json.Marshal(got[name]); string(text) != want {
			t.Errorf("%s: %s, want %s", name, text, want)
		}
	}
}

func TestKeysArePublishedBeforeTheySignAndAfter(t *testing.T) {
	w := newWorld(t)
	published := func() []string {
		answer := w.browser().get(t, w.issuer+"/keys")
		if got := answer.header.Get("Cache-Control"); got != "public, max-age=30" {
			t.Errorf("Cache-Control %q", got)
		}
		if strings.Contains(answer.body, `"d"`) {
			t.Fatal("a private key is published")
		}
		var ids []string
		for _, key := range decode[jose.JSONWebKeySet](t, answer.body).Keys {
			ids = append(ids, key.KeyID)
		}
		return ids
	}
	token := func() string {
		config := clientcredentials.Config{ClientID: "swift", ClientSecret: w.secrets.Clients["swift"].Secret,
			TokenURL: w.issuer + "/token", Scopes: []string{"orders:read"}}
		got, err := config.Token(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return got.AccessToken
	}
	before, old := published(), token()
	if len(before) != 2 {
		t.Fatalf("%d keys at first start, want the current and the next", len(before))
	}
	if err := w.keys.Rotate(t.Context(), w.now()); err == nil {
		t.Fatal("rotated to a key that nobody can know yet")
	}
	w.wait(15 * time.Minute)
	if err := w.keys.Rotate(t.Context(), w.now()); err != nil {
		t.Fatal(err)
	}
	after, fresh := published(), token()
	if len(after) != 3 || !slices.Contains(after, before[0]) || !slices.Contains(after, before[1]) {
		t.Errorf("before %v, after %v", before, after)
	}
	w.read(t, old) // verifies still
	w.read(t, fresh)
	if kid(t, fresh) == kid(t, old) || !slices.Contains(before, kid(t, fresh)) {
		t.Error("the new tokens are not signed by the key that was next")
	}
}

func kid(t *testing.T, token string) string {
	t.Helper()
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	return signed.Signatures[0].Header.KeyID
}

func TestARedirectKeepsTheParametersThatTheClientRegistered(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	back := b.password(t, b.get(t, w.asking("client_id", "shop", "redirect_uri", "https://shop.example/back?from=innerdoor")), "alice")
	location, err := url.Parse(back.header.Get("Location"))
	if err != nil || location.Host != "shop.example" || location.Query().Get("from") != "innerdoor" || !location.Query().Has("code") {
		t.Errorf("sent back to %s", location)
	}
}
