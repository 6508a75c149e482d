package oidc

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"innerdoor.example/identity/internal/account"
	"innerdoor.example/identity/internal/store"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/web"
)

const maxName = 128 // bytes

const (
	wrongPassword = "That name and password do not belong together. Please try again."
	wrongCode     = "That code is not valid, or it was used before. Please enter the next one."
	tooSlow       = "That took too long. Please log in again."
	busy          = "Many people are logging in at this moment. Please try again shortly."
)

// login takes the two login forms. The hidden field request holds the authorization
// request, which is read and checked as if it had come anew; csrf binds the form
// to the browser. The first form has username and password; the second, asked for
// where the request wants it, ticket and code.
func (p *Provider) login(r *http.Request, who principal.Principal) (web.Reply, error) {
	given, err := form(r)
	if err != nil {
		return p.refuse(nil, err)
	}
	req, err := p.read(r.Context(), given["request"])
	if err != nil {
		return p.refuse(req, err)
	}
	if !p.jar.ours(r, given["csrf"]) {
		return p.pages.Problem(http.StatusBadRequest, "This page has expired",
			"Please go back to the application and log in from there. Your browser must accept cookies.")
	}
	from := account.Origin{Address: who.Fields().Request.Address, Device: p.jar.get(r, deviceCookie)}
	if given["ticket"] != "" {
		return p.loginCode(r, req, from, given)
	}
	return p.loginPassword(r, req, from, given)
}

func (p *Provider) loginPassword(r *http.Request, req *request, from account.Origin, given params) (web.Reply, error) {
	name := strings.TrimSpace(given["username"])
	if name == "" || len(name) > maxName {
		return p.ask(r, http.StatusBadRequest, req, account.Form{Notice: wrongPassword})
	}
	person, err := p.Accounts.Password(r.Context(), from, name, given["password"])
	if err != nil {
		return p.askAgain(r, req, account.Form{Name: name, Notice: wrongPassword}, err)
	}
	now := p.Now().UnixMilli()
	wanted := account.Reaches(person, req.acrs)
	if wanted != account.ACRPassword {
		return p.proceed(r, req, person, store.Session{Subject: person.Subject, AuthTime: now})
	}
	return p.enter(r, req, person, store.Session{Subject: person.Subject, ACR: wanted, AuthTime: now})
}

func (p *Provider) loginCode(r *http.Request, req *request, from account.Origin, given params) (web.Reply, error) {
	ticket, err := p.Accounts.Ticket(r.Context(), given["ticket"], req.query)
	if errors.Is(err, store.ErrAbsent) {
		return p.ask(r, http.StatusBadRequest, req, account.Form{Name: req.hint, Notice: tooSlow})
	}
	if err != nil {
		return web.Reply{}, err
	}
	person, err := p.Store.Person(r.Context(), ticket.Subject)
	if err != nil {
		return web.Reply{}, err
	}
	if err := p.Accounts.Code(r.Context(), from, person, given["code"]); err != nil {
		return p.askAgain(r, req, account.Form{Name: person.Subject, Ticket: given["ticket"], Notice: wrongCode}, err)
	}
	if err := p.Accounts.Used(r.Context(), given["ticket"]); err != nil {
		return web.Reply{}, err
	}
	return p.enter(r, req, person, store.Session{Subject: person.Subject, ACR: account.ACRSecondFactor, AuthTime: ticket.AuthTime})
}

// askAgain shows the form once more, with what went wrong.
func (p *Provider) askAgain(r *http.Request, req *request, f account.Form, err error) (web.Reply, error) {
	slow, isSlow := errors.AsType[*account.SlowDown](err)
	status, wait := http.StatusBadRequest, time.Duration(0)
	switch {
	case errors.Is(err, account.ErrRefused):
	case isSlow:
		status, wait = http.StatusTooManyRequests, slow.Wait
		f.Notice = "Too many attempts. Please wait " + seconds(wait) + " seconds."
	case errors.Is(err, account.ErrBusy):
		status, wait, f.Notice = http.StatusServiceUnavailable, time.Second, busy
	default:
		return web.Reply{}, err
	}
	reply, err := p.ask(r, status, req, f)
	if err == nil && wait > 0 {
		reply.Header.Set("Retry-After", seconds(wait))
	}
	return reply, err
}

// seconds rounds up, so that nobody comes back too early.
func seconds(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }

// enter begins a session in place of the browser's old one, and goes on with the
// request. A handle that was known before the login is worth nothing after it.
func (p *Provider) enter(r *http.Request, req *request, person store.Person, session store.Session) (web.Reply, error) {
	ctx := r.Context()
	if err := p.Accounts.End(ctx, p.jar.get(r, sessionCookie)); err != nil {
		return web.Reply{}, err
	}
	handle, err := p.Accounts.Start(ctx, session)
	if err != nil {
		return web.Reply{}, err
	}
	device, err := p.Accounts.Remember(ctx, person, session.ACR, p.jar.get(r, deviceCookie))
	if err != nil {
		return web.Reply{}, err
	}
	reply, err := p.grant(ctx, req, person, session)
	if err != nil {
		return web.Reply{}, err
	}
	p.jar.set(reply.Header, sessionCookie, handle, 0)
	if device != "" {
		p.jar.set(reply.Header, deviceCookie, device, deviceCookieLife)
	}
	return reply, nil
}
