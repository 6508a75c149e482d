package oidc_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// loggedIn is a browser in which alice has logged in: all that it is refused, it is
// refused because of the request.
func loggedIn(t *testing.T, w *world) *browser {
	t.Helper()
	b := w.browser()
	if code := b.password(t, b.get(t, w.asking()), "alice").back(t).Get("code"); code == "" {
		t.Fatal("alice cannot log in")
	}
	return b
}

func TestARequestThatNamesNoPlaceToReturnToIsAnsweredOnAPage(t *testing.T) {
	w := newWorld(t)
	b := loggedIn(t, w)
	for name, url := range map[string]string{
		"no client":                    w.asking("client_id", "-"),
		"an unknown client":            w.asking("client_id", "nobody"),
		"a person as client":           w.asking("client_id", "alice"),
		"no redirect URI":              w.asking("redirect_uri", "-"),
		"two redirect URIs":            w.asking() + "&redirect_uri=https%3A%2F%2Fevil.example%2F",
		"two clients":                  w.asking() + "&client_id=demo",
		"another site":                 w.asking("redirect_uri", "https://evil.example/callback"),
		"another client's URI":         w.asking("redirect_uri", "https://shop.example/back?from=innerdoor"),
		"another path":                 w.asking("redirect_uri", "http://127.0.0.1:5001/callback/x"),
		"a longer path":                w.asking("redirect_uri", "http://127.0.0.1:5001/callbackx"),
		"a query":                      w.asking("redirect_uri", callback+"?x=1"),
		"a fragment":                   w.asking("redirect_uri", callback+"#x"),
		"a user":                       w.asking("redirect_uri", "http://127.0.0.1:80@evil.example/callback"),
		"a user without a port":        w.asking("redirect_uri", "http://127.0.0.1@evil.example/callback"),
		"a longer host":                w.asking("redirect_uri", "http://127.0.0.1.evil.example/callback"),
		"localhost by name":            w.asking("redirect_uri", "http://localhost:5001/callback"),
		"the other loopback":           w.asking("redirect_uri", "http://[::1]:5001/callback"),
		"https":                        w.asking("redirect_uri", "https://127.0.0.1:5001/callback"),
		"upper case":                   w.asking("redirect_uri", "HTTP://127.0.0.1:5001/callback"),
		"port 0":                       w.asking("redirect_uri", "http://127.0.0.1:0/callback"),
		"port 65536":                   w.asking("redirect_uri", "http://127.0.0.1:65536/callback"),
		"no port after the colon":      w.asking("redirect_uri", "http://127.0.0.1:/callback"),
		"an escaped slash":             w.asking("redirect_uri", "http://127.0.0.1:5001%2fcallback"),
		"dots":                         w.asking("redirect_uri", "http://127.0.0.1:5001/x/../callback"),
		"a port of a site":             w.asking("client_id", "shop", "redirect_uri", "https://shop.example:8443/back?from=innerdoor"),
		"a client without redirects":   w.asking("client_id", "swift"),
		"a client and an empty string": w.asking("client_id", "swift", "redirect_uri", ""),
		"a request that is too long":   w.asking("state", strings.Repeat("s", 4<<10)),
	} {
		answer := b.get(t, url)
		if answer.status != http.StatusBadRequest || answer.header.Get("Location") != "" || strings.Contains(answer.body, "<form") {
			t.Errorf("%s: %d to %q", name, answer.status, answer.header.Get("Location"))
		}
	}
	for _, uri := range []string{callback, "http://127.0.0.1:61234/callback", "http://127.0.0.1/callback"} {
		if back := b.get(t, w.asking("redirect_uri", uri)); !back.back(t).Has("code") || !strings.HasPrefix(back.header.Get("Location"), uri+"?") {
			t.Errorf("%s is demo's: %s", uri, back.header.Get("Location"))
		}
	}
}

