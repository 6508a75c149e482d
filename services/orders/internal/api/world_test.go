package api_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"innerdoor.example/services/orders/internal/api"
	"innerdoor.example/services/orders/internal/store"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/mtls"
	"innerdoor.example/shared/mtls/mtlstest"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/principal/principaltest"
	"innerdoor.example/shared/serve"
)

const (
	everyScope = "orders:read orders:write orders:manage orders:ship orders:staff orders:audit claims:read claims:write"
	stepUpACR  = "urn:test:mfa"
)

// cast is who asks: everybody of the cast whom orders knows, and a rival of swift's. weak is tom and faint is max, without
// their second factor; eve has no role yet.
var cast = map[string]principal.Fields{
	"alice":   person("acme", "home:alice", everyScope),
	"bob":     person("acme", "home:bob", everyScope),
	"olive":   person("acme", "home:olive", everyScope),
	"vera":    person("acme", "home:vera", everyScope),
	"tom":     strong("acme", "home:tom"),
	"weak":    person("acme", "home:tom", everyScope),
	"max":     strong("acme", "home:max"),
	"faint":   person("acme", "home:max", everyScope),
	"eve":     strong("acme", "home:eve"),
	"swift":   person("acme", "home:swift", "orders:read orders:ship"),
	"rival":   person("acme", "home:other", "orders:read orders:ship"),
	"legacy":  person("acme", "partner:legacy", "orders:read orders:write"),
	"narrow":  person("acme", "home:alice", "claims:read"),
	"writer":  person("acme", "home:alice", "orders:write"),
	"mallory": person("globex", "home:mallory", everyScope),
	"gus":     strong("globex", "home:gus"),
	"gary":    strong("globex", "home:gary"),
	"gina":    person("globex", "home:gina", everyScope),
	"glide":   person("globex", "home:glide", "orders:read orders:ship"),
	"nobody":  {ID: principal.AnonymousID},
}

func person(tenant principal.Tenant, id principal.ID, scope string) principal.Fields {
	return principal.Fields{ID: id, Scope: scope, Context: principal.Context{Tenant: tenant}}
}

func strong(tenant principal.Tenant, id principal.ID) principal.Fields {
	p := person(tenant, id, everyScope)
	p.Context.SecondFactor = true
	return p
}

// world is the service as it runs, seeded, behind real mutual TLS, and those who may call it.
type world struct {
	t       *testing.T
	url     string
	file    string
	signer  *principal.Signer
	clients map[principal.Workload]*http.Client
}

func newWorld(t *testing.T) *world {
	t.Helper()
	folder, log := t.TempDir(), slog.New(slog.DiscardHandler)
	seed(t, folder)
	cursors, err := door.LoadCursors(filepath.Join(folder, "cursor.key"))
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), folder, &door.Service{
		Name: store.Name, Build: "test", Now: time.Now, ACR: stepUpACR, Cursors: cursors, Log: log,
		Drift: func(a authz.Name) { t.Errorf("SQL and policy differ about %s", a) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	routes := (&api.API{Store: st, Document: []byte("openapi: 3.1.0")}).Routes()
	if err := serve.Check(routes, store.Policies.Knows); err != nil {
		t.Fatal(err)
	}
	signer, verifier := principaltest.Keys(t)
	handler, err := serve.New(routes, serve.Config{Verifier: verifier, Peer: mtls.Peer, Now: time.Now, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	domain := mtlstest.New(t)
	w := &world{t: t, file: filepath.Join(folder, "orders.sqlite"), signer: signer,
		url: mtlstest.Serve(t, domain.Identity(t, "orders"), handler), clients: map[principal.Workload]*http.Client{}}
	for _, peer := range []principal.Workload{"gateway", "claims", "orders", "identity"} {
		transport := domain.Identity(t, peer).Transport("orders")
		t.Cleanup(transport.CloseIdleConnections)
		w.clients[peer] = &http.Client{Transport: transport}
	}
	return w
}

func seed(t *testing.T, folder string) {
	t.Helper()
	file, err := os.ReadFile("../../seed.yaml")
	if err != nil {
		t.Fatal(err)
	}
	operator, err := store.Operate(t.Context(), folder, "test", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer operator.Close()
	if _, err := operator.Seed(t.Context(), file); err != nil {
		t.Fatal(err)
	}
}

// question is one request; what is not said is what is usual.
type question struct {
	as     string // of the cast; "": no token
	peer   principal.Workload
	method string
	path   string
	body   string
	match  string // If-Match
	key    string // Idempotency-Key
	txn    string
	header []string // further names and values
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (w *world) ask(q question) answer {
	w.t.Helper()
	if q.peer == "" {
		q.peer = "gateway"
	}
	if q.method == "" {
		q.method = http.MethodGet
	}
	r, err := http.NewRequestWithContext(context.Background(), q.method, w.url+q.path, strings.NewReader(q.body))
	if err != nil {
		w.t.Fatal(err)
	}
	if q.as != "" {
		fields := cast[q.as]
		fields.Txn = q.txn
		r.Header.Set(principal.Header, principaltest.Token(w.t, w.signer, fields))
	}
	if q.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if q.key != "" {
		r.Header.Set("Idempotency-Key", q.key)
	}
	if q.match != "" {
		r.Header.Set("If-Match", q.match)
	}
	for i := 0; i < len(q.header); i += 2 {
		r.Header.Set(q.header[i], q.header[i+1])
	}
	resp, err := w.clients[q.peer].Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(body)}
}

func (w *world) get(as, path string) answer {
	w.t.Helper()
	return w.ask(question{as: as, path: path})
}

// want asks and complains of any other status.
func (w *world) want(status int, q question) answer {
	w.t.Helper()
	a := w.ask(q)
	if a.status != status {
		w.t.Errorf("%s %s %s: %d, want %d: %s", q.as, q.method, q.path, a.status, status, a.body)
	}
	return a
}

// object reads the answer as one JSON object.
func (a answer) object(t *testing.T) map[string]any {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal([]byte(a.body), &o); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	return o
}

// rows are the items of a list.
func (a answer) rows(t *testing.T) (rows []map[string]any) {
	t.Helper()
	items, ok := a.object(t)["items"].([]any)
	if !ok {
		t.Fatalf("not a list: %s", a.body)
	}
	for _, item := range items {
		rows = append(rows, item.(map[string]any))
	}
	return rows
}

func (a answer) ids(t *testing.T) (ids []string) {
	t.Helper()
	for _, row := range a.rows(t) {
		ids = append(ids, row["id"].(string))
	}
	return ids
}

// sql runs a statement beside the service.
func (w *world) sql(statement string) {
	w.t.Helper()
	db, err := sql.Open("sqlite", "file:"+w.file+"?_pragma=busy_timeout(5000)")
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		w.t.Fatal(err)
	}
}

// number is the answer to a query of one number.
func (w *world) number(query string) (n int64) {
	w.t.Helper()
	db, err := sql.Open("sqlite", "file:"+w.file+"?_pragma=busy_timeout(5000)")
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(query).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}
