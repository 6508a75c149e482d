package oidc_test

import (
	"context"
	"encoding/json"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"innerdoor.example/identity/internal/account"
	"innerdoor.example/identity/internal/oidc"
	"innerdoor.example/identity/internal/seed"
	"innerdoor.example/identity/internal/signing"
	"innerdoor.example/identity/internal/store"
	"innerdoor.example/shared/mtls"
	"innerdoor.example/shared/mtls/mtlstest"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/principal/principaltest"
	"innerdoor.example/shared/serve"
)

const cast = `
scopes: [openid, claims:read, claims:write, orders:read, orders:ship]
tenants: [acme, globex]
people:
  alice: { tenant: acme }
  bob: { tenant: acme }
  sam: { tenant: acme, totp: true }
  vera: { tenant: acme, totp: true }
  mallory: { tenant: globex }
  olive: { tenant: acme, scopes: [openid, "claims:read"] }
clients:
  demo: { redirect_uris: ["http://127.0.0.1/callback"], scopes: [openid, "claims:read", "claims:write"] }
  shop: { redirect_uris: ["https://shop.example/back?from=innerdoor"], scopes: [openid, "orders:read"] }
  swift: { tenant: acme, scopes: ["orders:read", "orders:ship"] }
`

// world is identity behind its mTLS listener, and a stand-in for the gateway that
// adds the anonymous Txn-Token.
type world struct {
	issuer  string
	inner   string // https, mTLS
	store   *store.Store
	keys    *signing.Ring
	secrets *seed.Secrets
	domain  *mtlstest.Domain
	signer  *principal.Signer
	ahead   atomic.Int64 // nanoseconds that identity's clock is ahead
	address atomic.Value // of the client, as the gateway would see it
}

func (w *world) now() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }

// wait lets identity's clock go on.
func (w *world) wait(d time.Duration) { w.ahead.Add(int64(d)) }

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{domain: mtlstest.New(t), secrets: &seed.Secrets{People: map[string]seed.PersonSecret{}, Clients: map[string]seed.ClientSecret{}}}
	w.address.Store("203.0.113.7")
	var err error
	if w.store, err = store.Open(t.Context(), t.TempDir()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.store.Close() })
	file, err := seed.Read(strings.NewReader(cast))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Plant(t.Context(), w.store, w.secrets, false); err != nil {
		t.Fatal(err)
	}
	if w.keys, err = signing.Open(t.Context(), w.store, w.now()); err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(w.gateway(t))
	t.Cleanup(front.Close)
	w.issuer = front.URL + "/oidc"
	w.inner = w.serve(t)
	return w
}

