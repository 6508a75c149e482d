package edge_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"innerdoor.example/shared/principal"
)

const get = "GET /claims/c-alice HTTP/1.1\nHost: $HOST\nAuthorization: $ALICE\n"

func TestAliceEntersAndTheServiceLearnsWhoSheIs(t *testing.T) {
	s := start(t, options{})
	got := s.send(t, "GET", "/claims/c-alice?x=1", s.token(t, "alice", "acr", "urn:innerdoor:acr:mfa"), "")
	if got.status != 200 || got.body != `{"ok":true}` || got.header.Get("Txn-Id") == "" {
		t.Fatalf("got %+v", got)
	}
	a := s.one(t, "claims")
	f := a.Who.Fields()
	if a.Target != "/claims/c-alice?x=1" || f.ID != "home:alice" || f.Txn != got.header.Get("Txn-Id") || f.Scope != "claims:read orders:read" ||
		f.Context.Tenant != "acme" || f.Context.Route != "GET /claims/{id}" || !f.Context.SecondFactor || f.Request.Address != "127.0.0.1" ||
		f.Context.Credential != principal.CredentialBearer || a.Who.Peer() != "gateway" {
		t.Errorf("got %+v", f)
	}
	for name := range a.Header {
		if !slices.Contains([]string{"Txn-Token", "Accept-Encoding", "Content-Length"}, name) {
			t.Errorf("%s went in", name)
		}
	}
}

// H1, H2 (hyphens), H3, H4, H5, H7, H8, H9, H11: whatever else the client sends, the
// service sees the allowed fields and our one Txn-Token, on every kind of route.
func TestNothingOfTheClientsHeadersGoesInButTheAllowed(t *testing.T) {
	s := start(t, options{})
	requests := map[string]struct{ service, request, id string }{
		"bearer":    {"claims", get, "home:alice"},
		"anonymous": {"identity", "GET /oidc/keys HTTP/1.1\nHost: $HOST\nAuthorization: Bearer x\nCookie: a=b\n", "anonymous"},
	}
	attacks := map[string]string{
		"H1 amputation":           "Connection: close, Txn-Token\n",
		"H1 mixed case":           "Connection: close, tXN-tOKEN\n",
		"H1 two lines":            "Connection: close\nConnection: Txn-Token, Authorization\n",
		"H1 other names":          "Connection: close, Content-Type, Txn-Id, X-Forwarded-For\n",
		"H3 spelling":             "txn-token: forged\nTXN-TOKEN: forged\n",
		"H5 forged":               "Txn-Token: forged\n",
		"H5 forged twice":         "Txn-Token: forged\nTxn-Token: forged\n",
		"H7 forwarded":            "X-Forwarded-For: 10.0.0.1\nForwarded: for=10.0.0.1\nX-Real-IP: 10.0.0.1\nX-Forwarded-Host: evil\nX-Forwarded-Proto: https\n",
		"H8 other targets":        "X-Original-URL: /claims/c-bob\nX-Rewrite-URL: /claims/c-bob\nX-Forwarded-Uri: /claims/c-bob\n",
		"H9 other methods":        "X-HTTP-Method-Override: DELETE\nX-HTTP-Method: DELETE\nX-Method-Override: DELETE\n",
		"H11 certificates":        "Client-Cert: :AAAA:\nX-Forwarded-Client-Cert: By=x\nX-SSL-Client-Cert: x\n",
		"identity in plain words": "X-User: bob\nX-User-Id: bob\nX-Tenant: globex\nX-Scope: all\n",
		"upgrade":                 "Connection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Key: x\n",
		"h2c":                     "Connection: Upgrade, HTTP2-Settings\nUpgrade: h2c\nHTTP2-Settings: AAMAAABkAAQAAP__\n",
		"trailers":                "TE: trailers\nTrailer: Txn-Token\n",
		"tracing":                 "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\nTxn-Id: mine\n",
	}
	for kind, r := range requests {
		for name, lines := range attacks {
			t.Run(kind+"/"+name, func(t *testing.T) {
				got := s.raw(t, r.request+lines+"\n")
				if got.status != 200 {
					t.Fatalf("got %+v", got)
				}
				a := s.one(t, r.service)
				if string(a.Who.ID()) != r.id || a.Method != "GET" || a.Who.Fields().Request.Address != "127.0.0.1" {
					t.Errorf("arrived as %s %s of %+v", a.Method, a.Target, a.Who.Fields())
				}
				for field := range a.Header {
					if !slices.Contains([]string{"Txn-Token", "Accept-Encoding", "Content-Length"}, field) {
						t.Errorf("%s: %q went in", field, a.Header[field])
					}
				}
				if a.Who.Txn() != got.header.Get("Txn-Id") || a.Who.Txn() == "mine" {
					t.Errorf("txn %s inside, %s outside", a.Who.Txn(), got.header.Get("Txn-Id"))
				}
			})
		}
	}
}

