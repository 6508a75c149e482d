package web

import (
	"cmp"
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
// is left to the caller to log.
//
// Answers are about persons, so no cache may store them unless the reply's own
// Cache-Control says otherwise.
func Write(w http.ResponseWriter, r *http.Request, reply Reply, err error) int {
	if err != nil {
		reply = problemReply(err, w.Header().Get(TxnHeader))
	}
	body, err := reply.encode()
	if err != nil {
		reply = problemReply(err, w.Header().Get(TxnHeader))
		body, _ = reply.encode() // a problem is strings and a number
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if reply.Body != nil {
		h.Set("Content-Type", "application/json")
	}
	for name, values := range reply.Header {
		h[http.CanonicalHeaderKey(name)] = values
	}
	status := cmp.Or(reply.Status, http.StatusOK)
	if status != http.StatusNoContent && status != http.StatusNotModified {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client has gone: nobody is left to tell
	}
	return status
}

func (r Reply) encode() ([]byte, error) {
	if r.Body == nil {
		return r.Raw, nil
	}
	return json.Marshal(r.Body, jsontext.AllowInvalidUTF8(true)) // shown as U+FFFD
}