func TestARequestThatAsksForWhatIsNotThereIsRefusedToTheClient(t *testing.T) {
	w := newWorld(t)
	b := loggedIn(t, w)
	for name, c := range map[string]struct{ url, want string }{
		"no response type":           {w.asking("response_type", "-"), "invalid_request"},
		"implicit":                   {w.asking("response_type", "token"), "unsupported_response_type"},
		"implicit ID token":          {w.asking("response_type", "id_token"), "unsupported_response_type"},
		"hybrid":                     {w.asking("response_type", "code id_token"), "unsupported_response_type"},
		"fragment":                   {w.asking("response_mode", "fragment"), "invalid_request"},
		"no PKCE":                    {w.asking("code_challenge", "-", "code_challenge_method", "-"), "invalid_request"},
		"no challenge":               {w.asking("code_challenge", "-"), "invalid_request"},
		"PKCE plain":                 {w.asking("code_challenge_method", "plain", "code_challenge", verifier), "invalid_request"},
		"PKCE plain by omission":     {w.asking("code_challenge_method", "-"), "invalid_request"},
		"PKCE s256":                  {w.asking("code_challenge_method", "s256"), "invalid_request"},
		"a short challenge":          {w.asking("code_challenge", challenge[1:]), "invalid_request"},
		"a long challenge":           {w.asking("code_challenge", challenge+"A"), "invalid_request"},
		"a padded challenge":         {w.asking("code_challenge", challenge+"="), "invalid_request"},
		"a challenge in base64":      {w.asking("code_challenge", challenge[:42]+"+"), "invalid_request"},
		"a challenge over two lines": {w.asking("code_challenge", challenge[:41]+"\r\n"), "invalid_request"},
		"a request object":           {w.asking("request", "eyJ"), "request_not_supported"},
		"a request URI":              {w.asking("request_uri", "https://evil.example/r"), "request_uri_not_supported"},
		"no scope":                   {w.asking("scope", "-"), "invalid_scope"},
		"a malformed scope":          {w.asking("scope", "claims:read \"x\""), "invalid_scope"},
		"an unknown scope":           {w.asking("scope", "everything"), "invalid_scope"},
		"another client's scope":     {w.asking("scope", "orders:read"), "invalid_scope"},
		"two scopes":                 {w.asking() + "&scope=claims%3Awrite", "invalid_request"},
		"two nonces":                 {w.asking() + "&nonce=n-2", "invalid_request"},
		"a prompt for consent":       {w.asking("prompt", "consent"), "invalid_request"},
		"prompt none and login":      {w.asking("prompt", "none login"), "invalid_request"},
		"a negative age":             {w.asking("max_age", "-1"), "invalid_request"},
		"an age that is no number":   {w.asking("max_age", "soon"), "invalid_request"},
		"an unknown acr":             {w.asking("acr_values", "urn:other"), "unmet_authentication_requirements"},
		"a factor alice lacks":       {w.asking("acr_values", "urn:innerdoor:acr:mfa"), "unmet_authentication_requirements"},
	} {
		answer := b.get(t, c.url)
		if got := answer.back(t); got.Get("error") != c.want || got.Has("code") || got.Get("iss") != w.issuer || got.Get("state") != "s-1" {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
		if answer.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control %q", name, answer.header.Get("Cache-Control"))
		}
	}
	if got := b.get(t, w.asking()+"&state=s-2").back(t); got.Get("error") != "invalid_request" || got.Has("state") {
		t.Errorf("two states: %v", got)
	}
	if got := b.get(t, w.asking("state", "-")).back(t); !got.Has("code") || got.Has("state") {
		t.Errorf("no state: %v", got)
	}
}

