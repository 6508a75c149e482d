// Package oidc is a small OpenID provider: authorization code with PKCE (S256 only)
// and client credentials, RFC 9068 access tokens. It follows OAuth 2.1's subset of
// RFC 6749, OpenID Connect Core 1.0, RFC 7636, RFC 8252 §7.3, RFC 9207 and the
// acr_values of RFC 9470. There is no other grant and no other way in.
package oidc

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"innerdoor.example/identity/internal/account"
	"innerdoor.example/identity/internal/signing"
	"innerdoor.example/identity/internal/store"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/serve"
	"innerdoor.example/shared/web"
)

// Path is the path of the issuer. Everything but RFC 8414's discovery lies under it.
const Path = "/oidc"

// Config is what a Provider is made of; all of it is required.
type Config struct {
	Issuer   *url.URL // see [ParseIssuer]; every URL that leaves is made from it
	Audience string   // the aud of access tokens
	Store    *store.Store
	Accounts *account.Accounts
	Keys     *signing.Ring
	Now      func() time.Time
}

// Provider answers the OpenID endpoints. Make it with [New].
type Provider struct {
	Config
	pages *account.Pages
	jar   jar
}

// ParseIssuer reads an issuer identifier: http or https, path [Path], nothing else
// (OpenID Connect Discovery 1.0 §3). Compared as a string it must stay as it is.
func ParseIssuer(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.Path != Path || u.String() != u.Scheme+"://"+u.Host+Path {
		return nil, fmt.Errorf("not an issuer: %q: want http(s)://host[:port]%s", s, Path)
	}
	return u, nil
}

// New returns the provider.
func New(c Config) (*Provider, error) {
	pages, err := account.NewPages(c.Issuer.JoinPath("login"))
	if err != nil {
		return nil, err
	}
	return &Provider{Config: c, pages: pages, jar: newJar(c.Issuer)}, nil
}

// Routes is the whole surface. The zero Provider has it too, to be looked at.
func (p *Provider) Routes() []serve.Route {
	gateway := serve.From(principal.Gateway)
	open := func(method, pattern string, h serve.Handler) serve.Route {
		return serve.Route{Method: method, Pattern: pattern, From: gateway, Anonymous: true, Handler: h}
	}
	return []serve.Route{
		open("GET", Path+"/.well-known/openid-configuration", p.discover),
		open("GET", "/.well-known/oauth-authorization-server"+Path, p.discover), // RFC 8414 §3.1
		serve.WithoutToken("GET", Path+"/keys", gateway, p.keys),
		open("GET", Path+"/authorize", p.authorize),
		open("POST", Path+"/login", p.login),
		open("POST", Path+"/token", p.token),
	}
}

// issuer is the iss of everything.
func (p *Provider) issuer() string { return p.Issuer.String() }

func (p *Provider) url(name string) string { return p.Issuer.JoinPath(name).String() }

// Error is an OAuth error (RFC 6749 §4.1.2.1 and §5.2, OpenID Connect Core §3.1.2.6).
type Error struct {
	Code        string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

func (e *Error) Error() string { return e.Code + ": " + e.Description }

func fault(code, description string) *Error { return &Error{Code: code, Description: description} }

// params are a request's parameters, each given once.
type params map[string]string

// once reads parameters: one given twice is refused, one without a value counts as
// not given (RFC 6749 §3.1).
func once(values url.Values) (params, error) {
	p := params{}
	for name, all := range values {
		if len(all) != 1 {
			return nil, fault("invalid_request", "a parameter is given twice")
		}
		if all[0] != "" {
			p[name] = all[0]
		}
	}
	return p, nil
}

// form reads a form from the body, and only from there.
func form(r *http.Request) (params, error) {
	if media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(media) != "application/x-www-form-urlencoded" || r.URL.RawQuery != "" {
		return nil, fault("invalid_request", "the parameters are sent as a form in the body")
	}
	r.Body = http.MaxBytesReader(nil, r.Body, web.MaxBody)
	if err := r.ParseForm(); err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return nil, &web.Error{Kind: web.TooLarge, Err: err}
		}
		return nil, fault("invalid_request", "the form cannot be read")
	}
	return once(r.PostForm)
}
