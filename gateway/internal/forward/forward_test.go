package forward_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"innerdoor.example/gateway/internal/forward"
	"innerdoor.example/gateway/internal/route"
)

// What a service did before it fell over must not be done again behind the client's
// back: whether to repeat it is the client's to decide.
func TestAChangeWhoseAnswerBrokeOffIsNotSentAgain(t *testing.T) {
	var arrived atomic.Int64
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Idempotency-Key") != "k" {
			t.Errorf("the key that arrived is %q", r.Header.Get("Idempotency-Key"))
		}
		if arrived.Add(1) == 2 { // on the connection of the first
			panic(http.ErrAbortHandler)
		}
	}))
	defer service.Close()
	at, err := url.Parse(service.URL)
	if err != nil {
		t.Fatal(err)
	}
	f := forward.New(map[string]forward.Upstream{"orders": {URL: at, Transport: new(http.Transport)}}, slog.New(slog.DiscardHandler))
	for want, body := range map[string]string{"with a body": "{}", "without a body": ""} {
		arrived.Store(0)
		for range 2 {
			r := httptest.NewRequest(http.MethodPost, "/orders", strings.NewReader(body))
			r.Header.Set("Idempotency-Key", "k")
			_, err = f.Forward(httptest.NewRecorder(), r, forward.Request{
				Route: &route.Route{Method: http.MethodPost, Pattern: "/orders", Upstream: "orders", Body: 100, Timeout: time.Second},
				Token: "token",
			})
		}
		if err == nil || arrived.Load() != 2 {
			t.Errorf("%s: two requests arrived %d times, and the second was answered by %v", want, arrived.Load(), err)
		}
	}
}