func TestACodeIsBoundToItsRequestAndSpentByTheFirstTry(t *testing.T) {
	w := newWorld(t)
	b := loggedIn(t, w)
	for name, changes := range map[string][]string{
		"another verifier":    {"code_verifier", strings.Repeat("a", 43)},
		"the challenge":       {"code_verifier", challenge},
		"a short verifier":    {"code_verifier", "short"},
		"another redirect":    {"redirect_uri", "http://127.0.0.1:5002/callback"},
		"no port":             {"redirect_uri", "http://127.0.0.1/callback"},
		"the redirect's case": {"redirect_uri", "http://127.0.0.1:5001/Callback"},
	} {
		code := b.get(t, w.asking()).back(t).Get("code")
		if got := w.redeem(t, code, changes...); got.status != http.StatusBadRequest || !strings.Contains(got.body, `"invalid_grant"`) {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
		if got := w.redeem(t, code); got.status != http.StatusBadRequest {
			t.Errorf("%s: the code outlived a wrong try", name)
		}
	}

	code := b.get(t, w.asking()).back(t).Get("code")
	if got := w.redeem(t, code, "client_id", "shop"); got.status != http.StatusBadRequest || !strings.Contains(got.body, `"invalid_grant"`) {
		t.Errorf("another client: %d %s", got.status, got.body)
	}
	if got := w.redeem(t, code); got.status != http.StatusOK {
		t.Errorf("demo itself, after another client had tried: %d %s", got.status, got.body)
	}
	if got := w.redeem(t, code); got.status != http.StatusBadRequest || !strings.Contains(got.body, `"invalid_grant"`) {
		t.Errorf("replay: %d %s", got.status, got.body)
	}

	late := b.get(t, w.asking()).back(t).Get("code")
	w.wait(time.Minute)
	if got := w.redeem(t, late); got.status != http.StatusBadRequest {
		t.Errorf("after a minute: %d", got.status)
	}
}

func TestOfManyWhoRedeemOneCodeOnlyOneGetsTokens(t *testing.T) {
	w := newWorld(t)
	code := loggedIn(t, w).get(t, w.asking()).back(t).Get("code")
	count := atOnce(8, func(int) int { return w.redeem(t, code).status })
	if count[http.StatusOK] != 1 || count[http.StatusBadRequest] != 7 {
		t.Errorf("statuses: %v", count)
	}
}

func TestTheTokenEndpointRefusesWhatIsNotExactlyRight(t *testing.T) {
	w := newWorld(t)
	secret := w.secrets.Clients["swift"].Secret
	good := func(changes ...string) url.Values {
		return changed(url.Values{"grant_type": {"client_credentials"}, "scope": {"orders:read"}}, changes)
	}
	basic := func(id, secret string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
	}
	twice := good("client_id", "swift", "client_secret", secret)
	twice.Add("scope", "orders:ship")
	password := url.Values{"grant_type": {"password"}, "client_id": {"demo"}, "username": {"alice"}, "password": {w.secrets.People["alice"].Password}, "scope": {"openid"}}
	for name, c := range map[string]struct {
		form   url.Values
		auth   []string
		status int
		want   string
	}{
		"nothing":                        {url.Values{}, nil, 401, "invalid_client"},
		"no grant type":                  {good("grant_type", "-"), []string{basic("swift", secret)}, 400, "invalid_request"},
		"a password grant":               {password, nil, 400, "unsupported_grant_type"},
		"a refresh token":                {good("grant_type", "refresh_token"), []string{basic("swift", secret)}, 400, "unsupported_grant_type"},
		"no secret":                      {good("client_id", "swift"), nil, 401, "invalid_client"},
		"a wrong secret":                 {good("client_id", "swift", "client_secret", secret+"x"), nil, 401, "invalid_client"},
		"a wrong secret in the header":   {good(), []string{basic("swift", "x")}, 401, "invalid_client"},
		"an empty secret":                {good(), []string{basic("swift", "")}, 401, "invalid_client"},
		"the other carrier's secret":     {good("client_id", "swift", "client_secret", "x"), nil, 401, "invalid_client"},
		"an unknown client":              {good(), []string{basic("nobody", secret)}, 401, "invalid_client"},
		"a person":                       {good(), []string{basic("alice", w.secrets.People["alice"].Password)}, 401, "invalid_client"},
		"a public client":                {good("client_id", "demo"), nil, 400, "unauthorized_client"},
		"a public client with a secret":  {good("client_id", "demo", "client_secret", "x"), nil, 401, "invalid_client"},
		"header and form":                {good("client_id", "swift", "client_secret", secret), []string{basic("swift", secret)}, 400, "invalid_request"},
		"two headers":                    {good(), []string{basic("swift", secret), basic("swift", secret)}, 400, "invalid_request"},
		"another client in the form":     {good("client_id", "demo"), []string{basic("swift", secret)}, 400, "invalid_request"},
		"a bearer token":                 {good(), []string{"Bearer " + secret}, 401, "invalid_client"},
		"a header that cannot be read":   {good(), []string{"Basic !"}, 401, "invalid_client"},
		"no scope":                       {good("scope", "-"), []string{basic("swift", secret)}, 400, "invalid_scope"},
		"a scope that swift lacks":       {good("scope", "claims:read openid"), []string{basic("swift", secret)}, 400, "invalid_scope"},
		"a parameter twice":              {twice, nil, 400, "invalid_request"},
		"a code for a client without it": {url.Values{"grant_type": {"authorization_code"}, "code": {"x"}}, []string{basic("swift", secret)}, 400, "unauthorized_client"},
		"no verifier":                    {url.Values{"grant_type": {"authorization_code"}, "client_id": {"demo"}, "code": {"x"}, "redirect_uri": {callback}}, nil, 400, "invalid_request"},
		"no such code":                   {url.Values{"grant_type": {"authorization_code"}, "client_id": {"demo"}, "code": {"x"}, "redirect_uri": {callback}, "code_verifier": {verifier}}, nil, 400, "invalid_grant"},
	} {
		req := formRequest(t.Context(), w.issuer+"/token", c.form)
		req.Header["Authorization"] = c.auth
		answer := w.browser().do(t, req)
		got := decode[map[string]string](t, answer.body)
		if answer.status != c.status || got["error"] != c.want || answer.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s, want %d %s", name, answer.status, answer.body, c.status, c.want)
		}
		if challenged := strings.HasPrefix(answer.header.Get("WWW-Authenticate"), "Basic "); challenged != (c.status == 401) {
			t.Errorf("%s: WWW-Authenticate %q", name, answer.header.Get("WWW-Authenticate"))
		}
		if strings.Contains(answer.body, secret) {
			t.Errorf("%s: the answer holds the secret", name)
		}
	}
	if answer := w.browser().post(t, w.issuer+"/token", good("client_id", "swift", "client_secret", secret)); answer.status != http.StatusOK {
		t.Errorf("swift, as it should be: %d %s", answer.status, answer.body)
	}
}

