package e2e

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"innerdoor.example/e2e/cast"
	"innerdoor.example/e2e/harness"
)

// Whoever reaches a service's inner listener without the gateway.

// target is an inner operation and who carries its requests.
type target struct{ from, to, path string }

func (d target) with(from string, header http.Header) harness.Answer {
	return sys.Inside.Inner(from, d.to, http.MethodGet, d.path, header, nil)
}

// targets take a Txn-Token of alice's; identity's takes anybody's.
var targets = []target{
	{"gateway", "claims", "/claims/c-alice"},
	{"gateway", "claims", "/claims"},
	{"gateway", "orders", "/orders/o-alice"},
	{"gateway", "orders", "/orders/count"},
	{"claims", "orders", "/internal/orders/o-alice/coverage"},
	{"gateway", "identity", "/oidc/.well-known/openid-configuration"},
}

func txn(tokens ...string) http.Header { return http.Header{harness.TxnHeader: tokens} }

// stolen is a genuine Txn-Token of the person's, less than a minute old.
func stolen(t testing.TB, p cast.Person) string {
	t.Helper()
	inside(t)
	token, err := sys.Tap(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// bypassed fails unless every target refuses the attack in the way given, and takes
// the genuine token from the one whose it is to carry.
func bypassed(t *testing.T, genuine string, status int, attack func(target) harness.Answer) {
	t.Helper()
	for _, d := range targets {
		if answer := attack(d); answer.Status != status {
			t.Errorf("%s %s: %s; want %d", d.to, d.path, answer, status)
		}
		if answer := d.with(d.from, txn(genuine)); answer.Status != http.StatusOK {
			t.Errorf("%s %s: genuine: %s", d.to, d.path, answer)
		}
	}
}

func TestWithoutTLSNothingIsAnswered(t *testing.T) {
	genuine := stolen(t, cast.Alice)
	bypassed(t, genuine, http.StatusBadRequest, func(d target) harness.Answer { // Go's own answer, in plain text
		conn, err := net.Dial("tcp", inside(t).InnerAddr(d.to))
		if err != nil {
			return harness.Answer{Err: err}
		}
		defer conn.Close()
		r, _ := http.NewRequest(http.MethodGet, "http://"+d.to+d.path, nil)
		r.Header = txn(genuine)
		if err := r.Write(conn); err != nil {
			return harness.Answer{Err: err}
		}
		answer, err := http.ReadResponse(bufio.NewReader(conn), r)
		if err != nil {
			return harness.Answer{Err: err}
		}
		defer answer.Body.Close()
		if answer.Header.Get("Content-Type") != "" {
			t.Errorf("%s: answered by more than the listener: %v", d.to, answer.Header)
		}
		return harness.Answer{Status: answer.StatusCode, Header: answer.Header}
	})
}

// selfMade is a certificate that says to be the gateway's, by an authority of its own.
func selfMade(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true,
		URIs: []*url.URL{{Scheme: "spiffe", Host: "innerdoor.internal", Path: "/gateway"}},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestWithoutACertificateOfTheSystemNothingIsAnswered(t *testing.T) {
	genuine, own := stolen(t, cast.Alice), selfMade(t)
	for name, shown := range map[string][]tls.Certificate{"none": nil, "self-made": {own}} {
		t.Run(name, func(t *testing.T) {
			bypassed(t, genuine, 0, func(d target) harness.Answer { // the handshake fails
				return inside(t).InnerAs(shown, d.to, http.MethodGet, d.path, txn(genuine), nil)
			})
		})
	}
	if answer := inside(t).Inner("", "identity", http.MethodGet, "/oidc/keys", nil, nil); answer.Status != 0 {
		t.Errorf("the keys: %s", answer)
	}
}

func TestAGoodTokenOpensNothingInTheHandsOfTheWrongWorkload(t *testing.T) {
	genuine := stolen(t, cast.Alice)
	for _, wrong := range harness.Workloads {
		t.Run(wrong, func(t *testing.T) {
			for _, d := range targets {
				if d.from == wrong {
					continue
				}
				if answer := d.with(wrong, txn(genuine)); answer.Status != http.StatusForbidden {
					t.Errorf("%s at %s %s: %s", wrong, d.to, d.path, answer)
				}
				if answer := d.with(d.from, txn(genuine)); answer.Status != http.StatusOK {
					t.Errorf("%s at %s %s: %s", d.from, d.to, d.path, answer)
				}
			}
		})
	}
	for from, status := range map[string]int{"claims": http.StatusForbidden, "orders": http.StatusForbidden, "gateway": http.StatusOK} {
		if answer := inside(t).Inner(from, "identity", http.MethodGet, "/oidc/keys", nil, nil); answer.Status != status {
			t.Errorf("%s asks for the keys: %s", from, answer)
		}
	}
}

// forgery is a genuine token taken apart, to be changed in one thing and signed
// again. Its header stays as it was spelled.
type forgery struct {
	header  string
	payload map[string]any
	key     ed25519.PrivateKey
}

func segment(text []byte) string { return base64.RawURLEncoding.EncodeToString(text) }

func forge(t testing.TB, genuine string, change func(*forgery)) string {
	t.Helper()
	parts := strings.Split(genuine, ".")
	if len(parts) != 3 {
		t.Fatalf("not a token in compact form: %d parts", len(parts))
	}
	header, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	payload, err := harness.Fields(genuine)
	if err != nil {
		t.Fatal(err)
	}
	key, err := inside(t).TxnKey()
	if err != nil {
		t.Fatal(err)
	}
	for _, number := range []string{"iat", "exp"} {
		payload[number] = int64(payload[number].(float64))
	}
	f := &forgery{header: string(header), payload: payload, key: key}
	change(f)
	body, err := json.Marshal(f.payload)
	if err != nil {
		t.Fatal(err)
	}
	signed := segment([]byte(f.header)) + "." + segment(body)
	return signed + "." + segment(ed25519.Sign(f.key, []byte(signed)))
}

func TestATokenThatTheGatewayDidNotMakeForNowIsNone(t *testing.T) {
	genuine := stolen(t, cast.Alice)
	_, mallorys, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	access, err := sys.Token(t.Context(), cast.Alice, false)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Unix()
	set := func(name string, value any) func(*forgery) { return func(f *forgery) { f.payload[name] = value } }
	swap := func(old, new string) func(*forgery) {
		return func(f *forgery) {
			if !strings.Contains(f.header, old) {
				t.Fatalf("the header %s has no %s", f.header, old)
			}
			f.header = strings.Replace(f.header, old, new, 1)
		}
	}
	lasting := func(from, to int64) func(*forgery) {
		return func(f *forgery) { f.payload["iat"], f.payload["exp"] = from, to }
	}
	same := forge(t, genuine, func(*forgery) {})
	for name, token := range map[string]string{
		"another key":              forge(t, genuine, func(f *forgery) { f.key = mallorys }),
		"expired":                  forge(t, genuine, lasting(now-120, now-60)),
		"not yet made":             forge(t, genuine, lasting(now+60, now+120)),
		"made to last":             forge(t, genuine, lasting(now, now+3600)),
		"a foreign audience":       forge(t, genuine, set("aud", "elsewhere.internal")),
		"a foreign issuer":         forge(t, genuine, set("iss", "spiffe://innerdoor.internal/claims")),
		"nobody":                   forge(t, genuine, set("sub", "")),
		"nobody's tenant":          forge(t, genuine, func(f *forgery) { delete(f.payload["tctx"].(map[string]any), "tenant") }),
		"the type of access":       forge(t, genuine, swap("txntoken+jwt", "at+jwt")),
		"the type of anything":     forge(t, genuine, swap("txntoken+jwt", "JWT")),
		"no algorithm":             forge(t, genuine, swap("EdDSA", "none")),
		"no signature":             same[:strings.LastIndex(same, ".")+1],
		"a signature of something": same[:strings.LastIndex(same, ".")+1] + segment(make([]byte, ed25519.SignatureSize)),
		"alice's access token":     access,
		"not a token":              "alice",
		"empty":                    "",
	} {
		t.Run(name, func(t *testing.T) {
			bypassed(t, same, http.StatusUnauthorized, func(d target) harness.Answer { return d.with(d.from, txn(token)) })
		})
	}
}

func TestExactlyOneTokenIsTakenAndNoOtherHeaderSaysWhoAsks(t *testing.T) {
	genuine, bobs := stolen(t, cast.Alice), stolen(t, cast.Bob)
	access, err := sys.Token(t.Context(), cast.Alice, false)
	if err != nil {
		t.Fatal(err)
	}
	plain := http.Header{}
	for _, name := range []string{"X-User", "X-User-Id", "X-Forwarded-User", "X-Auth-Request-User", "X-Remote-User", "Remote-User", "X-Tenant", "Txn-Token-Sub", "X-Spiffe-Id"} {
		plain.Set(name, "home:alice")
	}
	for name, header := range map[string]http.Header{
		"no token":               {},
		"plain headers":          plain,
		"her access token":       {"Authorization": {"Bearer " + access}},
		"the token as a bearer":  {"Authorization": {"Bearer " + genuine}},
		"the same twice":         txn(genuine, genuine),
		"two people's":           txn(genuine, bobs),
		"one and an empty one":   txn(genuine, ""),
		"two in one line":        txn(genuine + ", " + genuine),
		"two spellings":          {harness.TxnHeader: {genuine}, "txn-token": {genuine}},
		"another header's name":  {"Txn_Token": {genuine}},
		"a bearer in its header": txn("Bearer " + genuine),
	} {
		t.Run(name, func(t *testing.T) {
			bypassed(t, genuine, http.StatusUnauthorized, func(d target) harness.Answer { return d.with(d.from, header) })
		})
	}
}

func TestNobodyInParticularReachesNoObject(t *testing.T) {
	recorder := record(t)
	expect(t, http.StatusOK, sys.Anyone().At(recorder.Origin), get("/oidc/.well-known/openid-configuration"))
	anonymous := one(t, recorder).Header.Get(harness.TxnHeader)
	genuine := stolen(t, cast.Alice)
	for _, d := range targets {
		want := http.StatusUnauthorized
		if d.to == "identity" {
			want = http.StatusOK
		}
		if answer := d.with(d.from, txn(anonymous)); answer.Status != want {
			t.Errorf("%s %s: %s; want %d", d.to, d.path, answer, want)
		}
		if answer := d.with(d.from, txn(genuine)); answer.Status != http.StatusOK {
			t.Errorf("%s %s: alice: %s", d.to, d.path, answer)
		}
	}
}

func TestAServicesOwnIdentityReadsNothing(t *testing.T) {
	for _, c := range []struct {
		from, to, method, path string
		status                 int
	}{
		{"claims", "orders", http.MethodGet, "/internal/orders/o-alice/coverage", http.StatusUnauthorized},
		{"claims", "orders", http.MethodGet, "/orders/o-alice", http.StatusForbidden},
		{"claims", "orders", http.MethodGet, "/orders", http.StatusForbidden},
		{"orders", "claims", http.MethodGet, "/claims/c-alice", http.StatusForbidden},
		{"orders", "claims", http.MethodGet, "/claims", http.StatusForbidden},
		{"orders", "orders", http.MethodGet, "/orders/o-alice", http.StatusForbidden},
		{"gateway", "claims", http.MethodGet, "/claims/c-alice", http.StatusUnauthorized},
		{"gateway", "claims", http.MethodPost, "/claims/c-alice/submit", http.StatusUnauthorized},
		{"gateway", "orders", http.MethodGet, "/orders/o-alice", http.StatusUnauthorized},
		{"gateway", "identity", http.MethodPost, "/oidc/token", http.StatusUnauthorized},
	} {
		if answer := inside(t).Inner(c.from, c.to, c.method, c.path, nil, nil); answer.Status != c.status {
			t.Errorf("%s alone: %s %s of %s: %s; want %d", c.from, c.method, c.path, c.to, answer, c.status)
		}
	}
	coverage := target{"claims", "orders", "/internal/orders/o-alice/coverage"}
	if answer := coverage.with("claims", txn(stolen(t, cast.Alice))); answer.Status != http.StatusOK {
		t.Errorf("claims on behalf of alice: %s", answer)
	}
}

// Coverage is decided on both: who asks, and through whom.
func TestCoverageIsToldToTheOwnerThroughClaimsOnly(t *testing.T) {
	coverage := target{"claims", "orders", "/internal/orders/o-alice/coverage"}
	alices := stolen(t, cast.Alice)
	for _, through := range []string{"gateway", "orders", "identity"} {
		if answer := coverage.with(through, txn(alices)); answer.Status != http.StatusForbidden {
			t.Errorf("alice through %s: %s", through, answer)
		}
	}
	for _, p := range []cast.Person{cast.Bob, cast.Sam, cast.Tom} {
		token := stolen(t, p)
		hidden := coverage.with("claims", txn(token))
		missing := target{"claims", "orders", "/internal/orders/o-nowhere/coverage"}.with("claims", txn(token))
		if hidden.Status != http.StatusNotFound || string(hidden.Body) != string(missing.Body) {
			t.Errorf("%s through claims: %s; no order: %s", p.Name, hidden, missing)
		}
	}
	globexs := coverage.with("claims", txn(stolen(t, cast.Mallory))) // her own order, of the same id
	if o := object(t, globexs); globexs.Status != http.StatusOK || o["amount"] != float64(150_00) {
		t.Errorf("mallory through claims: %s", globexs)
	}
	if answer := coverage.with("claims", txn(stolen(t, cast.Narrow))); answer.Status != http.StatusForbidden {
		t.Errorf("alice's token without claims:write: %s", answer)
	}
	if o := object(t, coverage.with("claims", txn(alices))); o["amount"] != float64(200_00) {
		t.Errorf("alice through claims: %v", o)
	}
}

func TestATokenForOneServicesScopeDoesNothingAtTheOther(t *testing.T) {
	for _, id := range []string{"c-alice", "c-bob", "c-nowhere-at"} {
		for _, a := range onOne("/claims/" + id) {
			refusal := expect(t, http.StatusForbidden, sys.As(cast.Swift), a)
			if challenge := refusal.Header.Get("WWW-Authenticate"); !strings.Contains(challenge, `error="insufficient_scope"`) || !strings.Contains(challenge, `scope="claims:`) {
				t.Errorf("swift: %s: challenged by %q", a, challenge)
			}
		}
	}
	for _, id := range []string{"o-alice", "o-bob", "o-nowhere-at"} {
		for _, a := range onOne("/orders/" + id) {
			expect(t, http.StatusForbidden, sys.As(cast.Narrow), a)
		}
	}
	expect(t, http.StatusOK, sys.As(cast.Swift), get("/orders/o-swift"))
	expect(t, http.StatusOK, sys.As(cast.Narrow), get("/claims/c-alice"))
	expect(t, http.StatusOK, sys.As(cast.Alice), get("/orders/o-alice"))
}
