package web

import (
	"cmp"
	"iter"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// TxnHeader is the response header with the transaction's id. Whoever knows the
// transaction sets it before [Write], which repeats it in every problem.
const TxnHeader = "Txn-Id"

// Reply is an answer. A handler returns it and writes nothing itself, so nothing
// leaves early or twice.
type Reply struct {
	Status int         // 0 is 200
	Header http.Header // header fields of this answer
	Body   any         // becomes JSON
	Raw    []byte      // or: the bytes of the Content-Type that Header gives

	// Stream is, instead of Raw, the same in chunks, each of which leaves when it is there: see [NDJSON] and [CSV]. The whole may take as
	// long as it likes; a client that takes nothing for the listener's WriteTimeout is cut off. An error before the first
	// chunk is answered as one; after it the answer breaks off, so that nobody takes what came for all there is.
	Stream iter.Seq2[[]byte, error]
}

// OK answers 200 with v as JSON, unless there is an error.
func OK(v any, err error) (Reply, error) {
	return Reply{Status: http.StatusOK, Body: v}, err
}

// NoContent answers 204, unless there is an error.
func NoContent(err error) (Reply, error) {
	return Reply{Status: http.StatusNoContent}, err
}

// Write is the one place that writes an answer: the reply, or the problem that err
// makes (RFC 9457). It returns the status written, for the access log; err itself
// is left to the caller to log. A Stream that breaks off makes it panic with
// [http.ErrAbortHandler], which net/http turns into an answer without an end.
//
// Answers are about persons, so no cache may store them unless the reply's own
// Cache-Control says otherwise.
func Write(w http.ResponseWriter, r *http.Request, reply Reply, err error) int {
	if err != nil {
		reply = problemReply(err, w.Header().Get(TxnHeader))
	}
	if reply.Stream != nil {
		return stream(w, r, reply)
	}
	body, err := reply.encode()
	if err != nil {
		reply = problemReply(err, w.Header().Get(TxnHeader))
		body, _ = reply.encode() // a problem is strings and a number
	}
	h, status := w.Header(), reply.status()
	reply.head(h)
	if status != http.StatusNoContent && status != http.StatusNotModified {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client has gone: nobody is left to tell
	}
	return status
}

func (r Reply) status() int { return cmp.Or(r.Status, http.StatusOK) }

func (r Reply) head(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Body != nil {
		h.Set("Content-Type", "application/json")
	}
	for name, values := range r.Header {
		h[http.CanonicalHeaderKey(name)] = values
	}
}

func (r Reply) encode() ([]byte, error) {
	if r.Body == nil {
		return r.Raw, nil
	}
	return json.Marshal(r.Body, jsontext.AllowInvalidUTF8(true)) // shown as U+FFFD
}
