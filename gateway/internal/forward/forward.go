// Package forward carries a request that may enter to its upstream and the answer
// back, over mutual TLS. What goes in is put together anew from an allow-list, so
// there is nothing to strip.
package forward

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"innerdoor.example/gateway/internal/route"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/web"
)

// Upstream is where a service listens, and how it is reached.
type Upstream struct {
	URL       *url.URL // scheme and host
	Transport http.RoundTripper
}

// Forwarder sends requests to upstreams by name.
type Forwarder struct {
	upstreams map[string]Upstream
	proxy     httputil.ReverseProxy // what is the same for all
}

// New makes a Forwarder for these upstreams.
func New(upstreams map[string]Upstream, log *slog.Logger) *Forwarder {
	return &Forwarder{upstreams: upstreams, proxy: httputil.ReverseProxy{
		BufferPool: &pool{},
		ErrorLog:   slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}}
}

// Request is what is known of a request when it may enter.
type Request struct {
	Route  *route.Route
	Vars   map[string]string // of the route's pattern
	Token  string            // the Txn-Token
	Answer http.Header       // fields that the answer gets, whatever the upstream says of them
}

// Forward asks the upstream and writes its answer to w, unless it returns an
// error: then nothing was written, and the error is a *web.Error. It answers
// within the route's timeout, whatever the upstream does; a stream begins within it
// and goes on in pieces, each of which has it anew. The status is the upstream's. It
// panics with http.ErrAbortHandler when an answer breaks off on its way out.
func (f *Forwarder) Forward(w http.ResponseWriter, r *http.Request, q Request) (status int, err error) {
	if q.Route.Stream && !r.ProtoAtLeast(1, 1) {
		return 0, &web.Error{Kind: web.Malformed, Detail: "this takes HTTP/1.1: before it, nobody could tell the end of an answer from a break"}
	}
	body, err := readBody(w, r, q.Route.Body)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	wait := time.AfterFunc(q.Route.Timeout, func() { cancel(context.DeadlineExceeded) })
	defer wait.Stop()

	upstream := f.upstreams[q.Route.Upstream]
	proxy := f.proxy // a copy: its closures are this request's own
	proxy.Transport = upstream.Transport
	proxy.Rewrite = func(pr *httputil.ProxyRequest) { q.rewrite(pr, upstream.URL, body) }
	take := takeIn
	if q.Route.Stream {
		proxy.FlushInterval = -1 // at once
		take = (&stream{timeout: q.Route.Timeout, wait: wait, client: http.NewResponseController(w)}).passOn
	}
	proxy.ModifyResponse = func(answer *http.Response) error {
		status = answer.StatusCode
		q.clean(answer.Header)
		return take(answer)
	}
	proxy.ErrorHandler = func(_ http.ResponseWriter, _ *http.Request, failure error) { err = explain(failure) }
	proxy.ServeHTTP(final{w}, r.WithContext(ctx))
	return status, err
}

// readBody takes the whole body in before anything is sent on: the upstream sees
// one length that we counted, and a slow client holds none of its connections.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength == 0 {
		return nil, nil
	}
	if r.ContentLength > limit {
		return nil, &web.Error{Kind: web.TooLarge}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, &web.Error{Kind: web.TooLarge, Err: err}
	}
	if err != nil {
		return nil, &web.Error{Kind: web.Malformed, Detail: "the body did not arrive whole", Err: err,
			Header: http.Header{"Connection": {"close"}}}
	}
	return body, nil
}

// allowed are the header fields of a client's that go in; credentials only where
// the route says so.
var (
	allowed     = []string{"Accept", "Accept-Language", "Content-Type", idempotencyKey, "If-Match", "If-None-Match"}
	credentials = []string{"Authorization", "Cookie"}
)

const idempotencyKey = "Idempotency-Key"

// rewrite replaces what ReverseProxy has prepared. Here is the last word: hop by
// hop fields are already dealt with, so no Connection field of the client's can
// remove what is set now.
func (q Request) rewrite(pr *httputil.ProxyRequest, upstream *url.URL, body []byte) {
	header := make(http.Header, len(allowed)+1)
	keep(header, pr.In.Header, allowed)
	if q.Route.PassCredentials {
		keep(header, pr.In.Header, credentials)
	}
	header[principal.Header] = []string{q.Token}
	if values, ok := header[idempotencyKey]; ok {
		// The same field for who reads it, but not for net/http's transport: that would take a POST which carries
		// one for safe to send again when its answer broke off, although it may have been done.
		delete(header, idempotencyKey)
		header[strings.ToLower(idempotencyKey)] = values
	}

	out := pr.Out
	out.Header = header
	out.Trailer = nil
	out.TransferEncoding = nil
	out.Host = upstream.Host
	out.URL = &url.URL{Scheme: upstream.Scheme, Host: upstream.Host, Path: q.Route.Path(q.Vars), RawQuery: pr.In.URL.RawQuery}
	out.ContentLength = int64(len(body))
	out.Body, out.GetBody = http.NoBody, nil
	if len(body) > 0 {
		out.Body = io.NopCloser(bytes.NewReader(body))
		out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	}
}

func keep(to, from http.Header, names []string) {
	for _, name := range names {
		if values, ok := from[name]; ok {
			to[name] = values
		}
	}
}

// explain turns a failure of the upstream into the answer for it.
func explain(failure error) error {
	timeout, isNet := errors.AsType[net.Error](failure)
	dial, isOp := errors.AsType[*net.OpError](failure)
	switch {
	case errors.Is(failure, context.DeadlineExceeded), isNet && timeout.Timeout():
		return &web.Error{Kind: web.Timeout, Err: failure}
	case isOp && dial.Op == "dial":
		return &web.Error{Kind: web.Unavailable, RetryAfter: time.Second, Err: failure}
	}
	return &web.Error{Kind: web.BadGateway, Err: failure}
}

// final lets only final answers through: an informational one (1xx) would carry
// header fields that nobody has looked at.
type final struct{ http.ResponseWriter }

func (f final) WriteHeader(status int) {
	if status >= http.StatusOK {
		f.ResponseWriter.WriteHeader(status)
	}
}

// Unwrap is for http.ResponseController.
func (f final) Unwrap() http.ResponseWriter { return f.ResponseWriter }

type pool struct{ sync.Pool }

const copyBuffer = 32 << 10

// Get implements httputil.BufferPool.
func (p *pool) Get() []byte {
	if b, ok := p.Pool.Get().(*[copyBuffer]byte); ok {
		return b[:]
	}
	return make([]byte, copyBuffer)
}

// Put implements httputil.BufferPool.
func (p *pool) Put(b []byte) { p.Pool.Put((*[copyBuffer]byte)(b)) }
