package edge_test

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"innerdoor.example/gateway/internal/authn"
	"innerdoor.example/gateway/internal/edge"
	"innerdoor.example/gateway/internal/forward"
	"innerdoor.example/gateway/internal/issuertest"
	"innerdoor.example/gateway/internal/route"
	"innerdoor.example/shared/mtls"
	"innerdoor.example/shared/mtls/mtlstest"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/principal/principaltest"
)

// system is a whole gateway with the shipped routes, in front of a scripted issuer
// and of services that record what arrives, over real mutual TLS.
type system struct {
	url      string
	host     string
	issuer   *issuertest.Issuer
	services map[string]*service
	log      *buffer
	metrics  *prometheus.Registry
	edge     http.Handler
}

type options struct {
	routes  string // of the shipped routes.yaml, with other words
	trusted []netip.Prefix
	cold    bool          // the issuer does not answer at the start
	deaf    bool          // services answer without looking at what arrives
	write   time.Duration // what the public listener allows for an answer
}

func start(t testing.TB, o options) *system {
	t.Helper()
	domain := mtlstest.New(t)
	signer, verifier := principaltest.Keys(t)
	s := &system{issuer: issuertest.New(t), services: map[string]*service{}, log: &buffer{}, metrics: prometheus.NewRegistry()}
	upstreams := map[string]forward.Upstream{}
	gateway := domain.Identity(t, "gateway")
	for _, name := range []string{"claims", "orders", "identity"} {
		s.services[name] = &service{verifier: verifier, deaf: o.deaf}
		u := must(url.Parse(mtlstest.Serve(t, domain.Identity(t, principal.Workload(name)), s.services[name])))
		transport := gateway.Transport(principal.Workload(name))
		t.Cleanup(transport.CloseIdleConnections)
		upstreams[name] = forward.Upstream{URL: u, Transport: transport}
	}
	log := slog.New(slog.NewJSONHandler(s.log, nil))
	if o.cold {
		s.issuer.Answer(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	}
	bearer := s.bearer(t, log)

	shipped := string(must(os.ReadFile("../../routes.yaml")))
	server := httptest.NewUnstartedServer(nil)
	s.host = server.Listener.Addr().String()
	s.url = "http://" + s.host
	e := must(edge.New(edge.Config{
		PublicURL:      must(url.Parse(s.url)),
		Trusted:        o.trusted,
		Routes:         must(route.Parse([]byte(cmp.Or(o.routes, shipped)), []string{"claims", "orders", "identity"}, os.LookupEnv)),
		Authenticators: map[route.Auth]authn.Authenticator{route.None: authn.Anonymous, route.Bearer: bearer.Authenticate},
		Issuers:        bearer.Issuers(),
		Signer:         signer,
		Forwarder:      forward.New(upstreams, log),
		Log:            log,
		Metrics:        s.metrics,
	}))
	s.edge = e
	server.Config.Handler = e
	server.Config.DisableGeneralOptionsHandler = true // as ops.Run has it
	server.Config.WriteTimeout = o.write
	server.Start()
	t.Cleanup(server.Close)
	return s
}

// bearer trusts the scripted issuer, and keeps its keys fresh while the test runs.
func (s *system) bearer(t testing.TB, log *slog.Logger) *authn.Bearer {
	t.Helper()
	file := fmt.Sprintf(`issuers:
  - {alias: home, issuer: "%s", keys_url: "%s", audiences: [innerdoor], algorithms: [ES256], tenants: [acme, globex],
     second_factor: {acr: ["urn:innerdoor:acr:mfa"]}}
`, s.issuer.Name(), s.issuer.URL)
	issuers := must(authn.ParseIssuers([]byte(file), nil, os.LookupEnv))
	b := must(authn.NewBearer(issuers, func(authn.Issuer) *http.Client {
		return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	}, log, s.metrics))
	go b.Run(t.Context())
	for range 500 {
		if b.Ready() == nil || s.issuer.Fetches.Load() > 0 && s.log.has("could not be fetched") {
			return b
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the issuer's keys were never fetched")
	return nil
}

func shippedRoutes(t testing.TB, change ...string) string {
	t.Helper()
	data := string(must(os.ReadFile("../../routes.yaml")))
	for i := 0; i < len(change); i += 2 {
		if !strings.Contains(data, change[i]) {
			t.Fatalf("routes.yaml has no %q", change[i])
		}
		data = strings.Replace(data, change[i], change[i+1], 1)
	}
	return data
}

func (s *system) token(t testing.TB, person string, changes ...any) string {
	fields := map[string]any{"sub": person}
	for i := 0; i < len(changes); i += 2 {
		fields[changes[i].(string)] = changes[i+1]
	}
	return s.issuer.Token(t, fields)
}

// service is an upstream: it records what arrives, proves the Txn-Token, and
// answers as scripted.
type service struct {
	verifier *principal.Verifier
	deaf     bool

	mu     sync.Mutex
	seen   []arrival
	script http.HandlerFunc
}

type arrival struct {
	Method, Target, Body string
	Header               http.Header
	Trailer              http.Header
	Who                  principal.Principal
	Err                  error // of the Txn-Token
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.deaf {
		ok(w)
		return
	}
	body, _ := io.ReadAll(r.Body)
	a := arrival{Method: r.Method, Target: r.RequestURI, Body: string(body), Header: r.Header.Clone(), Trailer: r.Trailer}
	peer, err := mtls.Peer(r)
	if err == nil && len(r.Header[principal.Header]) != 1 {
		err = fmt.Errorf("%d Txn-Tokens", len(r.Header[principal.Header]))
	}
	if err == nil {
		a.Who, err = s.verifier.Verify(r.Header.Get(principal.Header), peer, time.Now())
	}
	a.Err = err
	s.mu.Lock()
	s.seen = append(s.seen, a)
	script := s.script
	s.mu.Unlock()
	if script != nil {
		script(w, r)
		return
	}
	ok(w)
}

func ok(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, `{"ok":true}`)
}

func (s *service) answer(script http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = script
}

// arrived returns what arrived since it was last asked.
func (s *service) arrived() []arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.seen
	s.seen = nil
	return seen
}

func (s *system) arrived() (all []arrival) {
	for _, svc := range s.services {
		all = append(all, svc.arrived()...)
	}
	return all
}

// one returns the only arrival, which must carry a good Txn-Token.
func (s *system) one(t *testing.T, name string) arrival {
	t.Helper()
	seen := s.services[name].arrived()
	if len(seen) != 1 || seen[0].Err != nil {
		t.Fatalf("%d requests arrived at %s: %+v", len(seen), name, seen)
	}
	return seen[0]
}

// answer is what a client gets.
type answer struct {
	status int
	header http.Header
	body   string

	trailer http.Header
}

// raw sends bytes as they are, with $HOST and $ALICE filled in, and reads one answer.
func (s *system) raw(t testing.TB, request string) answer {
	t.Helper()
	request = strings.NewReplacer("$HOST", s.host, "$ALICE", "Bearer "+s.token(t, "alice"), "\n", "\r\n").Replace(request)
	conn := must(net.Dial("tcp", s.host))
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	return read(t, response)
}

// send asks as a decent client would.
func (s *system) send(t testing.TB, method, path, token, body string) answer {
	t.Helper()
	r := must(http.NewRequest(method, s.url+path, strings.NewReader(body)))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, response)
}

func read(t testing.TB, response *http.Response) answer {
	t.Helper()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(body), response.Trailer}
}

// problem checks that an answer is the gateway's own refusal, in the one form.
func (a answer) problem(t testing.TB, status int) {
	t.Helper()
	var p struct {
		Status int
		Type   string
		Txn    string
	}
	if err := json.Unmarshal([]byte(a.body), &p); err != nil {
		t.Errorf("no problem document: %d %s", a.status, a.body)
		return
	}
	if a.status != status || p.Status != status || p.Type == "" || a.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("got %d %s, want a problem with %d", a.status, a.body, status)
	}
	if p.Txn == "" || p.Txn != a.header.Get("Txn-Id") {
		t.Errorf("txn %q, header %q", p.Txn, a.header.Get("Txn-Id"))
	}
}

// TestMain fails when a goroutine outlives its system: no fault of an upstream may leave one behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func (b *buffer) reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.b.Reset()
}

func (b *buffer) has(text string) bool { return strings.Contains(b.String(), text) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
