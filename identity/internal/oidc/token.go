package oidc

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"innerdoor.example/identity/internal/store"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/web"
)

// The grants.
const (
	authorizationCode = "authorization_code"
	clientCredentials = "client_credentials"
)

// issued is the token endpoint's answer (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).
type issued struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in"` // seconds
	Scope       string `json:"scope"`
	IDToken     string `json:"id_token,omitempty"`
}

// token answers the token endpoint.
func (p *Provider) token(r *http.Request, _ principal.Principal) (web.Reply, error) {
	given, err := form(r)
	if err != nil {
		return refuseToken(err)
	}
	client, err := p.authenticate(r.Context(), r.Header.Values("Authorization"), given)
	if err != nil {
		return refuseToken(err)
	}
	var answer issued
	switch given["grant_type"] {
	case authorizationCode:
		answer, err = p.redeem(r.Context(), client, given)
	case clientCredentials:
		answer, err = p.clientToken(r.Context(), client, given)
	case "":
		err = fault("invalid_request", "grant_type is required")
	default:
		err = fault("unsupported_grant_type", "only authorization_code and client_credentials are supported")
	}
	if err != nil {
		return refuseToken(err)
	}
	return web.OK(answer, nil)
}

// refuseToken is RFC 6749 §5.2.
func refuseToken(err error) (web.Reply, error) {
	refusal, ok := errors.AsType[*Error](err)
	if !ok {
		return web.Reply{}, err
	}
	if refusal.Code != "invalid_client" {
		return web.Reply{Status: http.StatusBadRequest, Body: refusal}, nil
	}
	return web.Reply{Status: http.StatusUnauthorized, Body: refusal, Header: http.Header{
		"WWW-Authenticate": {`Basic realm="token", charset="UTF-8"`},
	}}, nil
}

var errClient = fault("invalid_client", "the client could not be authenticated")

// authenticate says which client asks (RFC 6749 §2.3): by secret in the header or
// in the form, in one of them only; a public client by its client_id alone.
func (p *Provider) authenticate(ctx context.Context, headers []string, given params) (store.Client, error) {
	id, secret := given["client_id"], given["client_secret"]
	if len(headers) > 0 {
		if len(headers) > 1 || secret != "" {
			return store.Client{}, fault("invalid_request", "the client authenticates in one way only")
		}
		var ok bool
		if id, secret, ok = basic(headers[0]); !ok {
			return store.Client{}, errClient
		}
		if given["client_id"] != "" && given["client_id"] != id {
			return store.Client{}, fault("invalid_request", "two clients are named")
		}
	}
	client, err := p.Store.Client(ctx, id)
	if errors.Is(err, store.ErrAbsent) {
		return store.Client{}, errClient
	}
	if err != nil {
		return store.Client{}, err
	}
	if client.Public() {
		if secret != "" {
			return store.Client{}, errClient
		}
		return client, nil
	}
	if subtle.ConstantTimeCompare([]byte(store.Hash(secret)), []byte(client.SecretHash)) != 1 {
		return store.Client{}, errClient
	}
	return client, nil
}

// basic reads client_secret_basic, where both parts are form-encoded first (RFC 6749 §2.3.1).
func basic(header string) (id, secret string, ok bool) {
	scheme, encoded, _ := strings.Cut(header, " ")
	decoded, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if !strings.EqualFold(scheme, "Basic") || err != nil {
		return "", "", false
	}
	first, second, found := strings.Cut(string(decoded), ":")
	id, err1 := url.QueryUnescape(first)
	secret, err2 := url.QueryUnescape(second)
	return id, secret, found && err1 == nil && err2 == nil && id != "" && secret != ""
}
