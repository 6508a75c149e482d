// Package edge is the order of things at the front door: may this request enter?
// Whether it may succeed is not asked here, so nothing here answers 403.
package edge

import (
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"innerdoor.example/gateway/internal/authn"
	"innerdoor.example/gateway/internal/forward"
	"innerdoor.example/gateway/internal/route"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/web"
)

// Exchange is one request on its way through the steps.
type Exchange struct {
	In      *http.Request
	Address netip.Addr   // the client's
	Answer  http.Header  // fields that the answer gets, whoever gives it
	Route   *route.Route // set by route
	Vars    map[string]string
	Caller  principal.Fields // set by authenticate, completed by stamp
	Token   string           // the Txn-Token, set by stamp
}

// Step looks at an exchange or adds to it. An error is the answer: a *web.Error.
type Step func(*Exchange) error

// Config is what an edge is made of. Every field is required, but for Trusted.
type Config struct {
	PublicURL      *url.URL       // scheme and host by which clients know us
	Trusted        []netip.Prefix // peers whose X-Forwarded-For is believed
	Routes         *route.Table
	Authenticators map[route.Auth]authn.Authenticator // one for each that a route names
	Issuers        []string                           // told to clients that have no token yet
	Signer         *principal.Signer
	Forwarder      *forward.Forwarder
	Log            *slog.Logger
	Metrics        prometheus.Registerer
}

// Edge is the gateway's public handler.
type Edge struct {
	Config
	steps    []Step
	hosts    []string
	address  limiter[netip.Addr]
	failures limiter[netip.Addr]
	callers  map[string]limiter[caller]
	document web.Reply
	metrics  metrics
}

// New makes an edge. It fails when its metrics are registered already.
func New(c Config) (*Edge, error) {
	m, err := newMetrics(c.Metrics)
	if err != nil {
		return nil, err
	}
	e := &Edge{
		Config:   c,
		metrics:  m,
		hosts:    hosts(c.PublicURL),
		address:  newLimiter[netip.Addr]("address", "address", c.Routes.Limits.Address),
		failures: newLimiter[netip.Addr]("failures", "failures", c.Routes.Limits.Failures),
		callers:  map[string]limiter[caller]{},
		document: document(c.PublicURL, c.Issuers),
	}
	for class, limit := range c.Routes.Limits.Caller {
		e.callers[class] = newLimiter[caller]("caller", class, limit)
	}
	e.steps = []Step{headerGate, e.pathGate, e.route, e.limitAddress, e.authenticate, e.limitCaller, e.stamp}
	return e, nil
}

// ServeHTTP takes the request through the steps, and forwards it if none objects.
func (e *Edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	x := &Exchange{In: r, Address: e.client(r), Answer: http.Header{}}
	x.Caller.Txn = principal.NewTxn()
	x.Answer.Set(web.TxnHeader, x.Caller.Txn)

	status, err := 0, error(nil)
	defer func() { e.done(x, status, err, time.Since(start)) }() // also when forwarding breaks off by panic
	for _, step := range e.steps {
		if err = step(x); err != nil {
			break
		}
	}
	if err == nil {
		status, err = e.answer(w, x)
	}
	if err != nil {
		copyTo(w.Header(), x.Answer)
		status = web.Write(w, r, web.Reply{}, err)
	}
}

func (e *Edge) answer(w http.ResponseWriter, x *Exchange) (int, error) {
	if x.Route.Upstream == route.Gateway {
		copyTo(w.Header(), x.Answer)
		return web.Write(w, x.In, e.document, nil), nil
	}
	return e.Forwarder.Forward(w, x.In, forward.Request{Route: x.Route, Vars: x.Vars, Token: x.Token, Answer: x.Answer})
}

func copyTo(to, from http.Header) {
	for name, values := range from {
		to[name] = values
	}
}

// route finds the route, or says which methods the path has.
func (e *Edge) route(x *Exchange) (err error) {
	x.Route, x.Vars, err = e.Routes.Find(x.In)
	return err
}

// stamp makes the one thing that says inside who is asking.
func (e *Edge) stamp(x *Exchange) (err error) {
	x.Caller.Workload = principal.Gateway
	x.Caller.Context.Route = x.Route.Name()
	x.Caller.Request.Address = x.Address.String()
	x.Token, err = e.Signer.Sign(x.Caller, time.Now())
	return err
}
