package serve_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"innerdoor.example/shared/mtls"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/principal/principaltest"
	"innerdoor.example/shared/serve"
	"innerdoor.example/shared/web"
)

func TestAnOperationIsForTheWorkloadsOnItsListOnly(t *testing.T) {
	o := newOrders(t)
	alice := o.alice(t)
	for _, c := range []struct {
		peer   principal.Workload
		method string
		path   string
		status int
	}{
		{"claims", "GET", "/orders/o-1", 403},
		{"identity", "GET", "/orders/o-1", 403},
		{"gateway", "GET", "/internal/orders/o-1/coverage", 403},
		{"identity", "GET", "/internal/orders/o-1/coverage", 403},
		{"identity", "GET", "/orders/both", 403},
		{"claims", "GET", "/orders/openapi.json", 403},
		{"claims", "GET", "/keys", 403},
		{"gateway", "GET", "/orders/o-1", 200},
		{"claims", "GET", "/internal/orders/o-1/coverage", 200},
		{"gateway", "GET", "/orders/both", 200},
		{"claims", "GET", "/orders/both", 200},
	} {
		a := o.ask(t, c.peer, c.method, c.path, alice)
		if a.status != c.status {
			t.Errorf("%s for alice: %s %s is %d, want %d", c.peer, c.method, c.path, a.status, c.status)
		}
		if a.status == 200 && (a.said.Who != "home:alice" || a.said.Peer != string(c.peer)) {
			t.Errorf("%s for alice: heard as %+v", c.peer, a.said)
		}
	}
}

func TestExactlyOneGoodTxnTokenIsRequired(t *testing.T) {
	o := newOrders(t)
	alice, other := o.alice(t), newOrders(t).alice(t)
	for name, tokens := range map[string][]string{
		"none":                    nil,
		"an empty one":            {""},
		"the same twice":          {alice, alice},
		"a forged one before":     {other, alice},
		"a forged one after":      {alice, other},
		"two in one line":         {alice + ", " + alice},
		"an empty one beside":     {"", alice},
		"of another trust domain": {other},
		"cut off":                 {alice[:len(alice)-4]},
		"as bearer":               {"Bearer " + alice},
		"anonymous":               {o.anonymous(t)},
	} {
		a := o.ask(t, "gateway", "GET", "/orders/o-1", tokens...)
		if a.status != http.StatusUnauthorized || a.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: %d %v", name, a.status, a.header)
		}
		if strings.Contains(a.body, "Txn") || strings.Contains(a.body, "detail") {
			t.Errorf("%s: the answer says why: %s", name, a.body)
		}
	}
	if a := o.ask(t, "gateway", "GET", "/orders/o-1", alice); a.status != 200 || a.header.Get(web.TxnHeader) != "txn-alice" {
		t.Errorf("alice: %d %v", a.status, a.header)
	}
	if strings.Contains(o.log.take(), alice[len(alice)-20:]) {
		t.Error("a token is in the log")
	}
}

func TestNobodyInParticularGetsWhatIsDeclaredForEverybody(t *testing.T) {
	o := newOrders(t)
	for _, c := range []struct {
		path   string
		tokens []string
		status int
	}{
		{"/orders/o-1", []string{o.anonymous(t)}, 401},
		{"/orders/openapi.json", nil, 401},
		{"/orders/openapi.json", []string{o.anonymous(t), o.anonymous(t)}, 401},
		{"/orders/openapi.json", []string{o.anonymous(t)}, 200},
		{"/orders/openapi.json", []string{o.alice(t)}, 200},
		{"/keys", nil, 200},
	} {
		if a := o.ask(t, "gateway", "GET", c.path, c.tokens...); a.status != c.status {
			t.Errorf("%s with %d tokens: %d, want %d", c.path, len(c.tokens), a.status, c.status)
		}
	}
}

func TestEachPathLeadsToItsOperation(t *testing.T) {
	o := newOrders(t)
	alice := o.alice(t)
	for _, c := range []struct {
		method, path  string
		status        int
		operation, id string // of a 200
		allow         string // of a 405
	}{
		{"GET", "/orders/", 404, "", "", ""},
		{"GET", "/Orders/o-1", 404, "", "", ""},
		{"GET", "/orders/o-1/", 404, "", "", ""},
		{"GET", "/orders//o-1", 404, "", "", ""},
		{"GET", "/x/../orders/o-1", 404, "", "", ""},
		{"GET", "/orders/o-1%0d%0aX", 400, "", "", ""},
		{"GET", "/orders/o-1%00", 400, "", "", ""},
		{"GET", "/orders/%ff", 400, "", "", ""},
		{"DELETE", "/orders/o-1", 405, "", "", "GET, PATCH"},
		{"GET", "/orders", 405, "", "", "POST"},
		{"POST", "/orders/count", 405, "", "", "GET"},
		{"HEAD", "/orders/o-1", 405, "", "", "GET, PATCH"},
		{"OPTIONS", "/orders/o-1", 405, "", "", "GET, PATCH"},
		{"get", "/orders/o-1", 405, "", "", "GET, PATCH"},
		{"GET", "/orders/o-1/carrier", 405, "", "", "DELETE, PUT"},
		{"GET", "/orders/o-1", 200, "read", "o-1", ""},
		{"GET", "/orders/o%201", 200, "read", "o 1", ""},
		{"GET", "/orders/count", 200, "count", "", ""},
		{"PATCH", "/orders/o-1", 200, "edit", "o-1", ""},
		{"POST", "/orders", 200, "place", "", ""},
		{"PUT", "/orders/o-1/carrier", 200, "assign", "o-1", ""},
		{"DELETE", "/orders/count/carrier", 200, "unassign", "count", ""},
	} {
		a := o.ask(t, "gateway", c.method, c.path, alice)
		if a.status != c.status || a.said.Operation != c.operation || a.said.ID != c.id || a.header.Get("Allow") != c.allow {
			t.Errorf("%s %s: %d %+v Allow %q", c.method, c.path, a.status, a.said, a.header.Get("Allow"))
		}
	}
}

