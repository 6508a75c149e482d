package forward

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// stream is the body of an answer that may last longer than the route's timeout. That
// bounds the wait for each of its pieces, and then the client's taking it.
type stream struct {
	upstream io.Reader
	timeout  time.Duration
	wait     *time.Timer // gives the upstream up
	client   *http.ResponseController
}

// Read waits for the next piece. While the client takes it, nobody waits for the
// upstream; and the listener's own limit, which is for whole answers, does not count.
func (s *stream) Read(p []byte) (int, error) {
	s.wait.Reset(s.timeout)
	n, err := s.upstream.Read(p)
	s.wait.Stop()
	if failure := s.client.SetWriteDeadline(time.Now().Add(s.timeout)); failure != nil {
		return 0, failure
	}
	return n, err
}

// passOn lets the pieces of the answer through as they come. One that would end by
// hanging up is refused: it could break off, and nobody would notice.
func (s *stream) passOn(answer *http.Response) error {
	if answer.ContentLength < 0 && len(answer.TransferEncoding) == 0 {
		return errors.New("a stream whose end would look like a break")
	}
	answer.Trailer = nil
	s.upstream = answer.Body
	answer.Body = &continued{s, answer.Body, answer}
	return nil
}
