package ops

import (
	"bufio"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"innerdoor.example/shared/web"
)

// pace is what the listeners of these tests allow for an answer.
const pace = 300 * time.Millisecond

// streaming serves a stream of these chunks as a process does, but more impatiently. ended is told when it is over,
// whether it came to its end.
func streaming(t *testing.T, chunks iter.Seq2[[]byte, error]) (addr string, ended chan bool) {
	t.Helper()
	ended = make(chan bool, 1)
	s, err := Process{Log: slog.New(slog.DiscardHandler)}.open(t.Context(), Listener{Addr: "127.0.0.1:0", Handler: measured(NewRegistry(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		whole := false
		defer func() { ended <- whole }()
		web.Write(w, r, web.Reply{Stream: chunks}, nil)
		whole = true
	}))})
	if err != nil {
		t.Fatal(err)
	}
	s.ReadTimeout, s.WriteTimeout = pace, pace
	go s.serve()
	t.Cleanup(func() { s.Close() })
	return s.addr(), ended
}

func TestAStreamIsNotCutOffForLastingLongerThanAnAnswerMay(t *testing.T) {
	const pieces = 40
	addr, ended := streaming(t, func(yield func([]byte, error) bool) {
		for range pieces {
			time.Sleep(pace / 10)
			if !yield([]byte("piece\n"), nil) {
				return
			}
		}
		time.Sleep(2 * pace) // before it turns out that there is no more
	})
	began := time.Now()
	response := exchange(t, addr, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	body, err := io.ReadAll(response.Body)
	if n := strings.Count(string(body), "piece\n"); err != nil || n != pieces || !<-ended {
		t.Errorf("%d pieces of %d came (%v)", n, pieces, err)
	}
	if took := time.Since(began); took < 4*pace {
		t.Errorf("it took only %s, so nothing was proved", took)
	}
}

func TestWhoDoesNotReadAStreamIsCutOff(t *testing.T) {
	flood := make([]byte, 1<<20)
	addr, ended := streaming(t, func(yield func([]byte, error) bool) {
		for yield(flood, nil) {
		}
	})
	conn := dial(t, addr)
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	select {
	case whole := <-ended:
		if whole {
			t.Error("a stream without end has ended")
		}
	case <-time.After(20 * pace):
		t.Fatal("the stream still waits for its reader")
	}
	conn.SetReadDeadline(time.Now().Add(patience))
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, response.Body); err == nil {
		t.Errorf("what is left of it, %d bytes, looks like a whole answer", n)
	}
}

// Slowly: all of it takes ten times as long as the listener is patient.
func TestWhoReadsAStreamSlowlyIsNotCutOff(t *testing.T) {
	const size, bytesPerSecond = 6 << 20, 2 << 20
	addr, ended := streaming(t, func(yield func([]byte, error) bool) { yield(make([]byte, size), nil) })
	conn := dial(t, addr)
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	began, read := time.Now(), 0
	for buffer := make([]byte, 64<<10); ; {
		n, err := conn.Read(buffer)
		if read += n; err != nil {
			break
		}
		time.Sleep(time.Duration(read)*time.Second/bytesPerSecond - time.Since(began))
	}
	if read < size || !<-ended {
		t.Errorf("cut off after %d bytes of %d and %s", read, size, time.Since(began))
	}
}
