package serve

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"

	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/web"
)

const idempotencyKey = "Idempotency-Key"

// A key is a String of RFC 8941 §3.3.3, here without escapes: two spellings of one key would be two keys.
var keyForm = regexp.MustCompile(`^"([ !#-\[\]-~]{1,100})"$`)

// once hands a POST's Idempotency-Key on with the caller, so that no handler can forget it: the door then does the
// request once and answers a second one anew from what came of the first. While the first is under way, it is refused.
func (s *server) once(x *exchange) error {
	keys := x.in.Header.Values(idempotencyKey)
	if len(keys) == 0 || x.in.Method != http.MethodPost || x.route.Action == "" {
		return nil
	}
	form := keyForm.FindStringSubmatch(keys[0])
	if len(keys) > 1 || form == nil {
		return &web.Error{Kind: web.Malformed, Detail: idempotencyKey + ` must be given once, as a quoted string of 1 to 100 characters: "…"`}
	}
	digest, err := digest(x.in)
	if err != nil {
		return err
	}
	o := principal.Once{Route: x.route.String(), Key: form[1], Digest: digest}
	holder := fmt.Sprintf("%q", []string{string(x.who.Tenant()), string(x.who.ID()), o.Route, o.Key})
	if _, taken := s.underWay.LoadOrStore(holder, true); taken {
		return &web.Error{Kind: web.Conflict, Detail: "a request with this " + idempotencyKey + " is under way",
			Err: errors.New("a second one came before the first was answered")}
	}
	x.done = func() { s.underWay.Delete(holder) }
	x.who = x.who.Sending(o)
	return nil
}

// digest takes the body in and puts it back for the handler.
func digest(r *http.Request) (sum [32]byte, err error) {
	body, err := web.ReadBody(r)
	if err != nil {
		return sum, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var text []byte
	for _, part := range []string{r.URL.Path, r.URL.RawQuery, r.Header.Get("If-Match"), string(body)} {
		text = append(binary.AppendUvarint(text, uint64(len(part))), part...)
	}
	return sha256.Sum256(text), nil
}
