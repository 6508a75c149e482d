package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"innerdoor.example/e2e/cast"
	"innerdoor.example/e2e/harness"
)

// shipped is a settings file of the gateway's with one thing changed: its path.
func shipped(t testing.TB, name, old, changed string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "gateway", name))
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(old).Match(text) {
		t.Fatalf("%s has no %s", name, old)
	}
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, regexp.MustCompile(old).ReplaceAll(text, []byte(changed)), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// another is a further gateway, ready, until the test ends.
func another(t testing.TB, env map[string]string) string {
	t.Helper()
	origin, stop, err := inside(t).Another(t.Context(), env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return origin
}

// retryAfter is the answer's Retry-After in seconds.
func retryAfter(t testing.TB, answer harness.Answer) int {
	t.Helper()
	seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
	if err != nil || seconds < 1 {
		t.Errorf("%s: Retry-After is %q", answer, answer.Header.Get("Retry-After"))
	}
	return seconds
}

// An issuer that cannot be asked has said nothing about the token: that is no reason
// to turn anybody away for good, nor to let anybody in.
func TestAnUnreachableIssuerIs503AndNever401(t *testing.T) {
	issuer, ops := freeAddress(t), freeAddress(t)
	origin, stop, err := inside(t).Extra(t.Context(), map[string]string{
		"OPS_ADDR": ops, "ISSUERS_FILE": shipped(t, "issuers.yaml", `\$\{UPSTREAM_IDENTITY\}`, "https://"+issuer),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stop() }()
	alice := sys.As(cast.Alice).At(origin)

	for _, a := range []ask{get("/claims/c-alice"), get("/orders/o-alice"), get("/claims"), post("/claims/c-alice/submit", nil)} {
		retryAfter(t, expect(t, http.StatusServiceUnavailable, alice, a))
	}
	if ready := harness.Ask(t.Context(), "http://"+ops+"/readyz"); ready.Status != http.StatusServiceUnavailable {
		t.Errorf("readyz: %s", ready)
	}
	if live := harness.Ask(t.Context(), "http://"+ops+"/livez"); live.Status != http.StatusOK {
		t.Errorf("livez: %s", live)
	}
	expect(t, http.StatusUnauthorized, sys.Anyone().At(origin), get("/claims/c-alice")) // who shows nothing can be told so
	expect(t, http.StatusOK, sys.Anyone().At(origin), get("/.well-known/oauth-protected-resource"))
	expect(t, http.StatusOK, sys.As(cast.Alice), get("/claims/c-alice")) // the other gateway

	// The issuer comes, and the very same gateway lets the very same token in.
	leadTo(t, issuer, inside(t).InnerAddr("identity"))
	eventually(t, 30*time.Second, func() string {
		if answer := get("/claims/c-alice").by(alice); answer.Status != http.StatusOK {
			return answer.String()
		}
		return ""
	})
	if ready := harness.Ask(t.Context(), "http://"+ops+"/readyz"); ready.Status != http.StatusOK {
		t.Errorf("readyz: %s", ready)
	}
}

func freeAddress(t testing.TB) string {
	t.Helper()
	address, err := harness.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// leadTo passes on connections from one address to another.
func leadTo(t testing.TB, from, to string) {
	t.Helper()
	l, err := net.Listen("tcp", from)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				in.Close()
				continue
			}
			go func() { defer out.Close(); _, _ = io.Copy(out, in) }()
			go func() { defer in.Close(); _, _ = io.Copy(in, out) }()
		}
	}()
}

// eventually waits for what has no reason to fail for ever: until it returns "".
func eventually(t testing.TB, patience time.Duration, missing func() string) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		what := missing()
		if what == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("after %s still: %s", patience, what)
		}
	}
}

