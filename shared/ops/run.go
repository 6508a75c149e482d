// Package ops is what every process needs to be run: settings, listeners with their limits, health, metrics, log and
// an orderly end.
package ops

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Process is one process as it is run: what it serves, and how it is looked after.
type Process struct {
	Settings Settings                        // as parsed
	Log      *slog.Logger                    // becomes slog's default too, so that libraries' words come out as JSON
	Inner    Listener                        // what the process is there for; the gateway's is the public one
	Ready    func(ctx context.Context) error // nil error: can serve now. It is asked by /readyz only; a nil func is always ready
	Registry *prometheus.Registry            // see NewRegistry; shown by /metrics
}

// Listener is an address and what answers there.
type Listener struct {
	Addr    string      // host:port; ":0" takes any free port
	TLS     *tls.Config // nil: plain HTTP
	Handler http.Handler
}

// drainTime is how long requests under way may take when the process is told to stop. It is more than an answer
// may take (writeTime) and less than the ten seconds after which container engines kill. A stream that is not at its
// end by then breaks off.
const drainTime = 9 * time.Second

// Run serves p until ctx ends or SIGTERM or SIGINT comes, then takes no more connections, lets the requests under way
// finish and returns nil. A second signal kills at once.
// A listener that cannot be opened is an error in one sentence. Once both listeners are open it logs "listening" with
// their real addresses as "inner" and "ops".
func Run(ctx context.Context, p Process) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	slog.SetDefault(p.Log)

	var draining atomic.Bool
	inner, err := p.open(ctx, Listener{Addr: p.Inner.Addr, TLS: p.Inner.TLS, Handler: measured(p.Registry, p.Inner.Handler)})
	if err != nil {
		return err
	}
	defer inner.Close()
	ops, err := p.open(ctx, Listener{Addr: p.Settings.Addr, Handler: p.health(&draining)})
	if err != nil {
		return err
	}
	defer ops.Close()

	p.Log.Info("listening", "inner", inner.addr(), "ops", ops.addr())
	failed := make(chan error, 2)
	go func() { failed <- inner.serve() }()
	go func() { failed <- ops.serve() }()
	select {
	case err := <-failed:
		return fmt.Errorf("stopped serving: %w", err)
	case <-ctx.Done():
	}

	stop()
	draining.Store(true)
	p.Log.Info("stopping")
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if err := inner.Shutdown(patience); err != nil {
		return fmt.Errorf("stopped with requests under way: %w", err)
	}
	return ops.Shutdown(patience)
}

// server is an HTTP server together with the listener that it has opened.
type server struct {
	*http.Server
	listener net.Listener
}

func (p Process) open(ctx context.Context, l Listener) (*server, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", l.Addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("cannot listen on %s: another process is using that port", l.Addr)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", l.Addr, err)
	}
	return &server{limited(l, p.Log), narrow{listener}}, nil
}

func (s *server) addr() string { return s.listener.Addr().String() }

func (s *server) serve() error {
	if s.TLSConfig != nil {
		return s.ServeTLS(s.listener, "", "")
	}
	return s.Serve(s.listener)
}

// Close also closes a listener on which nothing was served yet, which http.Server does not know of.
func (s *server) Close() error {
	return errors.Join(s.Server.Close(), s.listener.Close())
}
