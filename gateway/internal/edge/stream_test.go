package edge_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// pace is the timeout of the streams in these tests. The listener allows an answer twice as much.
const pace = 300 * time.Millisecond

// exporting is a system whose claims answer an export with these pieces, each of which is sent when it is given.
// ended is told when they are over, whether all of them could be sent.
func exporting(t *testing.T, length string, pieces func(send func(string) error, r *http.Request) error) (s *system, ended chan bool) {
	t.Helper()
	s = start(t, options{write: 2 * pace, routes: shippedRoutes(t, "stream: true", "stream: true, timeout: "+pace.String())})
	ended = make(chan bool, 9)
	s.services["claims"].answer(func(w http.ResponseWriter, r *http.Request) {
		whole := false
		defer func() { ended <- whole }()
		if length != "" {
			w.Header().Set("Content-Length", length)
		}
		err := pieces(func(piece string) error {
			if _, err := io.WriteString(w, piece); err != nil {
				return err
			}
			return http.NewResponseController(w).Flush()
		}, r)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		whole = true
	})
	return s, ended
}

// export asks for one. What is not read of the answer stays with the client.
func (s *system) export(t *testing.T, version string) (*http.Response, net.Conn) {
	t.Helper()
	conn := must(net.Dial("tcp", s.host))
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * pace))
	io.WriteString(conn, "GET /claims/export HTTP/"+version+"\r\nHost: "+s.host+"\r\nAuthorization: Bearer "+s.token(t, "sam")+"\r\n\r\n")
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return answer, conn
}

// over waits for the service to be done with the export.
func over(t *testing.T, ended chan bool) (whole bool) {
	t.Helper()
	select {
	case whole = <-ended:
	case <-time.After(20 * pace):
		t.Fatal("the service is still at it")
	}
	return whole
}

func TestAStreamArrivesWholeHoweverLongItLasts(t *testing.T) {
	const pieces = 40
	for _, length := range []string{"", strconv.Itoa(pieces * len("piece\n"))} {
		s, ended := exporting(t, length, func(send func(string) error, _ *http.Request) error {
			for range pieces {
				time.Sleep(pace / 10)
				if err := send("piece\n"); err != nil {
					return err
				}
			}
			return nil
		})
		began := time.Now()
		answer, _ := s.export(t, "1.1")
		body, err := io.ReadAll(answer.Body)
		if n := strings.Count(string(body), "piece\n"); err != nil || n != pieces || !over(t, ended) {
			t.Errorf("length %q: %d pieces of %d came (%v)", length, n, pieces, err)
		}
		if took := time.Since(began); took < 4*pace {
			t.Errorf("it took only %s, so nothing was proved", took)
		}
		if len(answer.Trailer) != 0 || answer.Header.Get("Txn-Id") == "" || !strings.HasPrefix(answer.Header.Get("RateLimit"), `"exports"`) {
			t.Errorf("it came with %v and the trailer %v", answer.Header, answer.Trailer)
		}
	}
}

func TestAPieceOfAStreamArrivesBeforeTheNextOneIsMade(t *testing.T) {
	for _, length := range []string{"", "10"} {
		goOn := make(chan bool)
		s, ended := exporting(t, length, func(send func(string) error, _ *http.Request) error {
			if err := send("first"); err != nil {
				return err
			}
			if !<-goOn {
				return io.ErrClosedPipe
			}
			return send("other")
		})
		answer, _ := s.export(t, "1.1")
		first := make([]byte, 5)
		_, err := io.ReadFull(answer.Body, first)
		goOn <- err == nil
		rest, last := io.ReadAll(answer.Body)
		if err != nil || last != nil || string(first)+string(rest) != "firstother" {
			t.Errorf("length %q: %q (%v) and then %q (%v)", length, first, err, rest, last)
		}
		over(t, ended)
	}
}