func TestTheAllowedHeadersGoIn(t *testing.T) {
	s := start(t, options{})
	s.raw(t, "POST /claims HTTP/1.1\nHost: $HOST\nAuthorization: $ALICE\nContent-Type: application/json\nIdempotency-Key: k\nIf-Match: \"3\"\nAccept: */*\nContent-Length: 2\n\n{}")
	a := s.one(t, "claims")
	for name, want := range map[string]string{"Content-Type": "application/json", "Idempotency-Key": "k", "If-Match": `"3"`, "Accept": "*/*", "Content-Length": "2"} {
		if a.Header.Get(name) != want {
			t.Errorf("%s: %q arrived, want %q", name, a.Header.Get(name), want)
		}
	}
	if a.Body != "{}" {
		t.Errorf("body %q arrived", a.Body)
	}
}

// The client's own credential goes to identity, where the route says so, and nowhere else.
func TestCredentialsGoToIdentityAlone(t *testing.T) {
	s := start(t, options{})
	s.raw(t, "POST /oidc/token HTTP/1.1\nHost: $HOST\nAuthorization: Basic c3dpZnQ6eA==\nCookie: login=1\nContent-Length: 0\n\n")
	if a := s.one(t, "identity"); a.Header.Get("Authorization") != "Basic c3dpZnQ6eA==" || a.Header.Get("Cookie") != "login=1" || !a.Who.Anonymous() {
		t.Errorf("identity got %+v", a)
	}
	s.raw(t, get+"Cookie: login=1\n\n")
	if a := s.one(t, "claims"); a.Header.Get("Authorization") != "" || a.Header.Get("Cookie") != "" {
		t.Errorf("claims got %+v", a.Header)
	}
}

