package forward

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"

	"innerdoor.example/shared/principal"
)

// whole is how much of an answer is taken in before the first byte goes out. A
// longer one is passed on as it comes.
const whole = 1 << 20

// clean makes the header of the upstream's answer the client's.
func (q Request) clean(h http.Header) {
	if !q.Route.PassCredentials {
		h.Del("Set-Cookie")
	}
	h.Del("Server")
	for name, values := range h {
		if lookalike(name) || strings.Contains(strings.Join(values, "\n"), q.Token) {
			delete(h, name)
		}
	}
	for name, values := range q.Answer {
		h[name] = values
	}
}

// lookalike reports whether some reader could take the field for a Txn-Token.
func lookalike(name string) bool {
	return strings.EqualFold(strings.ReplaceAll(name, "_", "-"), principal.Header)
}

// takeIn reads the answer before its status goes out, so that one which breaks off
// or comes too slowly is a clean 502 or 504 and not half a document. Trailers, which
// nobody has looked at, are dropped; they are there when the body was read.
func takeIn(answer *http.Response) error {
	if answer.Request.Method == http.MethodHead {
		return nil
	}
	buffer := bytes.NewBuffer(make([]byte, 0, min(max(answer.ContentLength, 0), whole)+bytes.MinRead))
	if _, err := buffer.ReadFrom(io.LimitReader(answer.Body, whole+1)); err != nil {
		return err
	}
	if err := context.Cause(answer.Request.Context()); err != nil {
		return err // an upstream that ends a body because we hung up has not finished it
	}
	answer.Trailer = nil
	if buffer.Len() > whole {
		answer.Body = &continued{io.MultiReader(buffer, answer.Body), answer.Body, answer}
		return nil
	}
	if err := answer.Body.Close(); err != nil {
		return err
	}
	answer.Body = io.NopCloser(buffer)
	answer.TransferEncoding = nil
	if bodyAllowed(answer.StatusCode) {
		answer.ContentLength = int64(buffer.Len())
		answer.Header.Set("Content-Length", strconv.Itoa(buffer.Len()))
	}
	return nil
}

func bodyAllowed(status int) bool {
	return status != http.StatusNoContent && status != http.StatusNotModified
}

// continued is a long body, of which the beginning was read already.
type continued struct {
	io.Reader
	body   io.Closer
	answer *http.Response
}

// Close implements io.Closer. It comes before the trailers are passed on.
func (c *continued) Close() error {
	err := c.body.Close()
	c.answer.Trailer = nil
	return err
}
