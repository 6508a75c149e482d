package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"innerdoor.example/e2e/cast"
	"innerdoor.example/e2e/harness"
)

// record is a thief behind a further, real gateway, until the test ends.
func record(t testing.TB) *harness.Recorder {
	t.Helper()
	recorder, err := inside(t).Record(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := recorder.Close(); err != nil {
			t.Error(err)
		}
	})
	return recorder
}

// one is the only request that has arrived inside.
func one(t testing.TB, r *harness.Recorder) harness.Received {
	t.Helper()
	seen := r.Take()
	if len(seen) != 1 {
		t.Fatalf("%d requests arrived inside, want one", len(seen))
	}
	return seen[0]
}

// arrivesInside are the header fields that a request has inside: who asks, and those
// of the client's that are allowed.
func arrivesInside(clients ...string) []string {
	return slices.Sorted(slices.Values(append(slices.Clone(clients), harness.TxnHeader)))
}

// says fails unless exactly one Txn-Token arrived, that of who.
func says(t testing.TB, what string, in harness.Received, who string) map[string]any {
	t.Helper()
	tokens := in.Header[harness.TxnHeader]
	if len(tokens) != 1 {
		t.Fatalf("%s: %d Txn-Tokens arrived", what, len(tokens))
	}
	fields, err := harness.Fields(tokens[0])
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if fields["sub"] != who || fields["iss"] != "spiffe://innerdoor.internal/gateway" {
		t.Errorf("%s: the Txn-Token inside says %v", what, fields)
	}
	return fields
}

// spoofed are fields by which some system or other is told who asks, from where,
// or for what.
var spoofed = []string{
	"X-User", "X-User-Id", "X-Forwarded-User", "X-Auth-Request-User", "X-Remote-User", "Remote-User", "X-Tenant", "X-Scope",
	"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Prefix", "X-Forwarded-Client-Cert", "Client-Cert", "Client-Cert-Chain",
	"Forwarded", "X-Real-Ip", "True-Client-Ip", "X-Original-Url", "X-Rewrite-Url", "X-Forwarded-Uri", "X-Http-Method-Override",
	"X-Txn-Token", "Txn-Token-Sub", "Txn-Id", "X-Spiffe-Id", "Baggage", "Proxy-Authorization", "Via",
}

// routes that ask for a person and that do not.
var (
	known   = get("/claims/c-alice")
	unknown = get("/oidc/.well-known/openid-configuration")
)

func TestAForgedOrStolenIdentityBesideAValidCredentialDoesNotArrive(t *testing.T) {
	recorder := record(t)
	alices := stolen(t, cast.Alice)
	forged := forge(t, alices, func(f *forgery) { f.payload["sub"] = "home:vera" })
	bob, anyone := sys.As(cast.Bob).At(recorder.Origin), sys.Anyone().At(recorder.Origin)
	for name, dress := range map[string]func(*harness.Caller) *harness.Caller{
		"forged once":          func(c *harness.Caller) *harness.Caller { return c.With("Txn-Token", forged) },
		"forged twice":         func(c *harness.Caller) *harness.Caller { return c.With("Txn-Token", forged).With("Txn-Token", forged) },
		"stolen":               func(c *harness.Caller) *harness.Caller { return c.With("Txn-Token", alices) },
		"stolen and forged":    func(c *harness.Caller) *harness.Caller { return c.With("Txn-Token", alices).With("Txn-Token", forged) },
		"in another spelling":  func(c *harness.Caller) *harness.Caller { return c.With("txn-token", alices).With("TXN-TOKEN", forged) },
		"nonsense":             func(c *harness.Caller) *harness.Caller { return c.With("Txn-Token", "home:alice") },
		"empty":                func(c *harness.Caller) *harness.Caller { return c.With("Txn-Token", "") },
		"everything at a time": func(c *harness.Caller) *harness.Caller { return spoof(c.With("Txn-Token", alices), "home:alice") },
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, http.StatusOK, dress(bob), known)
			in := one(t, recorder)
			says(t, "bob", in, "home:bob")
			if got := slices.Sorted(maps.Keys(in.Header)); !slices.Equal(got, arrivesInside()) {
				t.Errorf("inside arrived %v, want %v", got, arrivesInside())
			}
			expect(t, http.StatusOK, dress(anyone), unknown)
			in = one(t, recorder)
			if tctx := says(t, "nobody", in, "anonymous")["tctx"].(map[string]any); tctx["credential"] != "anonymous" || tctx["tenant"] != nil {
				t.Errorf("nobody is %v", tctx)
			}
			if got := slices.Sorted(maps.Keys(in.Header)); !slices.Equal(got, arrivesInside()) {
				t.Errorf("inside arrived %v, want %v", got, arrivesInside())
			}
		})
	}
	// The real system: a thief is still only himself.
	for _, a := range []ask{known, get("/orders/o-alice"), post("/claims/c-alice/submit", nil)} {
		expect(t, http.StatusNotFound, sys.As(cast.Bob).With("Txn-Token", alices), a)
		expect(t, http.StatusUnauthorized, sys.Anyone().With("Txn-Token", alices), a)
	}
	expect(t, http.StatusOK, sys.As(cast.Alice), known)
}