// H2, H6, H9, H10, H12: refused, and nothing arrives anywhere; alice's plain request does.
func TestRequestsThatTwoReadersCouldReadInTwoWaysAreRefused(t *testing.T) {
	s := start(t, options{})
	for name, c := range map[string]struct {
		request string
		status  int
	}{
		"H2 underscore":            {get + "Txn_Token: forged\n\n", 400},
		"H2 another underscore":    {get + "X_Forwarded_User: bob\n\n", 400},
		"H2 underscore, anonymous": {"GET /oidc/keys HTTP/1.1\nHost: $HOST\nX_User: bob\n\n", 400},
		"H9 lower case method":     {"get /claims/c-alice HTTP/1.1\nHost: $HOST\nAuthorization: $ALICE\n\n", 405},
		"H9 TRACE":                 {"TRACE /claims/c-alice HTTP/1.1\nHost: $HOST\n\n", 405},
		"H9 OPTIONS":               {"OPTIONS /claims/c-alice HTTP/1.1\nHost: $HOST\n\n", 405},
		"H9 OPTIONS *":             {"OPTIONS * HTTP/1.1\nHost: $HOST\n\n", 405},
		"H9 CONNECT":               {"CONNECT claims:443 HTTP/1.1\nHost: $HOST\n\n", 405},
		"H12 two lines":            {get + "Authorization: $ALICE\n\n", 400},
		"H12 two in one":           {"GET /claims/c-alice HTTP/1.1\nHost: $HOST\nAuthorization: $ALICE, $ALICE\n\n", 400},
		"H12 in the query":         {"GET /claims/c-alice?access_token=x HTTP/1.1\nHost: $HOST\nAuthorization: $ALICE\n\n", 400},
		"H12 key and bearer":       {get + "X-Api-Key: k\n\n", 400},
		"H12 two lines, anonymous": {"GET /oidc/keys HTTP/1.1\nHost: $HOST\nAuthorization: a\nAuthorization: b\n\n", 400},
		"two content types":        {get + "Content-Type: a/b\nContent-Type: c/d\n\n", 400},
		"wrong method":             {"DELETE /claims/c-alice HTTP/1.1\nHost: $HOST\nAuthorization: $ALICE\n\n", 405},
		"unlisted":                 {"GET /internal/orders/o-alice/coverage HTTP/1.1\nHost: $HOST\nAuthorization: $ALICE\n\n", 404},
		"no credential":            {"GET /claims/c-alice HTTP/1.1\nHost: $HOST\n\n", 401},
	} {
		t.Run(name, func(t *testing.T) {
			got := s.raw(t, c.request)
			got.problem(t, c.status)
			if c.status == 405 && got.header.Get("Allow") == "" {
				t.Error("405 without Allow")
			}
			if seen := s.arrived(); len(seen) != 0 {
				t.Errorf("arrived: %+v", seen)
			}
			if got := s.raw(t, get+"\n"); got.status != 200 {
				t.Errorf("alice's plain request: %+v", got)
			}
			s.arrived()
		})
	}
}

// H10: net/http itself answers these, before us.
func TestControlCharactersInHeadersAreRefused(t *testing.T) {
	s := start(t, options{})
	for name, line := range map[string]string{
		"NUL":         "X-A: a\x00b\n",
		"bare CR":     "X-A: a\rTxn-Token: b\n",
		"bad name":    "X A: b\n",
		"obs-fold":    " Txn-Token: b\n",
		"name in UTF": "X-ä: b\n",
	} {
		if got := s.raw(t, get+line+"\n"); got.status != 400 && !(name == "obs-fold" && got.status == 401) { // folded into the credential
			t.Errorf("%s: %+v", name, got)
		}
	}
	if seen := s.arrived(); len(seen) != 0 {
		t.Errorf("arrived: %+v", seen)
	}
	if strings.Contains(s.log.String(), "\x00") {
		t.Error("a NUL is in the log")
	}
}

// H7: only a configured peer is believed about whose request it passes on.
func TestTheAddressIsTakenFromTrustedProxiesOnly(t *testing.T) {
	s := start(t, options{trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}})
	for forwarded, want := range map[string]string{
		"":                                      "127.0.0.1",
		"X-Forwarded-For: 192.0.2.1\n":          "192.0.2.1",
		"X-Forwarded-For: 6.6.6.6, 192.0.2.1\n": "192.0.2.1", // what the client made up is further left
		"X-Forwarded-For: 6.6.6.6, 192.0.2.1, 10.1.1.1\n":        "192.0.2.1",
		"X-Forwarded-For: 6.6.6.6\nX-Forwarded-For: 192.0.2.1\n": "192.0.2.1",
		"X-Forwarded-For: nonsense\n":                            "127.0.0.1",
		"X-Real-IP: 6.6.6.6\nForwarded: for=6.6.6.6\n":           "127.0.0.1",
	} {
		s.raw(t, get+forwarded+"\n")
		if a := s.one(t, "claims"); a.Who.Fields().Request.Address != want {
			t.Errorf("%q: address %s, want %s", forwarded, a.Who.Fields().Request.Address, want)
		}
	}
}
