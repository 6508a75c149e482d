package serve

import (
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/web"
)

// Config is what the checks need. All of it is required.
type Config struct {
	Verifier *principal.Verifier
	Peer     func(*http.Request) (principal.Workload, error) // the caller's workload, from its TLS certificate
	Now      func() time.Time
	Log      *slog.Logger // one line for each request
}

type server struct {
	Config
	routes   *web.Routes[Route]
	underWay sync.Map // requests with an Idempotency-Key that are not answered yet
}

// New makes the handler of the service's inner listener. It fails if the config is
// incomplete or the routes have mistakes that [Check] finds without a policy.
func New(routes []Route, c Config) (http.Handler, error) {
	if c.Verifier == nil || c.Peer == nil || c.Now == nil || c.Log == nil {
		return nil, errors.New("serve: Verifier, Peer, Now and Log are required")
	}
	if err := Check(routes, func(authz.Name) bool { return true }); err != nil {
		return nil, err
	}
	found, err := web.NewRoutes(routes, func(r Route) (method, pattern string) { return r.Method, r.Pattern })
	if err != nil {
		return nil, err
	}
	return &server{Config: c, routes: found}, nil
}

// exchange is one request on its way, and what the access log tells of it.
type exchange struct {
	in    *http.Request
	peer  principal.Workload
	route Route
	who   principal.Principal
	done  func() // when it is answered
}

// ServeHTTP implements [http.Handler].
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := s.Now()
	x := &exchange{in: r, done: func() {}}
	reply, err := s.answer(x)
	if x.who.Valid() {
		w.Header().Set(web.TxnHeader, x.who.Txn())
	}
	reply.Stream = noting(reply.Stream, &err)
	status := 0 // until it is answered: what breaks off has no status
	defer func() {
		x.done()
		s.log(x, status, s.Now().Sub(start), err)
	}()
	status = web.Write(w, r, reply, err)
}

// noting keeps the error of a stream for the log.
func noting(chunks iter.Seq2[[]byte, error], failure *error) iter.Seq2[[]byte, error] {
	if chunks == nil {
		return nil
	}
	return func(yield func([]byte, error) bool) {
		for chunk, err := range chunks {
			if err != nil {
				*failure = err
			}
			if !yield(chunk, err) {
				return
			}
		}
	}
}

// answer is the order of things.
func (s *server) answer(x *exchange) (web.Reply, error) {
	for _, check := range []func(*exchange) error{s.peer, s.find, s.admit, s.verify, s.once} {
		if err := check(x); err != nil {
			return web.Reply{}, err
		}
	}
	return handle(x)
}

// peer names the workload at the other end of the TLS connection.
func (s *server) peer(x *exchange) (err error) {
	if x.peer, err = s.Peer(x.in); err != nil || x.peer == "" {
		return &web.Error{Kind: web.Forbidden, Detail: "a workload of this system is required", Err: err}
	}
	return nil
}

// find looks the operation up. Only workloads of the system learn what there is.
func (s *server) find(x *exchange) error {
	path := x.in.URL.Path
	if !utf8.ValidString(path) || strings.ContainsFunc(path, unicode.IsControl) {
		return &web.Error{Kind: web.Malformed, Detail: "the path holds control characters or is not UTF-8"}
	}
	route, vars, err := s.routes.Find(x.in)
	if err != nil {
		return err
	}
	x.route = route
	for name, value := range vars {
		x.in.SetPathValue(name, value)
	}
	return nil
}

// admit is the operation's allow-list.
func (s *server) admit(x *exchange) error {
	if !slices.Contains(x.route.From, x.peer) {
		return &web.Error{Kind: web.Forbidden, Detail: "not an operation for this workload"}
	}
	return nil
}

// verify takes exactly one Txn-Token: two could be read differently here and there.
func (s *server) verify(x *exchange) error {
	if x.route.WithoutToken {
		return nil
	}
	tokens := x.in.Header.Values(principal.Header)
	if len(tokens) != 1 {
		return &web.Error{Kind: web.Unauthenticated, Err: fmt.Errorf("%d Txn-Tokens instead of one", len(tokens))}
	}
	who, err := s.Verifier.Verify(tokens[0], x.peer, s.Now())
	if err != nil {
		return &web.Error{Kind: web.Unauthenticated, Err: err}
	}
	x.who = who
	if who.Anonymous() && !x.route.Anonymous {
		return &web.Error{Kind: web.Unauthenticated, Err: errors.New("anonymous, where a caller must be known")}
	}
	return nil
}

// handle runs the handler; a panic in it is an error like any other.
func handle(x *exchange) (reply web.Reply, err error) {
	defer func() {
		if p := recover(); p != nil {
			reply, err = web.Reply{}, fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return x.route.Handler(x.in, x.who)
}

// log writes the access log's line.
func (s *server) log(x *exchange, status int, took time.Duration, err error) {
	level := slog.LevelInfo
	if status == 0 || status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	attrs := []slog.Attr{
		slog.String("method", x.in.Method),
		slog.String("path", x.in.URL.Path),
		slog.String("route", x.route.Pattern),
		slog.Int("status", status),
		slog.Int64("us", took.Microseconds()),
		slog.String("peer", string(x.peer)),
		slog.String("who", string(x.who.ID())),
		slog.String("txn", x.who.Txn()),
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	s.Log.LogAttrs(x.in.Context(), level, "request", attrs...)
}
