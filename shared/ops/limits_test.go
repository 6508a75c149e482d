package ops

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// listen serves handler under the limits of every listener.
func listen(t *testing.T, handler http.Handler) (addr string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := limited(Listener{Handler: handler}, slog.New(slog.DiscardHandler))
	go s.Serve(listener)
	t.Cleanup(func() { s.Close() })
	return listener.Addr().String()
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// A slow client is cut off within ten seconds; the test gives it half as much again before it complains.
const patience = 15 * time.Second

func TestSlowClientsAreCutOffAndDisturbNobody(t *testing.T) {
	addr := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/flood" {
			for {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
		}
		io.Copy(io.Discard, r.Body)
	}))
	dribble := func(t *testing.T, start, drop string) {
		t.Parallel()
		conn := dial(t, addr)
		io.WriteString(conn, start)
		began := time.Now()
		gone := make(chan struct{})
		go func() {
			io.Copy(io.Discard, conn)
			close(gone)
		}()
		for time.Since(began) < patience {
			select {
			case <-gone:
				return
			case <-time.After(100 * time.Millisecond):
				io.WriteString(conn, drop)
			}
		}
		t.Error("still connected")
	}
	t.Run("headers", func(t *testing.T) { dribble(t, "GET / HTTP/1.1\r\nHost: h\r\nX: ", "x") })
	t.Run("no headers at all", func(t *testing.T) { dribble(t, "", "") })
	t.Run("body", func(t *testing.T) { dribble(t, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9999\r\n\r\n", "x") })
	t.Run("reading", func(t *testing.T) {
		t.Parallel()
		conn := dial(t, addr)
		io.WriteString(conn, "GET /flood HTTP/1.1\r\nHost: h\r\n\r\n")
		time.Sleep(writeTime + 2*time.Second) // reads nothing meanwhile; what is buffered still arrives, then the end
		conn.SetReadDeadline(time.Now().Add(patience))
		if _, err := io.Copy(io.Discard, conn); err != nil && strings.Contains(err.Error(), "timeout") {
			t.Error("still connected")
		}
	})
	t.Run("meanwhile, a quick client", func(t *testing.T) {
		t.Parallel()
		for range 20 {
			began := time.Now()
			if response := exchange(t, addr, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"); response.StatusCode != 200 || time.Since(began) > 2*time.Second {
				t.Errorf("got %d after %s", response.StatusCode, time.Since(began))
			}
			time.Sleep(50 * time.Millisecond)
		}
	})
}

func exchange(t *testing.T, addr, request string) *http.Response {
	t.Helper()
	conn := dial(t, addr)
	io.WriteString(conn, request)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

func TestHeadersOfMoreThan16KiBAreRefused(t *testing.T) {
	addr := listen(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for size, want := range map[int]int{15 << 10: 200, 17 << 10: 431} {
		request := fmt.Sprintf("GET / HTTP/1.1\r\nHost: h\r\nX: %s\r\n\r\n", strings.Repeat("x", size))
		if response := exchange(t, addr, request); response.StatusCode != want {
			t.Errorf("%d bytes: want %d, got %d", size, want, response.StatusCode)
		}
	}
}

func TestAnAgedConnectionIsClosedBehindAnAnswer(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.RemoteAddr) }))
	closeAged(s.Config, 300*time.Millisecond)
	s.Start()
	defer s.Close()
	connections := map[string]int{}
	for began := time.Now(); time.Since(began) < time.Second; time.Sleep(5 * time.Millisecond) {
		response, err := s.Client().Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		from, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		connections[string(from)]++
	}
	if n := len(connections); n < 2 || n > 5 {
		t.Errorf("a second of requests, connections of 300 ms: want 2 to 5 of them, got %v", connections)
	}
}

// Nothing answers before our handler does.
func TestOptionsOfTheWholeServerReachTheHandler(t *testing.T) {
	conn := dial(t, listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
	})))
	io.WriteString(conn, "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n")
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || !strings.Contains(line, "418") {
		t.Errorf("OPTIONS * is answered %q (%v), not by the handler", line, err)
	}
}