// serve starts identity's inner listener.
func (w *world) serve(t *testing.T) string {
	t.Helper()
	issuer, err := oidc.ParseIssuer(w.issuer)
	if err != nil {
		t.Fatal(err)
	}
	provider, err := oidc.New(oidc.Config{
		Issuer: issuer, Audience: "innerdoor", Store: w.store, Keys: w.keys,
		Accounts: account.New(w.store, w.now), Now: w.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	signer, verifier := principaltest.Keys(t)
	w.signer = signer
	handler, err := serve.New(provider.Routes(), serve.Config{
		Verifier: verifier, Peer: mtls.Peer, Now: time.Now, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return mtlstest.Serve(t, w.domain.Identity(t, "identity"), handler)
}

// gateway is the stand-in.
func (w *world) gateway(t *testing.T) http.Handler {
	return &httputil.ReverseProxy{
		Transport: w.domain.Identity(t, "gateway").Transport("identity"),
		Rewrite: func(pr *httputil.ProxyRequest) {
			pr.SetURL(mustURL(t, w.inner))
			pr.Out.Header.Set(principal.Header, w.anonymous(t))
		},
	}
}

func (w *world) anonymous(t *testing.T) string {
	return principaltest.Token(t, w.signer, principal.Fields{
		ID: principal.AnonymousID, Request: principal.Request{Address: w.address.Load().(string)},
	})
}

// browser is a person's: it keeps cookies, and stops where it is sent to a client.
type browser struct {
	*http.Client
	w *world
}

func (w *world) browser() *browser {
	jar, _ := cookiejar.New(nil) // never fails without options
	return &browser{w: w, Client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}}
}

// page is an answer as a browser sees it.
type page struct {
	status int
	header http.Header
	body   string
}

func (b *browser) do(t *testing.T, req *http.Request) page {
	t.Helper()
	res, err := b.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return page{res.StatusCode, res.Header, string(body)}
}

func (b *browser) get(t *testing.T, url string) page {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b.do(t, req)
}

func (b *browser) post(t *testing.T, url string, form url.Values) page {
	t.Helper()
	return b.do(t, formRequest(t.Context(), url, form))
}

func formRequest(ctx context.Context, url string, form url.Values) *http.Request {
	req, _ := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req
}

var (
	hiddenField = regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)">`)
	formAction  = regexp.MustCompile(`<form method="post" action="([^"]+)">`)
)

// fill sends the page's form, its hidden fields as they are and what the person types.
func (b *browser) fill(t *testing.T, p page, typed ...string) page {
	t.Helper()
	action := formAction.FindStringSubmatch(p.body)
	if action == nil {
		t.Fatalf("there is no form on the page (%d): %s", p.status, p.body)
	}
	form := url.Values{}
	for _, field := range hiddenField.FindAllStringSubmatch(p.body, -1) {
		form.Set(field[1], html.UnescapeString(field[2]))
	}
	for i := 0; i+1 < len(typed); i += 2 {
		form.Set(typed[i], typed[i+1])
	}
	return b.post(t, html.UnescapeString(action[1]), form)
}

// password fills in the first form.
func (b *browser) password(t *testing.T, p page, who string) page {
	t.Helper()
	return b.fill(t, p, "username", who, "password", b.w.secrets.People[who].Password)
}

// code makes the person's one-time code of now, steps of 30 s from now.
func (w *world) code(t *testing.T, who string, steps int) string {
	t.Helper()
	code, err := totp.GenerateCode(w.secrets.People[who].TOTP, w.now().Add(time.Duration(steps)*30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// back returns the parameters with which the browser was sent back to the client.
func (p page) back(t *testing.T) url.Values {
	t.Helper()
	if p.status != http.StatusSeeOther {
		t.Fatalf("status %d, want a redirect: %s", p.status, p.body)
	}
	location, err := url.Parse(p.header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	return location.Query()
}

// verifier and challenge are a pair of RFC 7636, appendix B.
const (
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	callback  = "http://127.0.0.1:5001/callback"
)

// asking is a good authorization request of demo's, but for the changes: name and
// value in turn; a value of "-" takes the parameter out.
func (w *world) asking(changes ...string) string {
	return w.issuer + "/authorize?" + changed(url.Values{
		"response_type": {"code"}, "client_id": {"demo"}, "redirect_uri": {callback}, "scope": {"openid claims:read"},
		"state": {"s-1"}, "nonce": {"n-1"}, "code_challenge": {challenge}, "code_challenge_method": {"S256"},
	}, changes).Encode()
}

func changed(values url.Values, changes []string) url.Values {
	for i := 0; i+1 < len(changes); i += 2 {
		if changes[i+1] == "-" {
			values.Del(changes[i])
		} else {
			values.Set(changes[i], changes[i+1])
		}
	}
	return values
}

// redeem exchanges a code as demo does it, but for the changes.
func (w *world) redeem(t *testing.T, code string, changes ...string) page {
	t.Helper()
	return w.browser().post(t, w.issuer+"/token", changed(url.Values{
		"grant_type": {"authorization_code"}, "client_id": {"demo"}, "code": {code},
		"redirect_uri": {callback}, "code_verifier": {verifier},
	}, changes))
}

// atOnce calls f n times at once and counts what it returns.
func atOnce(n int, f func(i int) int) map[int]int {
	results := make([]int, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { results[i] = f(i) })
	}
	all.Wait()
	count := map[int]int{}
	for _, result := range results {
		count[result]++
	}
	return count
}

// decode reads a JSON answer.
func decode[T any](t *testing.T, body string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return v
}
