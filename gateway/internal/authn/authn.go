// Package authn turns the credential of a request into who is asking. It
// authenticates only: what the caller may do is decided beside the data.
package authn

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"innerdoor.example/shared/principal"
)

// Authenticator says who sent the request: ID, Scope and Context of the fields
// are filled in (Route is not). Any error wraps exactly one of the errors below.
type Authenticator func(ctx context.Context, r *http.Request) (principal.Fields, error)

// Why a credential was not accepted. The wrapping error's text is for the log.
var (
	ErrMissing     = errors.New("no credential")            // 401, without an error code (RFC 6750 §3.1)
	ErrRefused     = errors.New("credential refused")       // 401 invalid_token
	ErrAmbiguous   = errors.New("more than one credential") // 400 invalid_request
	ErrUnavailable = errors.New("cannot be verified now")   // 503: nothing was said about the credential
)

// Anonymous is the Authenticator of the routes that ask for nobody. It looks at
// no credential: what the client sent is not ours to judge there.
func Anonymous(context.Context, *http.Request) (principal.Fields, error) {
	return principal.Fields{
		ID:      principal.AnonymousID,
		Context: principal.Context{Credential: principal.CredentialAnonymous},
	}, nil
}

// placed finds the one credential of a request, the value of Authorization, and
// refuses two: in one header, over two lines, in another header or in the query
// (RFC 6750 §2: no more than one method to transmit the token).
func placed(r *http.Request) (string, error) {
	headers := r.Header["Authorization"]
	if len(headers) > 1 || strings.Contains(strings.Join(headers, ""), ",") {
		return "", ErrAmbiguous
	}
	others := len(r.Header["X-Api-Key"]) + len(r.Header["Api-Key"])
	for _, name := range queryCredentials {
		if inQuery(r.URL, name) {
			return "", errors.Join(ErrAmbiguous, errors.New("a credential does not belong into the query"))
		}
	}
	switch {
	case len(headers)+others > 1:
		return "", ErrAmbiguous
	case len(headers) == 0:
		return "", ErrMissing
	}
	return headers[0], nil
}

var queryCredentials = []string{"access_token", "api_key", "apikey", "api-key"}

func inQuery(u *url.URL, name string) bool {
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		key, _, _ := strings.Cut(pair, "=")
		if key, err := url.QueryUnescape(key); err == nil && strings.EqualFold(key, name) {
			return true
		}
	}
	return false
}