func spoof(c *harness.Caller, value string) *harness.Caller {
	for _, name := range spoofed {
		c = c.With(name, value)
	}
	return c
}

// Connection lists fields that a proxy removes, hop by hop: with it identity has
// been amputated in front of many a service.
func TestIdentityCannotBeAmputated(t *testing.T) {
	recorder := record(t)
	fields := append(slices.Clone(spoofed), "Txn-Token", "txn-token", "Authorization", "Host", "Content-Length", "Cookie", "User-Agent")
	for _, field := range fields {
		for _, lines := range [][]string{
			{"close, " + field}, {field}, {strings.ToUpper(field)}, {"keep-alive, " + strings.ToLower(field)}, {"close", field}, {"close,,\t" + field + " ,"},
		} {
			for a, who := range map[string]string{"known": "home:bob", "unknown": "anonymous"} {
				c, request := sys.As(cast.Bob), known
				if a == "unknown" {
					c, request = sys.Anyone(), unknown
				}
				c = c.At(recorder.Origin).With("Txn-Token", "forged")
				for _, line := range lines {
					c = c.With("Connection", line)
				}
				expect(t, http.StatusOK, c, request)
				says(t, fmt.Sprintf("Connection: %q (%s)", lines, a), one(t, recorder), who)
			}
		}
	}
	everything := sys.As(cast.Alice).With("Connection", "close, "+strings.Join(fields, ", "))
	expect(t, http.StatusOK, everything, known)
}

func TestAFieldWithAnUnderscoreIsRefusedAndNothingIsForwarded(t *testing.T) {
	recorder := record(t)
	for _, name := range []string{"Txn_Token", "txn_token", "X_User", "X_Forwarded_User", "X_Forwarded_For", "Content_Length", "Authorization_", "_"} {
		for _, c := range []*harness.Caller{sys.As(cast.Bob), sys.As(cast.Alice)} {
			expect(t, http.StatusBadRequest, c.At(recorder.Origin).With(name, "home:alice"), known)
		}
		expect(t, http.StatusBadRequest, sys.Anyone().At(recorder.Origin).With(name, "home:alice"), unknown)
	}
	if seen := recorder.Take(); len(seen) != 0 {
		t.Errorf("%d requests arrived inside", len(seen))
	}
	expect(t, http.StatusOK, sys.As(cast.Alice).At(recorder.Origin), known)
	one(t, recorder)
}

