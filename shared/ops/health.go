package ops

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// askTime bounds how long a readiness question may take.
const askTime = 2 * time.Second

// health is the ops listener: /livez (the process answers), /readyz (it can serve, and has not been told to stop) and
// /metrics. Why a process is not ready is told to its log, not to whoever asks.
func (p Process) health(draining *atomic.Bool) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "alive\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if draining.Load() {
			http.Error(w, "stopping", http.StatusServiceUnavailable)
			return
		}
		if err := p.ready(r.Context()); err != nil {
			p.Log.Warn("not ready", "err", err)
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
		io.WriteString(w, "ready\n")
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(p.Registry, promhttp.HandlerOpts{}))
	return mux
}

func (p Process) ready(ctx context.Context) error {
	if p.Ready == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	return p.Ready(ctx)
}

// Healthcheck asks the /readyz of the process with these settings; nil means that it is ready to serve. It is what the
// "healthcheck" sub-command does, for containers without a shell.
func Healthcheck(s Settings) error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 2 * askTime}
	response, err := client.Get("http://" + s.Addr + "/readyz")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s is not ready: status %d", s.Addr, response.StatusCode)
	}
	return nil
}