func TestAPanicIsAnErrorLikeAnyOther(t *testing.T) {
	o := newOrders(t)
	a := o.ask(t, "gateway", "GET", "/orders/panics", o.alice(t))
	if a.status != 500 || strings.Contains(a.body, "SECRET") || a.header.Get(web.TxnHeader) != "txn-alice" {
		t.Errorf("%d %s %v", a.status, a.body, a.header)
	}
	if line := o.log.take(); !strings.Contains(line, "panic: SECRET") || !strings.Contains(line, "orders_test.go") {
		t.Errorf("the log does not say where: %s", line)
	}
}

func TestEveryRequestLeavesOneLine(t *testing.T) {
	o := newOrders(t)
	alice := o.alice(t)
	for _, c := range []struct {
		path  string
		token []string
		want  map[string]any
	}{
		{"/orders/o-1", []string{alice}, map[string]any{"level": "INFO", "method": "GET", "path": "/orders/o-1", "route": "/orders/{id}",
			"status": 200.0, "peer": "gateway", "who": "home:alice", "txn": "txn-alice", "error": nil}},
		{"/orders/fails", []string{alice}, map[string]any{"level": "INFO", "status": 403.0, "who": "home:alice", "error": "forbidden: cause"}},
		{"/orders/panics", []string{alice}, map[string]any{"level": "ERROR", "status": 500.0}},
		{"/orders/o-1", nil, map[string]any{"status": 401.0, "who": "", "error": "unauthenticated: 0 Txn-Tokens instead of one"}},
		{"/nowhere", nil, map[string]any{"status": 404.0, "route": "", "peer": "gateway"}},
		{"/orders/openapi.json", []string{o.anonymous(t)}, map[string]any{"status": 200.0, "who": "anonymous"}},
	} {
		o.log.take()
		o.ask(t, "gateway", "GET", c.path, c.token...)
		var line map[string]any
		text := o.log.take()
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Errorf("%s: not one line: %v: %s", c.path, err, text)
			continue
		}
		for name, want := range c.want {
			if line[name] != want {
				t.Errorf("%s: %s is %v, want %v", c.path, name, line[name], want)
			}
		}
	}
}

// A plain listener has no peer, so nothing is served there, not even a 404.
func TestWithoutTLSNobodyIsServed(t *testing.T) {
	_, verifier := principaltest.Keys(t)
	handler, err := serve.New(routes(), serve.Config{Verifier: verifier, Peer: mtls.Peer, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/orders/o-1", "/keys", "/nowhere"} {
		if status := plain(t, handler, path); status != http.StatusForbidden {
			t.Errorf("%s: %d", path, status)
		}
	}
}

func TestAHalfConfiguredServiceDoesNotStart(t *testing.T) {
	_, verifier := principaltest.Keys(t)
	whole := serve.Config{Verifier: verifier, Peer: mtls.Peer, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	for name, spoil := range map[string]func(*serve.Config){
		"no verifier": func(c *serve.Config) { c.Verifier = nil },
		"no peer":     func(c *serve.Config) { c.Peer = nil },
		"no clock":    func(c *serve.Config) { c.Now = nil },
		"no log":      func(c *serve.Config) { c.Log = nil },
	} {
		c := whole
		spoil(&c)
		if _, err := serve.New(routes(), c); err == nil {
			t.Errorf("%s: started", name)
		}
	}
	for name, bad := range map[string]serve.Route{
		"an empty list":  serve.GET("/x", "orders:read", serve.From(), tell("x")),
		"a bad variable": serve.GET("/x/{id", "orders:read", serve.From("gateway"), tell("x")),
	} {
		if _, err := serve.New([]serve.Route{bad}, whole); err == nil {
			t.Errorf("%s: started", name)
		}
	}
	if _, err := serve.New(routes(), whole); err != nil {
		t.Error(err)
	}
}