// Nothing is stripped: what may go in is listed, so what nobody has thought of stays
// outside.
func TestOnlyWhatIsListedArrivesInside(t *testing.T) {
	recorder := record(t)
	dressed := func(c *harness.Caller) *harness.Caller {
		c = spoof(c.At(recorder.Origin), "10.9.8.7")
		for _, name := range []string{"Accept", "Accept-Language", "If-Match", "If-None-Match", "Idempotency-Key"} {
			c = c.With(name, "as-given")
		}
		return c.With("Cookie", "session=1").With("Referer", "https://mallory.example/").With("Origin", "https://mallory.example").
			With("Range", "bytes=0-1").With("Te", "trailers").With("Upgrade", "h2c").With("X-Nobody-Knows", "1").With("Accept-Encoding", "br")
	}
	allowed := []string{"Accept", "Accept-Language", "If-Match", "If-None-Match", "Idempotency-Key"}

	expect(t, http.StatusOK, dressed(sys.As(cast.Alice)), known)
	expect(t, http.StatusOK, dressed(sys.As(cast.Alice)), post("/claims/c-alice/submit", nil))
	expect(t, http.StatusOK, dressed(sys.Anyone()), unknown)
	for _, in := range recorder.Take() {
		want := arrivesInside(allowed...)
		if in.Method == http.MethodPost {
			want = arrivesInside(append(allowed, "Content-Length")...)
		}
		if got := slices.Sorted(maps.Keys(in.Header)); !slices.Equal(got, want) {
			t.Errorf("%s %s: inside arrived %v, want %v", in.Method, in.URI, got, want)
		}
		who := "home:alice"
		if in.To == "identity" {
			who = "anonymous"
		}
		fields := says(t, in.URI, in, who)
		if address := fields["rctx"].(map[string]any)["address"]; address != "127.0.0.1" {
			t.Errorf("%s: the client's address is %v, as it says itself", in.URI, address)
		}
	}

	// A body brings its type and its length along.
	expect(t, http.StatusOK, dressed(sys.As(cast.Alice)), filing("o-alice-free", 100))
	in := one(t, recorder)
	if got, want := slices.Sorted(maps.Keys(in.Header)), arrivesInside(append(allowed, "Content-Type", "Content-Length")...); !slices.Equal(got, want) {
		t.Errorf("inside arrived %v, want %v", got, want)
	}
	if fields := says(t, in.URI, in, "home:alice"); strings.Contains(fmt.Sprint(fields), "10.9.8.7") {
		t.Errorf("the Txn-Token says what the client said: %v", fields)
	}
}

// The client's own credential goes to identity alone, and there only where it is
// asked for.
func TestTheClientsOwnCredentialDoesNotGoInside(t *testing.T) {
	recorder := record(t)
	anyone := sys.Anyone().At(recorder.Origin).With("Authorization", "Basic c3dpZnQ6c2VjcmV0").With("Cookie", "session=1")
	for path, through := range map[string]bool{
		"/oidc/.well-known/openid-configuration": false, "/.well-known/oauth-authorization-server/oidc": false, "/oidc/keys": false, "/oidc/authorize": true,
	} {
		expect(t, http.StatusOK, anyone, get(path))
		in := one(t, recorder)
		if got := in.Header.Get("Authorization") != "" && in.Header.Get("Cookie") != ""; got != through || len(in.Header["Authorization"]) != len(in.Header["Cookie"]) {
			t.Errorf("%s: inside arrived %v", path, slices.Sorted(maps.Keys(in.Header)))
		}
	}
	for _, path := range []string{"/claims/c-alice", "/orders/o-alice"} {
		expect(t, http.StatusOK, sys.As(cast.Alice).At(recorder.Origin).With("Cookie", "session=1"), get(path))
		if in := one(t, recorder); len(in.Header["Authorization"])+len(in.Header["Cookie"]) != 0 {
			t.Errorf("%s: inside arrived %v", path, slices.Sorted(maps.Keys(in.Header)))
		}
	}
}
