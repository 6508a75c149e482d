package oidc

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"innerdoor.example/identity/internal/account"
	"innerdoor.example/identity/internal/store"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/web"
)

const (
	codeLife = 60 * time.Second

	// maxRequest is the longest authorization request, in bytes: it travels through the login form.
	maxRequest = 4 << 10
)

// request is an authorization request (RFC 6749 §4.1.1, OpenID Connect Core
// §3.1.2.1). Only if redirectURI is set may the browser be sent there.
type request struct {
	query       string // as it came
	client      store.Client
	redirectURI string
	state       string
	nonce       string
	scope       string
	challenge   string // S256
	hint        string
	acrs        []string
	silent      bool           // prompt=none: ask nothing
	again       bool           // prompt=login: ask in any case
	maxAge      *time.Duration // how long ago the password may have been asked for
}

// authorize answers the authorization endpoint: with a login page, or, where the
// session is good enough, at once with a code.
func (p *Provider) authorize(r *http.Request, _ principal.Principal) (web.Reply, error) {
	req, err := p.read(r.Context(), r.URL.RawQuery)
	if err != nil {
		return p.refuse(req, err)
	}
	session, err := p.Accounts.Session(r.Context(), p.jar.get(r, sessionCookie))
	if errors.Is(err, store.ErrAbsent) || err == nil && !req.satisfied(session, p.Now()) {
		if req.silent {
			return p.refuse(req, fault("login_required", "somebody must log in"))
		}
		return p.ask(r, http.StatusOK, req, account.Form{Name: req.hint})
	}
	if err != nil {
		return web.Reply{}, err
	}
	person, err := p.Store.Person(r.Context(), session.Subject)
	if err != nil {
		return web.Reply{}, err
	}
	return p.proceed(r, req, person, session)
}

// proceed goes on with a person whose password was accepted, now or by the session:
// with the second factor, if the request wants it, or with a code.
func (p *Provider) proceed(r *http.Request, req *request, person store.Person, session store.Session) (web.Reply, error) {
	wanted := account.Reaches(person, req.acrs)
	switch {
	case wanted == "":
		return p.refuse(req, fault("unmet_authentication_requirements", "this person cannot log in as strongly as asked"))
	case account.Covers(session.ACR, wanted):
		return p.grant(r.Context(), req, person, session)
	case req.silent:
		return p.refuse(req, fault("login_required", "the second factor is needed"))
	}
	ticket, err := p.Accounts.Halfway(r.Context(), person.Subject, req.query, session.AuthTime)
	if err != nil {
		return web.Reply{}, err
	}
	return p.ask(r, http.StatusOK, req, account.Form{Name: person.Subject, Ticket: ticket})
}

// ask shows the page for the second factor where there is a ticket, else the one
// for the password.
func (p *Provider) ask(r *http.Request, status int, req *request, f account.Form) (web.Reply, error) {
	token, fresh := p.jar.formToken(r)
	f.Client, f.Redirect, f.Request, f.CSRF = req.client.ID, req.redirectURI, req.query, token
	page := p.pages.Password
	if f.Ticket != "" {
		page = p.pages.Code
	}
	reply, err := page(status, f)
	if err == nil && fresh != "" {
		p.jar.set(reply.Header, formCookie, fresh, 0)
	}
	return reply, err
}

// grant sends the browser back with a code.
func (p *Provider) grant(ctx context.Context, req *request, person store.Person, session store.Session) (web.Reply, error) {
	scope := narrow(req.scope, req.client.Scopes, person.Scopes)
	if scope == "" {
		return p.refuse(req, fault("invalid_scope", "none of these scopes can be had"))
	}
	code, err := p.Store.AddCode(ctx, store.Code{
		Client: req.client.ID, RedirectURI: req.redirectURI, Challenge: req.challenge,
		Subject: person.Subject, Scope: scope, Nonce: req.nonce,
		AuthTime: session.AuthTime, ACR: session.ACR,
		ExpiresAt: p.Now().Add(codeLife).UnixMilli(),
	})
	if err != nil {
		return web.Reply{}, err
	}
	return p.redirect(req, url.Values{"code": {code}}), nil
}

// refuse tells the client, by a redirect, or, if it is not known for certain where
// the client is, the person.
func (p *Provider) refuse(req *request, err error) (web.Reply, error) {
	refusal, ok := errors.AsType[*Error](err)
	if !ok {
		return web.Reply{}, err
	}
	if req == nil || req.redirectURI == "" {
		return p.pages.Problem(http.StatusBadRequest, "This link does not work",
			"The application that sent you here asked in a way that cannot be answered: "+refusal.Description+".")
	}
	return p.redirect(req, url.Values{"error": {refusal.Code}, "error_description": {refusal.Description}}), nil
}

