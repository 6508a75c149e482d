package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	// MaxBody is the largest body that [Decode] reads, in bytes.
	MaxBody = 64 << 10

	maxDepth   = 32
	maxInteger = 1<<53 - 1 // beyond it, receivers disagree about the value (RFC 8259 §6)
)

// Decode reads the request's body, one JSON object or array, strictly into into.
// Member names are compared byte for byte; unknown and duplicate members, trailing
// data, invalid UTF-8, numbers beyond ±(2⁵³-1), the character U+0000 and nesting
// deeper than 32 are refused. Errors are of type [*Error]: Malformed, TooLarge
// or UnsupportedMedia. What was decoded before an error is of no use.
func Decode(r *http.Request, into any) error {
	if err := checkMedia(r.Header); err != nil {
		return err
	}
	body, err := ReadBody(r)
	if err != nil {
		return err
	}
	if err := scan(body); err != nil {
		return malformed(err)
	}
	if err := json.Unmarshal(body, into, json.RejectUnknownMembers(true)); err != nil {
		return malformed(err)
	}
	return nil
}

// ReadBody reads the whole body. Errors are TooLarge and Malformed.
func ReadBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, MaxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, &Error{Kind: TooLarge, Detail: fmt.Sprintf("at most %d bytes are read", MaxBody), Err: err}
	}
	if err != nil {
		return nil, &Error{Kind: Malformed, Detail: "the body broke off", Err: err}
	}
	return body, nil
}

func checkMedia(h http.Header) error {
	types := h.Values("Content-Type")
	if len(types) != 1 || len(h.Values("Content-Encoding")) != 0 {
		return &Error{Kind: UnsupportedMedia, Detail: "the body must be application/json, without an encoding"}
	}
	media, params, err := mime.ParseMediaType(types[0])
	charset, given := params["charset"]
	if err != nil || media != "application/json" || given && !strings.EqualFold(charset, "utf-8") {
		return &Error{Kind: UnsupportedMedia, Detail: "the body must be application/json in UTF-8", Err: err}
	}
	return nil
}

// flaw is something wrong with the body that the client may read as it is.
type flaw string

func (f flaw) Error() string { return string(f) }

// scan refuses what a decoder could read but different readers would understand
// differently, or cannot store.
func scan(body []byte) error {
	dec := jsontext.NewDecoder(bytes.NewReader(body))
	if kind := dec.PeekKind(); kind == '"' || kind == '0' || kind == 't' || kind == 'f' || kind == 'n' {
		return flaw("an object or array is required")
	}
	for {
		token, err := dec.ReadToken()
		if errors.Is(err, io.EOF) && dec.InputOffset() > 0 {
			return nil
		}
		if err != nil {
			return err
		}
		if dec.StackDepth() > maxDepth {
			return flaw("it is nested too deeply")
		}
		if err := scanToken(token); err != nil {
			return err
		}
	}
}

func scanToken(token jsontext.Token) error {
	switch token.Kind() {
	case '0':
		if f, err := token.Float(); err != nil || math.Abs(f) > maxInteger {
			return flaw("a number is beyond ±(2^53-1)")
		}
	case '"':
		if strings.ContainsRune(token.String(), 0) {
			return flaw("a string holds the character U+0000")
		}
	}
	return nil
}

// malformed says where the body is wrong in the client's words, never in Go's. The
// decoder's own error quotes what was sent, so it goes nowhere, not even to the log.
func malformed(err error) error {
	detail := "the body is not valid JSON"
	syntactic, badSyntax := errors.AsType[*jsontext.SyntacticError](err)
	semantic, badMeaning := errors.AsType[*json.SemanticError](err)
	found, isFlaw := errors.AsType[flaw](err)
	switch {
	case isFlaw:
		detail = string(found)
	case errors.Is(err, jsontext.ErrDuplicateName):
		detail = "a member is given twice"
	case badSyntax:
		detail = fmt.Sprintf("the body is not valid JSON at byte %d", syntactic.ByteOffset)
	case badMeaning && errors.Is(err, json.ErrUnknownName):
		detail = fmt.Sprintf("there is no member %.60q", semantic.JSONPointer.LastToken())
	case badMeaning:
		detail = fmt.Sprintf("%.60q is not of the right type", string(semantic.JSONPointer))
	}
	return &Error{Kind: Malformed, Detail: detail}
}