func TestWhoShowsNoGoodCredentialIsToldHowToGetOne(t *testing.T) {
	access, err := sys.Token(t.Context(), cast.Alice, false)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(access, ".")
	good := sys.Anyone().With("Authorization", "Bearer "+access)
	metadata := sys.Origin + "/.well-known/oauth-protected-resource"
	for name, credential := range map[string]string{
		"nothing":               "",
		"a Txn-Token":           "Bearer " + stolen(t, cast.Alice),
		"nonsense":              "Bearer nonsense",
		"another signature":     "Bearer " + parts[0] + "." + parts[1] + "." + segment(make([]byte, 64)),
		"another content":       "Bearer " + parts[0] + "." + segment([]byte(`{"sub":"vera","tenant":"acme"}`)) + "." + parts[2],
		"no signature":          "Bearer " + segment([]byte(`{"alg":"none","typ":"at+jwt"}`)) + "." + parts[1] + ".",
		"the same, with spaces": "Bearer  " + access,
		"another scheme":        "Basic c3dpZnQ6c2VjcmV0",
	} {
		t.Run(name, func(t *testing.T) {
			who := sys.Anyone()
			if credential != "" {
				who = who.With("Authorization", credential)
			}
			for _, a := range []ask{known, get("/claims"), post("/orders", nil), get("/orders/decisions")} {
				answer := expect(t, http.StatusUnauthorized, who, a)
				challenge := answer.Header.Get("WWW-Authenticate")
				if !strings.HasPrefix(challenge, "Bearer ") || !strings.Contains(challenge, `resource_metadata="`+metadata+`"`) {
					t.Errorf("%s: challenged by %q", a, challenge)
				}
				if strings.Contains(challenge, "invalid_token") != (credential != "") {
					t.Errorf("%s: challenged by %q", a, challenge)
				}
				if answer.Header.Get("Content-Type") != "application/problem+json" || answer.Txn() == "" {
					t.Errorf("%s: %v", a, answer.Header)
				}
			}
			expect(t, http.StatusOK, good, known)
		})
	}
}

// From the challenge to the keys without knowing anything before (RFC 9728, RFC 8414).
func TestAClientFindsItsWayFromTheChallengeToTheIssuer(t *testing.T) {
	challenge := expect(t, http.StatusUnauthorized, sys.Anyone(), known).Header.Get("WWW-Authenticate")
	_, rest, _ := strings.Cut(challenge, `resource_metadata="`)
	url, _, _ := strings.Cut(rest, `"`)
	resource := object(t, demand(t, http.StatusOK, sys.Anyone(), get(strings.TrimPrefix(url, sys.Origin))))
	if resource["resource"] != sys.Origin {
		t.Errorf("the resource is %v", resource)
	}
	issuer := resource["authorization_servers"].([]any)[0].(string)
	at := strings.TrimPrefix(issuer, sys.Origin)
	for _, path := range []string{at + "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server" + at} {
		provider := object(t, demand(t, http.StatusOK, sys.Anyone(), get(path)))
		if provider["issuer"] != issuer {
			t.Errorf("%s: the issuer is %v", path, provider["issuer"])
		}
		keys := object(t, demand(t, http.StatusOK, sys.Anyone(), get(strings.TrimPrefix(provider["jwks_uri"].(string), sys.Origin))))
		if len(keys["keys"].([]any)) == 0 {
			t.Errorf("%s: no keys", path)
		}
	}
}

// The gateway knows no business rule: whoever is known enters, whatever a service
// will say, which in this test is always 200.
func TestTheGatewayItselfNeverAnswers403(t *testing.T) {
	recorder := record(t)
	routes, err := inside(t).Output(t.Context(), "gateway", nil, "routes")
	if err != nil {
		t.Fatal(err)
	}
	people := as(cast.Everyone()...)
	for _, p := range []cast.Person{cast.Sam, cast.Tom, cast.Vera} {
		people = append(people, sys.As(p).Weak())
	}
	n := 0
	for line := range strings.Lines(routes) {
		fields := strings.Fields(line)
		method, pattern, auth := fields[0], fields[1], fields[2]
		a := ask{method, strings.NewReplacer("{id}", "x", "{subject}", "home:bob").Replace(pattern), nil}
		for _, who := range people {
			expect(t, http.StatusOK, who.At(recorder.Origin), a)
			n++
		}
		nobody := http.StatusUnauthorized
		if auth == "none" {
			nobody = http.StatusOK
		}
		expect(t, nobody, sys.Anyone().At(recorder.Origin), a)
	}
	if n < 20*len(people) {
		t.Errorf("only %d requests were made", n)
	}
	for _, a := range []ask{
		get("/claims/../claims/c-alice"), get("/claims/%2e%2e/x"), get("//claims"), get("/claims/x%2fy"), get("/claims/%00"), get("/nowhere"),
		get("/claims?access_token=x"), {"TRACE", "/claims", nil}, {"OPTIONS", "/claims", nil}, {"get", "/claims", nil}, remove("/claims"),
		post("/claims", make([]byte, 100_000)), get("/claims?" + strings.Repeat("a=1&", 200)),
	} {
		if answer := a.by(sys.As(cast.Alice).At(recorder.Origin)); answer.Status/100 != 4 || answer.Status == http.StatusForbidden {
			t.Errorf("%s: %s", a, answer)
		}
	}
}