func TestTheTokenEndpointReadsNothingButAFormInTheBody(t *testing.T) {
	w := newWorld(t)
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"orders:read"}, "client_id": {"swift"}, "client_secret": {w.secrets.Clients["swift"].Secret}}
	for name, req := range map[string]*http.Request{
		"in the query": formRequest(t.Context(), w.issuer+"/token?"+form.Encode(), nil),
		"some of it":   formRequest(t.Context(), w.issuer+"/token?scope=orders%3Aship", form),
	} {
		if answer := w.browser().do(t, req); answer.status != http.StatusBadRequest || !strings.Contains(answer.body, `"invalid_request"`) {
			t.Errorf("%s: %d %s", name, answer.status, answer.body)
		}
	}
	req := formRequest(t.Context(), w.issuer+"/token", form)
	req.Header.Set("Content-Type", "application/json")
	if answer := w.browser().do(t, req); answer.status != http.StatusBadRequest {
		t.Errorf("as JSON: %d", answer.status)
	}
	form.Set("scope", strings.Repeat("orders:read ", 10_000))
	if answer := w.browser().post(t, w.issuer+"/token", form); answer.status != http.StatusRequestEntityTooLarge {
		t.Errorf("120 KB: %d", answer.status)
	}
	if answer := w.browser().get(t, w.issuer+"/token"); answer.status != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", answer.status)
	}
}
