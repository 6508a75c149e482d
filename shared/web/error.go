// Package web is how every process answers over HTTP: handlers return a [Reply] or
// an error, and [Write] is the one place that writes. Errors become problem details
// (RFC 9457) by one table.
package web

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Kind is what went wrong, as far as the client is concerned. The zero Kind is
// Internal, so an error that nobody thought about says nothing.
type Kind uint8

// The kinds of errors; their statuses are in the table of answers.
const (
	Internal         Kind = iota // 500
	Malformed                    // 400: cannot be read
	Unauthenticated              // 401: who are you?
	StepUp                       // 401: log in more strongly (RFC 9470)
	Scope                        // 403: the token lacks a scope (RFC 6750 §3.1)
	Forbidden                    // 403: you may see it, but not do this
	NotFound                     // 404: absent, or not for you to see
	Method                       // 405
	Conflict                     // 409: permitted, but not in this state
	Stale                        // 412: the version is another one
	TooLarge                     // 413
	UnsupportedMedia             // 415
	Misdirected                  // 421: another host
	Unprocessable                // 422: permitted, but the data does not fit
	TooMany                      // 429
	HeaderTooLarge               // 431
	BadGateway                   // 502
	Unavailable                  // 503
	Timeout                      // 504
	kinds
)

// answers is the one table from an error to an answer. name makes the problem's
// type; challenge is the error code in WWW-Authenticate.
var answers = [kinds]struct {
	status                 int
	name, title, challenge string
}{
	Internal:         {500, "internal", "Something went wrong here", ""},
	Malformed:        {400, "malformed", "The request cannot be read", ""},
	Unauthenticated:  {401, "unauthenticated", "Valid credentials are required", ""},
	StepUp:           {401, "step-up", "A stronger login is required", "insufficient_user_authentication"},
	Scope:            {403, "insufficient-scope", "The token lacks a scope", "insufficient_scope"},
	Forbidden:        {403, "forbidden", "This is not permitted", ""},
	NotFound:         {404, "not-found", "There is no such thing", ""},
	Method:           {405, "method", "The method is not allowed here", ""},
	Conflict:         {409, "conflict", "The state does not allow this", ""},
	Stale:            {412, "stale", "It has changed since", ""},
	TooLarge:         {413, "too-large", "The body is too large", ""},
	UnsupportedMedia: {415, "unsupported-media", "The media type is not supported", ""},
	Misdirected:      {421, "misdirected", "This host is not served here", ""},
	Unprocessable:    {422, "unprocessable", "The data does not fit", ""},
	TooMany:          {429, "too-many", "Too many requests", ""},
	HeaderTooLarge:   {431, "header-too-large", "The header is too large", ""},
	BadGateway:       {502, "bad-gateway", "A service gave no usable answer", ""},
	Unavailable:      {503, "unavailable", "Not available at the moment", ""},
	Timeout:          {504, "timeout", "A service did not answer in time", ""},
}

// Status is the HTTP status of the kind.
func (k Kind) Status() int { return answers[k.known()].status }

// String is the kind's name, the last part of the problem's type.
func (k Kind) String() string { return answers[k.known()].name }

func (k Kind) known() Kind {
	if k < kinds {
		return k
	}
	return Internal
}

// Error is a refusal or failure. What the client reads and what the log reads are
// different fields.
type Error struct {
	Kind Kind

	// For the client.
	Detail     string        // one sentence; names no rule and nothing inside
	Decision   string        // the id of the decision's record, if the client may know of it
	Scope      string        // the scope that is lacking (Scope)
	ACR        string        // the acr_values that would do (StepUp)
	RetryAfter time.Duration // rounded up to seconds; at least 1 s for TooMany and Unavailable
	Header     http.Header   // further header fields; WWW-Authenticate replaces the challenge

	// For the log.
	Err error
}

// Error is for the log.
func (e *Error) Error() string {
	text := e.Kind.String()
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Challenge makes the value of a WWW-Authenticate header (RFC 6750 §3) from names
// and values in turn; a pair with an empty value is left out.
func Challenge(pairs ...string) string {
	var params []string
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			params = append(params, fmt.Sprintf(`%s="%s"`, pairs[i], quotable(pairs[i+1])))
		}
	}
	return strings.TrimSuffix("Bearer "+strings.Join(params, ", "), " ")
}

// quotable keeps what RFC 6750 §3 allows inside the quotes.
func quotable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return -1
		}
		return r
	}, s)
}

// problem is the body of an error (RFC 9457 §3).
type problem struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail,omitzero"`
	Decision string `json:"decision,omitzero"`
	Txn      string `json:"txn,omitzero"`
}

// problemReply turns any error into the answer for it. What is not an *Error says
// nothing to the client.
func problemReply(err error, txn string) Reply {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		e = &Error{Err: err}
	}
	answer := answers[e.Kind.known()]
	return Reply{
		Status: answer.status,
		Header: e.header(),
		Body: problem{
			Type:     "https://innerdoor.example/problems/" + answer.name,
			Title:    answer.title,
			Status:   answer.status,
			Detail:   e.Detail,
			Decision: e.Decision,
			Txn:      txn,
		},
	}
}

func (e *Error) header() http.Header {
	h := http.Header{"Content-Type": {"application/problem+json"}}
	answer := answers[e.Kind.known()]
	if answer.status == http.StatusUnauthorized || answer.challenge != "" {
		h.Set("WWW-Authenticate", Challenge("error", answer.challenge, "scope", e.Scope, "acr_values", e.ACR))
	}
	wait := int64(math.Ceil(e.RetryAfter.Seconds()))
	if e.Kind == TooMany || e.Kind == Unavailable {
		wait = max(wait, 1)
	}
	if wait > 0 {
		h.Set("Retry-After", strconv.FormatInt(wait, 10))
	}
	for name, values := range e.Header {
		h[http.CanonicalHeaderKey(name)] = values
	}
	return h
}
