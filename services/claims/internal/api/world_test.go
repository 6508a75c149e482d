package api

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"innerdoor.example/services/claims/internal/ordersclient"
	"innerdoor.example/services/claims/internal/store"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/mtls"
	"innerdoor.example/shared/mtls/mtlstest"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/principal/principaltest"
	"innerdoor.example/shared/serve"
)

const everyScope = "claims:read claims:write claims:decide claims:export claims:staff claims:audit"

// world is the service as it runs, over mutual TLS and a database file, with the
// demo's facts in it; beside it somebody who answers as orders does.
type world struct {
	t      *testing.T
	url    string
	file   string
	domain *mtlstest.Domain
	signer *principal.Signer
	orders *orders
	drifts atomic.Int64
	asking *http.Client
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, domain: mtlstest.New(t)}
	folder := t.TempDir()
	w.file = filepath.Join(folder, "claims.sqlite")
	var verifier *principal.Verifier
	w.signer, verifier = principaltest.Keys(t)
	w.orders = &orders{verifier: verifier}
	ordersURL := mtlstest.Serve(t, w.domain.Identity(t, "orders"), w.orders)

	seedDemo(t, folder)
	cursors, err := door.LoadCursors(filepath.Join(folder, "cursor.key"))
	must(t, err)
	me := w.domain.Identity(t, "claims")
	log := slog.New(slog.DiscardHandler)
	st, err := store.Open(t.Context(), folder, &door.Service{
		Name: store.Name, Build: "test", Now: time.Now, ACR: "urn:innerdoor:acr:mfa", Cursors: cursors, Log: log,
		Drift: func(authz.Name) { w.drifts.Add(1) },
	}, ordersclient.New(ordersURL, me.Transport(ordersclient.Orders)))
	must(t, err)
	routes := (&API{Store: st}).Routes()
	must(t, serve.Check(routes, store.Policies.Knows))
	handler, err := serve.New(routes, serve.Config{Verifier: verifier, Peer: mtls.Peer, Now: time.Now, Log: log})
	must(t, err)
	w.url = mtlstest.Serve(t, me, handler)
	w.asking = w.through("gateway")
	t.Cleanup(func() {
		must(t, st.Close())
		if n := w.drifts.Load(); n != 0 {
			t.Errorf("SQL let %d rows through that the policy did not", n)
		}
	})
	return w
}

func seedDemo(t *testing.T, folder string) {
	t.Helper()
	facts, err := os.ReadFile("../../seed.yaml")
	must(t, err)
	operator, err := store.Operate(context.Background(), folder, "test", time.Now)
	must(t, err)
	made, err := operator.Seed(context.Background(), facts)
	must(t, err)
	if made == 0 {
		t.Fatal("the seed is empty")
	}
	must(t, operator.Close())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// through is an HTTP client with the certificate of this workload.
func (w *world) through(workload principal.Workload) *http.Client {
	w.t.Helper()
	transport := w.domain.Identity(w.t, workload).Transport("claims")
	w.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// fields is what the gateway says about somebody of the cast. "sam+" is sam with a
// second factor; "narrow" is alice with fewer scopes.
func fields(name string) principal.Fields {
	name, second := strings.CutSuffix(name, "+")
	f := principal.Fields{ID: principal.ID("home:" + name), Scope: everyScope, Context: principal.Context{Tenant: "acme", SecondFactor: second},
		Request: principal.Request{Address: "127.0.0.1"}}
	switch name {
	case "mallory", "grace", "gus", "glen", "gina", "gary":
		f.Context.Tenant = "globex"
	case "narrow":
		f.ID, f.Scope = "home:alice", "claims:read"
	}
	return f
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// as sends a request as this person, through the gateway.
func (w *world) as(name, method, path, body string, header ...string) answer {
	w.t.Helper()
	return w.send(w.asking, principaltest.Token(w.t, w.signer, fields(name)), method, path, body, header...)
}

func (w *world) send(client *http.Client, token, method, path, body string, header ...string) answer {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(body))
	must(w.t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set(principal.Header, token)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := client.Do(req)
	must(w.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	must(w.t, err)
	return answer{status: resp.StatusCode, header: resp.Header, body: string(text)}
}

// expect sends a request and fails the test if the status is another one.
func (w *world) expect(status int, name, method, path, body string, header ...string) answer {
	w.t.Helper()
	a := w.as(name, method, path, body, header...)
	if a.status != status {
		w.t.Fatalf("%s: %s %s %s: %d %s, want %d", name, method, path, body, a.status, a.body, status)
	}
	return a
}

// object is the body as JSON.
func (a answer) object(t *testing.T) map[string]any {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal([]byte(a.body), &o); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	return o
}

// items are the objects of a page.
func (a answer) items(t *testing.T) []map[string]any {
	t.Helper()
	all := []map[string]any{}
	list, _ := a.object(t)["items"].([]any)
	for _, x := range list {
		all = append(all, x.(map[string]any))
	}
	return all
}

// sql runs statements beside the service, as somebody with the file would.
func (w *world) sql(statement string, args ...any) {
	w.t.Helper()
	file, err := sql.Open("sqlite", w.file)
	must(w.t, err)
	defer file.Close()
	_, err = file.ExecContext(w.t.Context(), statement, args...)
	must(w.t, err)
}

// number is what a query for one number gives.
func (w *world) number(query string, args ...any) (n int64) {
	w.t.Helper()
	file, err := sql.Open("sqlite", w.file)
	must(w.t, err)
	defer file.Close()
	must(w.t, file.QueryRowContext(w.t.Context(), query, args...).Scan(&n))
	return n
}

// orders answers coverage as the orders service does: to claims, on behalf of the
// owner, and to nobody else.
type orders struct {
	verifier *principal.Verifier
	down     atomic.Bool
	asked    atomic.Int64
}

// known are the orders: whose they are, and in which state.
var known = map[string]struct{ owner, status, currency string }{
	"o-alice":        {"home:alice", "delivered", "EUR"},
	"o-alice-free":   {"home:alice", "delivered", "EUR"},
	"o-alice-placed": {"home:alice", "placed", "EUR"},
	"o-alice-old":    {"home:alice", "delivered", "EUR"},
	"o-bob-free":     {"home:bob", "delivered", "EUR"},
}

func (o *orders) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	o.asked.Add(1)
	peer, err := mtls.Peer(r)
	if err != nil || peer != "claims" || o.down.Load() {
		rw.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	who, err := o.verifier.Verify(r.Header.Get(principal.Header), peer, time.Now())
	if err != nil {
		rw.WriteHeader(http.StatusUnauthorized)
		return
	}
	id := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/internal/orders/"), "/coverage")
	order, ok := known[id]
	if !ok || order.owner != string(who.ID()) {
		rw.WriteHeader(http.StatusNotFound)
		return
	}
	delivered := time.Now().Add(-48 * time.Hour).UnixMilli()
	if id == "o-alice-old" {
		delivered = time.Now().Add(-31 * 24 * time.Hour).UnixMilli()
	}
	var body bytes.Buffer
	fmt.Fprintf(&body, `{"order":%q,"status":%q,"delivered_at":%d,"amount":20000,"currency":%q,"region":"eu"}`,
		id, order.status, delivered, order.currency)
	rw.Header().Set("Content-Type", "application/json")
	_, _ = rw.Write(body.Bytes())
}
