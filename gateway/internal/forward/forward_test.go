package forward_test

import (
	"io"
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
	f := forward.New(map[string]forward.Upstream{"orders": {URL: parsed(t, service.URL), Transport: new(http.Transport)}}, slog.New(slog.DiscardHandler))
	for want, body := range map[string]string{"with a body": "{}", "without a body": ""} {
		arrived.Store(0)
		var err error
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

// slow is a client that takes its time for each piece.
type slow struct {
	*httptest.ResponseRecorder
	time.Duration
}

func (s slow) Write(p []byte) (int, error) {
	time.Sleep(s.Duration)
	return s.ResponseRecorder.Write(p)
}

// SetWriteDeadline is for http.ResponseController.
func (slow) SetWriteDeadline(time.Time) error { return nil }

// Each of them has the timeout: the upstream to send a piece, and then the client to take it.
func TestTheTimeThatAClientTakesForAPieceIsNotTheUpstreams(t *testing.T) {
	const timeout = 200 * time.Millisecond
	long := strings.Repeat("0123456789abcdef", 1<<13)
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, long) }))
	defer service.Close()
	f := forward.New(map[string]forward.Upstream{"claims": {URL: parsed(t, service.URL), Transport: new(http.Transport)}}, slog.New(slog.DiscardHandler))
	client := slow{httptest.NewRecorder(), 2 * timeout}
	_, err := f.Forward(client, httptest.NewRequest(http.MethodGet, "/export", nil), forward.Request{
		Route: &route.Route{Method: http.MethodGet, Pattern: "/export", Upstream: "claims", Stream: true, Timeout: timeout},
	})
	if err != nil || client.Body.String() != long {
		t.Errorf("%d bytes of %d arrived (%v)", client.Body.Len(), len(long), err)
	}
}

func parsed(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