// redirect sends the browser to the client (RFC 6749 §4.1.2), naming the issuer (RFC 9207).
func (p *Provider) redirect(req *request, answer url.Values) web.Reply {
	answer.Set("iss", p.issuer())
	if req.state != "" {
		answer.Set("state", req.state)
	}
	return web.Reply{Status: http.StatusSeeOther, Header: http.Header{
		"Location":        {location(req.redirectURI, answer)},
		"Referrer-Policy": {"no-referrer"},
	}}
}

// satisfied says whether the session is recent enough for the request.
func (req *request) satisfied(session store.Session, now time.Time) bool {
	if req.again {
		return false
	}
	return req.maxAge == nil || now.Before(time.UnixMilli(session.AuthTime).Add(*req.maxAge))
}

// read reads an authorization request. With an error it returns what is known of
// the client; redirectURI is set only once it was found to be the client's.
func (p *Provider) read(ctx context.Context, query string) (*request, error) {
	values, err := url.ParseQuery(query)
	if err != nil || len(query) > maxRequest {
		return nil, fault("invalid_request", "the request cannot be read")
	}
	// Who asks and where the answer goes come first, each exactly once.
	if len(values["client_id"]) != 1 || len(values["redirect_uri"]) != 1 {
		return nil, fault("invalid_request", "client_id and redirect_uri are required, once each")
	}
	client, err := p.Store.Client(ctx, values.Get("client_id"))
	if errors.Is(err, store.ErrAbsent) {
		return nil, fault("invalid_request", "the application is not known")
	}
	if err != nil {
		return nil, err
	}
	if !redirectable(client, values.Get("redirect_uri")) {
		return nil, fault("invalid_request", "the application has not registered the address to return to")
	}
	req := &request{query: query, client: client, redirectURI: values.Get("redirect_uri")}
	if len(values["state"]) == 1 {
		req.state = values.Get("state")
	}
	given, err := once(values)
	if err != nil {
		return req, err
	}
	return req, req.fill(given)
}

// fill reads everything but who asks. The errors may be told to the client.
func (req *request) fill(given params) error {
	req.nonce, req.scope, req.challenge = given["nonce"], given["scope"], given["code_challenge"]
	req.hint = given["login_hint"]
	req.acrs = strings.Fields(given["acr_values"])
	switch {
	case given["request"] != "":
		return fault("request_not_supported", "request objects are not supported")
	case given["request_uri"] != "":
		return fault("request_uri_not_supported", "request objects are not supported")
	case given["response_type"] == "":
		return fault("invalid_request", "response_type is required")
	case given["response_type"] != "code":
		return fault("unsupported_response_type", "only code is supported")
	case given["response_mode"] != "" && given["response_mode"] != "query":
		return fault("invalid_request", "only response_mode query is supported")
	case given["code_challenge_method"] != "S256":
		return fault("invalid_request", "PKCE is required, with code_challenge_method S256")
	case !isSHA256(req.challenge):
		return fault("invalid_request", "code_challenge is not a SHA-256 in base64url")
	case !validScope(req.scope):
		return fault("invalid_scope", "scope is required, and must be well-formed")
	}
	return req.fillAuthentication(given)
}

// fillAuthentication reads what the client wants of the login.
func (req *request) fillAuthentication(given params) error {
	switch prompt := given["prompt"]; prompt {
	case "", "none", "login":
		req.silent, req.again = prompt == "none", prompt == "login"
	default:
		return fault("invalid_request", "prompt may be none or login")
	}
	if age := given["max_age"]; age != "" {
		seconds, err := strconv.ParseUint(age, 10, 31)
		if err != nil {
			return fault("invalid_request", "max_age is a number of seconds")
		}
		limit := time.Duration(seconds) * time.Second
		req.maxAge = &limit
	}
	reachable := func(acr string) bool { return account.AMR(acr) != nil }
	if len(req.acrs) > 0 && !slices.ContainsFunc(req.acrs, reachable) {
		return fault("unmet_authentication_requirements", "none of these acr_values is known")
	}
	return nil
}

// isSHA256 says whether s is 32 bytes in strict base64url (RFC 7636 §4.2).
func isSHA256(s string) bool {
	const length = 43 // characters
	if len(s) != length || strings.ContainsAny(s, "\r\n") {
		return false
	}
	_, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil
}
