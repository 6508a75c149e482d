package harness

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"innerdoor.example/e2e/cast"
)

// A Recorder is a thief behind a real gateway: a further gateway of this system
// sends everything to listeners that show the stolen certificates of the services.
// They keep what comes and answer 200 to all.
type Recorder struct {
	Origin string // of the gateway; see Caller.At

	mu      sync.Mutex
	seen    []Received
	closers []func() error
}

// Received is one request as it arrived inside.
type Received struct {
	To     string // the workload that it was meant for
	Method string
	URI    string
	Header http.Header // with Go's own fields, but for Host
	Body   string
}

// Record starts a Recorder; env changes settings of its gateway.
func (in *Inside) Record(ctx context.Context, env map[string]string) (*Recorder, error) {
	r := &Recorder{}
	settings := map[string]string{}
	for setting, w := range map[string]string{"UPSTREAM_CLAIMS": "claims", "UPSTREAM_ORDERS": "orders", "UPSTREAM_IDENTITY": "identity"} {
		address, err := r.listen(in, w)
		if err != nil {
			return nil, errors.Join(err, r.Close())
		}
		settings[setting] = "https://" + address
	}
	for name, value := range env {
		settings[name] = value
	}
	origin, stop, err := in.Another(ctx, settings)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	r.Origin = origin
	r.closers = append(r.closers, stop)
	return r, nil
}

// listen opens the thief's listener in the place of one service.
func (r *Recorder) listen(inside *Inside, w string) (string, error) {
	pool, err := inside.bundle()
	if err != nil {
		return "", err
	}
	pair, err := inside.Certificate(w)
	if err != nil {
		return "", err
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, NextProtos: []string{"http/1.1"},
	})
	if err != nil {
		return "", err
	}
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		if w == "identity" && len(in.Header[TxnHeader]) == 0 { // the gateway itself asks for the keys
			keys := inside.Inner("gateway", "identity", in.Method, in.RequestURI, nil, nil)
			out.WriteHeader(keys.Status)
			_, _ = out.Write(keys.Body) // the gateway asks again
			return
		}
		r.keep(w, in)
	})}
	go func() { _ = server.Serve(listener) }() // until Close
	r.closers = append(r.closers, server.Close)
	return listener.Addr().String(), nil
}

func (r *Recorder) keep(w string, in *http.Request) {
	body, err := io.ReadAll(in.Body)
	if err != nil {
		body = fmt.Appendf(body, "(%v)", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = append(r.seen, Received{To: w, Method: in.Method, URI: in.RequestURI, Header: in.Header, Body: string(body)})
}

// Take is what arrived since it was last asked.
func (r *Recorder) Take() []Received {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.seen
	r.seen = nil
	return seen
}

// Close ends the gateway and the listeners.
func (r *Recorder) Close() error {
	var failed []error
	for _, c := range r.closers {
		failed = append(failed, c())
	}
	return errors.Join(failed...)
}

// Another is Extra, and ready to serve.
func (in *Inside) Another(ctx context.Context, env map[string]string) (origin string, stop func() error, err error) {
	ops, err := FreeAddress()
	if err != nil {
		return "", nil, err
	}
	settings := map[string]string{"OPS_ADDR": ops}
	for name, value := range env {
		settings[name] = value
	}
	origin, stop, err = in.Extra(ctx, settings)
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		answer := Ask(ctx, "http://"+settings["OPS_ADDR"]+"/readyz")
		if answer.Status == http.StatusOK {
			return origin, stop, nil
		}
		select {
		case <-ctx.Done():
			return "", nil, errors.Join(fmt.Errorf("a further gateway does not get ready: %s", answer), stop())
		case <-time.After(patience):
		}
	}
}

// Ask gets a URL that needs no credential: an ops listener's.
func Ask(ctx context.Context, url string) Answer {
	r, err := request(ctx, http.MethodGet, url, nil)
	if err != nil {
		return Answer{Err: err}
	}
	return send(client, r)
}

// FreeAddress is one of this machine that nobody listens at.
func FreeAddress() (string, error) {
	l, err := listen("")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// Tap obtains a genuine Txn-Token of the person, minted by a real gateway for a
// thief behind it.
func (s *System) Tap(ctx context.Context, p cast.Person) (string, error) {
	r, err := s.Inside.Record(ctx, nil)
	if err != nil {
		return "", err
	}
	defer func() { _ = r.Close() }() // it is only ours
	answer := s.As(p).At(r.Origin).Get("/claims/c-alice")
	for _, request := range r.Take() {
		return request.Header.Get(TxnHeader), nil
	}
	return "", fmt.Errorf("the tap saw no request: %s", answer)
}