func TestWhatIsNotListedDoesNotExist(t *testing.T) {
	for _, path := range []string{
		"/", "/nowhere", "/claims/", "/claims/c-alice/nothing", "/Claims/c-alice", "/internal/orders/o-alice/coverage",
		"/livez", "/readyz", "/metrics", "/debug/pprof/", "/oidc", "/oidc/nothing", "/.well-known/nothing", "/claims/c-alice/delegates/home:bob/x",
	} {
		for _, who := range append(as(cast.Alice, cast.Tom), sys.Anyone()) {
			answer := get(path).by(who)
			if answer.Status != http.StatusNotFound && (answer.Status != http.StatusBadRequest || !strings.HasSuffix(path, "/")) {
				t.Errorf("%s: %s: %s", who, path, answer)
			}
		}
	}
	expect(t, http.StatusOK, sys.As(cast.Alice), get("/claims/c-alice"))
}

func TestAPathsOtherMethodsAreToldAndNotTaken(t *testing.T) {
	for path, methods := range map[string]string{
		"/claims": "GET, POST", "/claims/c-alice": "GET, PATCH", "/claims/c-alice/submit": "POST", "/claims/c-alice/delegates/home:bob": "DELETE, PUT",
		"/orders/o-alice/carrier": "PUT", "/oidc/token": "POST",
	} {
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
			if strings.Contains(methods, method) {
				continue
			}
			for _, who := range append(as(cast.Alice), sys.Anyone()) {
				answer := expect(t, http.StatusMethodNotAllowed, who, ask{method, path, nil})
				if answer.Header.Get("Allow") != methods {
					t.Errorf("%s %s: allowed are %q", method, path, answer.Header.Get("Allow"))
				}
			}
		}
	}
	for _, sly := range []string{"X-Http-Method-Override", "X-Method-Override", "X-Http-Method"} {
		path := placed(t, cast.Alice, 1_00)
		answer := expect(t, http.StatusOK, sys.As(cast.Alice).With(sly, "DELETE"), get("/orders/"+path))
		if object(t, answer)["id"] != path {
			t.Errorf("%s: %s", sly, answer)
		}
	}
}

func TestWhoAsksTooOftenWaitsAndNobodyElseDoes(t *testing.T) {
	origin := another(t, map[string]string{"ROUTES_FILE": shipped(t, "routes.yaml", `reads: +\{count: \d+`, "reads: {count: 3")})
	alice, bob := sys.As(cast.Alice).At(origin), sys.As(cast.Bob).At(origin)
	for range 3 {
		expect(t, http.StatusOK, alice, known)
	}
	for i := range 5 { // asking from elsewhere, or as somebody else, does not help
		spoofed := alice.With("X-Forwarded-For", fmt.Sprintf("10.0.0.%d", i)).With("X-User", "home:bob").With("Txn-Token", "forged")
		answer := expect(t, http.StatusTooManyRequests, spoofed, known)
		retryAfter(t, answer)
		if limit := answer.Header.Get("RateLimit"); !strings.Contains(limit, "r=0") {
			t.Errorf("RateLimit: %q", limit)
		}
	}
	expect(t, http.StatusOK, bob, get("/orders/o-bob"))
	expect(t, http.StatusOK, sys.As(cast.Alice), known) // the shipped limits are wider
}

// Failures are charged to the address, and block no good credential behind it.
func TestWhoGuessesWaitsAndTheGoodUserBesideThemDoesNot(t *testing.T) {
	origin := another(t, map[string]string{"ROUTES_FILE": shipped(t, "routes.yaml", `failures: +\{count: \d+`, "failures: {count: 5")})
	alice, guesser := sys.As(cast.Alice).At(origin), sys.Anyone().At(origin).With("Authorization", "Bearer guess")
	for range 5 {
		expect(t, http.StatusUnauthorized, guesser, known)
	}
	for range 20 {
		retryAfter(t, expect(t, http.StatusTooManyRequests, guesser, known))
		expect(t, http.StatusOK, alice, known)
	}
}

func TestNobodyInParticularIsLimitedByAddressWhateverTheHeaderSays(t *testing.T) {
	origin := another(t, map[string]string{"ROUTES_FILE": shipped(t, "routes.yaml", `public: +\{count: \d+`, "public: {count: 3")})
	for i := range 10 {
		status := http.StatusOK
		if i >= 3 {
			status = http.StatusTooManyRequests
		}
		who := sys.Anyone().At(origin).With("X-Forwarded-For", fmt.Sprintf("10.0.0.%d", i)).With("X-Real-Ip", fmt.Sprintf("10.0.0.%d", i))
		expect(t, status, who, unknown)
	}
	expect(t, http.StatusOK, sys.As(cast.Alice).At(origin), known)
}