// Whatever ends a stream too early, the client cannot take what came for all there is.
func TestAStreamThatBreaksOffIsNoticed(t *testing.T) {
	for name, then := range map[string]func(r *http.Request) error{
		"aborted": func(*http.Request) error { return io.ErrUnexpectedEOF },
		"stalled": func(r *http.Request) error { <-r.Context().Done(); return r.Context().Err() },
	} {
		for _, length := range []string{"", "100"} {
			s, ended := exporting(t, length, func(send func(string) error, r *http.Request) error {
				if err := send("piece\n"); err != nil {
					return err
				}
				return then(r)
			})
			answer, conn := s.export(t, "1.1")
			body, err := io.ReadAll(answer.Body)
			if timeout, ok := err.(net.Error); string(body) != "piece\n" || err == nil || ok && timeout.Timeout() {
				t.Errorf("%s, length %q: %q is read to the end (%v)", name, length, body, err)
			}
			if n, err := conn.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("%s: the connection goes on: %d bytes, %v", name, n, err)
			}
			over(t, ended)
			if !s.log.has(`"route":"GET /claims/export","upstream":"claims","status":0`) {
				t.Errorf("%s: the log says %s", name, s.log)
			}
		}
	}
}

func TestAStreamThatDoesNotBeginIsAnAnswerInTime(t *testing.T) {
	s, ended := exporting(t, "", func(_ func(string) error, r *http.Request) error {
		<-r.Context().Done()
		return r.Context().Err()
	})
	s.send(t, "GET", "/claims/export", s.token(t, "sam"), "").problem(t, 504)
	over(t, ended)
	s.services["claims"].answer(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403); io.WriteString(w, "no") })
	if got := s.send(t, "GET", "/claims/export", s.token(t, "bob"), ""); got.status != 403 || got.body != "no" {
		t.Errorf("a refusal is the service's to make: %+v", got)
	}
}

func TestWhoDoesNotReadAStreamIsCutOffAndFreesTheService(t *testing.T) {
	flood := strings.Repeat("0123456789abcdef", 1<<16)
	s, ended := exporting(t, "", func(send func(string) error, _ *http.Request) (err error) {
		for err == nil {
			err = send(flood)
		}
		return err
	})
	answer, _ := s.export(t, "1.1")
	if over(t, ended) {
		t.Error("a stream without end has ended")
	}
	n, err := io.Copy(io.Discard, answer.Body)
	if timeout, ok := err.(net.Error); err == nil || ok && timeout.Timeout() {
		t.Errorf("what is left of it, %d bytes, is read to the end (%v)", n, err)
	}
}

func TestWhoHangsUpFreesTheService(t *testing.T) {
	s, ended := exporting(t, "", func(send func(string) error, r *http.Request) error {
		for range 200 {
			if err := send("piece\n"); err != nil {
				return err
			}
			select {
			case <-r.Context().Done():
				return r.Context().Err()
			case <-time.After(pace / 10):
			}
		}
		return nil
	})
	_, conn := s.export(t, "1.1")
	conn.Close()
	if over(t, ended) {
		t.Error("it was sent to the end")
	}
}

// Where the end is told by hanging up, a break looks the same.
func TestAStreamWhoseEndCouldBeABreakIsRefused(t *testing.T) {
	s, ended := exporting(t, "", func(send func(string) error, _ *http.Request) error { return send("piece\n") })
	if answer, _ := s.export(t, "1.0"); answer.StatusCode != 400 || len(s.services["claims"].arrived()) != 0 {
		t.Errorf("a client that speaks HTTP/1.0: %d", answer.StatusCode)
	}
	if answer, _ := s.export(t, "1.1"); answer.StatusCode != 200 || !over(t, ended) {
		t.Errorf("a client that speaks HTTP/1.1: %d", answer.StatusCode)
	}
	s.services["claims"].answer(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\npiece\n")
			conn.Close()
		}
	})
	s.send(t, "GET", "/claims/export", s.token(t, "sam"), "").problem(t, 502)
}
