// Package ops is what every process needs to be run: settings, listeners with their limits, health, metrics, log and
// an orderly end.
package ops

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
)

// Process is one process as it is run: what it serves, and how it is looked after.
type Process struct {
	Name     string                          // "claims", as in its log
	Settings Settings                        // as parsed
	Log      *slog.Logger                    // becomes slog's default too, so that libraries' words come out as JSON
	Inner    Listener                        // what the process is there for; the gateway's is the public one
	Ready    func(ctx context.Context) error // nil error: can serve now. It is asked by /readyz only; a nil func is always ready
	Registry *prometheus.Registry            // see NewRegistry
}

// Listener is an address and what answers there.
type Listener struct {
	Addr    string      // host:port; ":0" takes any free port
	TLS     *tls.Config // nil: plain HTTP
	Handler http.Handler
}

// NewRegistry returns a registry of the process's own, with the Go runtime's and the process's metrics in it.
func NewRegistry() *prometheus.Registry { return prometheus.NewRegistry() }

// Run serves p until ctx ends or SIGTERM or SIGINT comes, then lets the requests under way finish and returns nil.
// A listener that cannot be opened is an error in one sentence. Once both listeners are open it logs "listening" with
// their real addresses as "inner" and "ops".
func Run(ctx context.Context, p Process) error { return errors.New("not built yet") }

// Parse fills the struct cfg points to from the environment (caarlos0/env tags) and asks it and every struct in it that
// has a Validate() error method. All mistakes come in one error, one a line, each beginning with the variable's name;
// secrets in them are masked.
func Parse(cfg any) error { return errors.New("not built yet") }

// Healthcheck asks the /readyz of the process with these settings; nil means that it is ready to serve.
func Healthcheck(s Settings) error { return errors.New("not built yet") }
