package edge

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics have no label that a client could make up values for.
type metrics struct {
	requests *prometheus.CounterVec
	limited  *prometheus.CounterVec
}

func newMetrics(registry prometheus.Registerer) (metrics, error) {
	m := metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gateway_requests_total", Help: "Requests by route (none: refused before one was found) and status.",
		}, []string{"route", "code"}),
		limited: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gateway_limited_total", Help: "Requests answered 429, by limit (address, failures, caller).",
		}, []string{"limit"}),
	}
	if err := registry.Register(m.requests); err != nil {
		return m, err
	}
	return m, registry.Register(m.limited)
}

// done writes the access log: who entered or was turned away, with the txn under
// which services record what they decided. It never holds a query, a token or a
// body. A status of 0 means that the answer broke off.
func (e *Edge) done(x *Exchange, status int, err error, took time.Duration) {
	route, upstream := "none", ""
	if x.Route != nil {
		route, upstream = x.Route.Name(), x.Route.Upstream
	}
	e.metrics.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	attrs := []slog.Attr{
		slog.String("txn", x.Caller.Txn),
		slog.String("method", x.In.Method),
		slog.String("path", x.In.URL.Path),
		slog.String("route", route),
		slog.String("upstream", upstream),
		slog.Int("status", status),
		slog.Float64("ms", float64(took.Microseconds())/1000),
		slog.String("address", x.Address.String()),
		slog.String("who", string(x.Caller.ID)),
		slog.String("tenant", string(x.Caller.Context.Tenant)),
		slog.String("client", x.Caller.Context.Client),
	}
	if err != nil {
		attrs = append(attrs, slog.String("refusal", err.Error()))
	}
	e.Log.LogAttrs(context.Background(), slog.LevelInfo, "request", attrs...)
}
