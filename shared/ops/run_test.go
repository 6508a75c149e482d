package ops_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"innerdoor.example/shared/mtls/mtlstest"
	"innerdoor.example/shared/ops"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running is a process started by a test.
type running struct {
	Inner, Ops string // addresses, as its log tells them
	stop       context.CancelFunc
	ended      chan error
}

// start runs a process on free ports until the test ends.
func start(t *testing.T, p ops.Process) *running {
	t.Helper()
	reader, writer := io.Pipe()
	p.Log, p.Registry = slog.New(slog.NewJSONHandler(writer, nil)), ops.NewRegistry()
	p.Settings.Addr, p.Inner.Addr = "127.0.0.1:0", "127.0.0.1:0"
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{stop: cancel, ended: make(chan error, 1)}
	go func() {
		r.ended <- ops.Run(ctx, p)
		writer.Close()
	}()
	lines := bufio.NewReader(reader)
	line, err := lines.ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var said struct{ Msg string }
	if err := errors.Join(json.Unmarshal(line, &said), json.Unmarshal(line, r)); err != nil || said.Msg != "listening" {
		t.Fatalf("the first line of the log is %q (%v)", line, err)
	}
	go io.Copy(io.Discard, lines)
	t.Cleanup(cancel)
	return r
}

// end waits for the process to end by itself.
func (r *running) end(t *testing.T) error {
	t.Helper()
	select {
	case err := <-r.ended:
		return err
	case <-time.After(20 * time.Second):
		t.Fatal("still running after 20 s")
		return nil
	}
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

var hello = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") })

func TestABusyPortIsOneSentence(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	busy, free := taken.Addr().String(), "127.0.0.1:0"
	want := fmt.Sprintf("cannot listen on %s: another process is using that port", busy)
	for name, addr := range map[string][2]string{"inner": {busy, free}, "ops": {free, busy}} {
		err := ops.Run(t.Context(), ops.Process{
			Log: slog.New(slog.DiscardHandler), Registry: ops.NewRegistry(),
			Inner: ops.Listener{Addr: addr[0], Handler: hello}, Settings: ops.Settings{Addr: addr[1]},
		})
		if err == nil || err.Error() != want {
			t.Errorf("%s: want %q, got %v", name, want, err)
		}
	}
}

func TestAProcessTellsWhetherItCanServe(t *testing.T) {
	var broken atomic.Bool
	r := start(t, ops.Process{Inner: ops.Listener{Handler: hello}, Ready: func(context.Context) error {
		if broken.Load() {
			return errors.New("the database is at postgres://claims:hunter2@db")
		}
		return nil
	}})
	if err := ops.Healthcheck(ops.Settings{Addr: r.Ops}); err != nil {
		t.Errorf("ready: %v", err)
	}
	broken.Store(true)
	if err := ops.Healthcheck(ops.Settings{Addr: r.Ops}); err == nil {
		t.Error("a process that is not ready is healthy")
	}
	if status, body := get(t, "http://"+r.Ops+"/readyz"); status != 503 || body != "not ready\n" {
		t.Errorf("/readyz: %d %q", status, body)
	}
	if status, _ := get(t, "http://"+r.Ops+"/livez"); status != 200 {
		t.Errorf("/livez of a process that is not ready: %d", status)
	}
	r.stop()
	if err := r.end(t); err != nil {
		t.Error(err)
	}
	if err := ops.Healthcheck(ops.Settings{Addr: r.Ops}); err == nil {
		t.Error("a process that has ended is healthy")
	}
}

func TestMetricsCountRequestsUnderLabelsThatCannotGrow(t *testing.T) {
	r := start(t, ops.Process{Inner: ops.Listener{Handler: hello}})
	for _, method := range []string{"GET", "BREW", "WHEN"} {
		request, err := http.NewRequest(method, "http://"+r.Inner+"/claims/"+method, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
	}
	_, metrics := get(t, "http://"+r.Ops+"/metrics")
	for _, want := range []string{
		`http_requests_total{code="200",method="get"} 1`,
		`http_requests_total{code="200",method="unknown"} 2`,
		`http_request_duration_seconds_count{method="unknown"} 2`,
		"go_goroutines ", "process_resident_memory_bytes ",
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("/metrics has no %q", want)
		}
	}
	if strings.Contains(strings.ToLower(metrics), "brew") {
		t.Error("a client has made a label of its own")
	}
}

func TestWhatIsUnderWayIsFinishedWhenTheProcessIsToldToStop(t *testing.T) {
	entered, finish := make(chan struct{}), make(chan struct{})
	r := start(t, ops.Process{Inner: ops.Listener{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-finish
		if r.Context().Err() == nil {
			io.WriteString(w, "done")
		}
	})}})
	answer := make(chan string, 1)
	go func() {
		_, body := get(t, "http://"+r.Inner)
		answer <- body
	}()
	<-entered
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for { // until the listener is closed
		conn, err := net.Dial("tcp", r.Inner)
		if err != nil {
			break
		}
		conn.Close()
		time.Sleep(time.Millisecond)
	}
	if status, body := get(t, "http://"+r.Ops+"/readyz"); status != 503 || body != "stopping\n" {
		t.Errorf("/readyz while stopping: %d %q", status, body)
	}
	close(finish)
	if body := <-answer; body != "done" {
		t.Errorf("the request under way got %q", body)
	}
	if err := r.end(t); err != nil {
		t.Errorf("ended with %v", err)
	}
}

func TestTheInnerListenerSpeaksMutualTLSOnly(t *testing.T) {
	domain := mtlstest.New(t)
	r := start(t, ops.Process{Inner: ops.Listener{TLS: domain.Identity(t, "orders").Server(), Handler: hello}})
	transport := domain.Identity(t, "claims").Transport("orders")
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Get("https://" + r.Inner)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || string(body) != "hello" {
		t.Errorf("claims: %q, %v", body, err)
	}
	if status, _ := get(t, "http://"+r.Inner); status != 400 {
		t.Errorf("plain HTTP: %d", status)
	}
	stranger := mtlstest.New(t).Identity(t, "claims").Transport("orders")
	stranger.TLSClientConfig.VerifyPeerCertificate = nil
	if response, err := (&http.Client{Transport: stranger}).Get("https://" + r.Inner); err == nil {
		response.Body.Close()
		t.Error("claims of another trust domain was let in")
	}
}
