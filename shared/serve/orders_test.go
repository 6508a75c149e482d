package serve_test

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/mtls"
	"innerdoor.example/shared/mtls/mtlstest"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/principal/principaltest"
	"innerdoor.example/shared/serve"
	"innerdoor.example/shared/web"
)

// said is what the test service tells of a request that came through.
type said struct {
	Operation string `json:"operation"`
	ID        string `json:"id"`
	Who       string `json:"who"`
	Peer      string `json:"peer"`
}

func tell(operation string) serve.Handler {
	return func(r *http.Request, who principal.Principal) (web.Reply, error) {
		return web.OK(said{operation, serve.Var(r, "id"), string(who.ID()), string(who.Peer())}, nil)
	}
}

func tellAnybody(operation string) serve.AnonymousHandler {
	return func(r *http.Request) (web.Reply, error) {
		return web.OK(said{Operation: operation, ID: serve.Var(r, "id")}, nil)
	}
}

func routes() []serve.Route {
	public, claims := serve.From("gateway"), serve.From("claims")
	return []serve.Route{
		serve.GET("/orders/{id}", "orders:read", public, tell("read")),
		serve.GET("/orders/count", "orders:read", public, tell("count")),
		serve.PATCH("/orders/{id}", "orders:edit", public, tell("edit")),
		serve.POST("/orders", "orders:place", public, tell("place")),
		serve.PUT("/orders/{id}/carrier", "orders:assign", public, tell("assign")),
		serve.DELETE("/orders/{id}/carrier", "orders:assign", public, tell("unassign")),
		serve.GET("/internal/orders/{id}/coverage", "orders:coverage", claims, tell("coverage")),
		serve.GET("/orders/both", "orders:read", serve.From("gateway", "claims"), tell("both")),
		serve.Anonymous("GET", "/orders/openapi.json", public, tellAnybody("openapi")),
		serve.WithoutToken("GET", "/keys", public, tellAnybody("keys")),
		serve.GET("/orders/panics", "orders:read", public, func(*http.Request, principal.Principal) (web.Reply, error) {
			panic("SECRET")
		}),
		serve.GET("/orders/fails", "orders:read", public, func(*http.Request, principal.Principal) (web.Reply, error) {
			return web.Reply{Body: "SECRET"}, &web.Error{Kind: web.Forbidden, Decision: "d-1", Err: errors.New("cause")}
		}),
	}
}

// orders is the test service on a real inner listener, and those who call it.
type orders struct {
	url     string
	signer  *principal.Signer
	clients map[principal.Workload]*http.Client
	log     journal
}

// journal is a log that is read while the service may still write.
type journal struct {
	mu   sync.Mutex
	text []byte
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.text = append(j.text, line...)
	return len(line), nil
}

// take returns what was written since the last call.
func (j *journal) take() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	text := string(j.text)
	j.text = nil
	return text
}

func newOrders(t *testing.T) *orders {
	t.Helper()
	return serving(t, routes())
}

func serving(t *testing.T, routes []serve.Route) *orders {
	t.Helper()
	domain := mtlstest.New(t)
	signer, verifier := principaltest.Keys(t)
	o := &orders{signer: signer, clients: map[principal.Workload]*http.Client{}}
	handler, err := serve.New(routes, serve.Config{
		Verifier: verifier, Peer: mtls.Peer, Now: time.Now, Log: slog.New(slog.NewJSONHandler(&o.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	o.url = mtlstest.Serve(t, domain.Identity(t, "orders"), handler)
	for _, peer := range []principal.Workload{"gateway", "claims", "identity"} {
		transport := domain.Identity(t, peer).Transport("orders")
		t.Cleanup(transport.CloseIdleConnections)
		o.clients[peer] = &http.Client{Transport: transport}
	}
	return o
}

func (o *orders) alice(t *testing.T) string {
	t.Helper()
	return principaltest.Token(t, o.signer, principal.Fields{ID: "home:alice", Txn: "txn-alice", Context: principal.Context{Tenant: "acme"}})
}

func (o *orders) anonymous(t *testing.T) string {
	t.Helper()
	return principaltest.Token(t, o.signer, principal.Fields{ID: principal.AnonymousID})
}

// answer is what the caller got, read whole.
type answer struct {
	status int
	header http.Header
	body   string
	said   said
}

func (o *orders) ask(t *testing.T, peer principal.Workload, method, path string, tokens ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, o.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header[principal.Header] = tokens
	response, err := o.clients[peer].Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: response.StatusCode, header: response.Header, body: string(body)}
	if a.status == http.StatusOK {
		if err := json.Unmarshal(body, &a.said); err != nil {
			t.Fatal(err)
		}
	} else if media := a.header.Get("Content-Type"); media != "application/problem+json" {
		t.Errorf("%s %s: %d is %s", method, path, a.status, media)
	}
	return a
}

// knows stands for a policy with rules for all of orders' actions.
var knows = func(name authz.Name) bool { return strings.HasPrefix(string(name), "orders:") }
