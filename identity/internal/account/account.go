// Package account knows people: their passwords, second factors, sessions, and the
// pages on which they log in.
package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"innerdoor.example/identity/internal/store"
)

// How strongly somebody has logged in: the acr of the tokens.
const (
	ACRPassword     = "urn:innerdoor:acr:pwd"
	ACRSecondFactor = "urn:innerdoor:acr:mfa"
)

const (
	sessionLife = 8 * time.Hour
	ticketLife  = 5 * time.Minute
	deviceLife  = 90 * 24 * time.Hour
)

// ErrRefused is a wrong name, password or code. It does not say which.
var ErrRefused = errors.New("refused")

// Accounts checks who people are and remembers it. Make it with [New].
type Accounts struct {
	store  *store.Store
	hasher *Hasher
	now    func() time.Time
}

// New returns the accounts in the store.
func New(s *store.Store, now func() time.Time) *Accounts {
	return &Accounts{store: s, hasher: NewHasher(), now: now}
}

// Origin is where an attempt to log in comes from.
type Origin struct {
	Address string // the client's, as the gateway saw it
	Device  string // the handle of a browser in which somebody has logged in before, or empty
}

// Password returns the person with this name and password. Errors: ErrRefused,
// [*SlowDown], [ErrBusy]. It takes the same time for a name that nobody has.
func (a *Accounts) Password(ctx context.Context, from Origin, name, password string) (store.Person, error) {
	charged, err := a.charge(ctx, passwordFactor, name, from)
	if err != nil {
		return store.Person{}, err
	}
	person, err := a.store.Person(ctx, name)
	if err != nil && !errors.Is(err, store.ErrAbsent) {
		return store.Person{}, err
	}
	matches, err := a.hasher.Matches(ctx, person.Password, password)
	if err != nil { // stays charged: a storm must not wipe out what was counted before it
		return store.Person{}, err
	}
	if !matches {
		return store.Person{}, ErrRefused
	}
	return person, a.store.Forgive(ctx, charged)
}

// Code accepts a one-time code of the person's second factor, each code once.
// Errors: ErrRefused, [*SlowDown].
func (a *Accounts) Code(ctx context.Context, from Origin, person store.Person, code string) error {
	charged, err := a.charge(ctx, codeFactor, person.Subject, from)
	if err != nil {
		return err
	}
	step, matches := stepOf(person.TOTPSecret, code, a.now())
	if !matches {
		return ErrRefused
	}
	fresh, err := a.store.UseStep(ctx, person.Subject, step)
	if err != nil {
		return err
	}
	if !fresh {
		return fmt.Errorf("%w: the code was used before", ErrRefused)
	}
	return a.store.Forgive(ctx, charged)
}

// Start begins a session and returns its handle. The session's end is set here.
func (a *Accounts) Start(ctx context.Context, session store.Session) (string, error) {
	session.ExpiresAt = a.now().Add(sessionLife).UnixMilli()
	return a.store.AddSession(ctx, session)
}

// Session returns the session with this handle, or [store.ErrAbsent].
func (a *Accounts) Session(ctx context.Context, handle string) (store.Session, error) {
	return a.store.Session(ctx, handle, a.now())
}

// End ends the session with this handle, if there is one.
func (a *Accounts) End(ctx context.Context, handle string) error {
	return a.store.EndSession(ctx, handle)
}

// Halfway keeps that the password of the person was accepted at authTime, for one
// authorization request, and returns the ticket's handle.
func (a *Accounts) Halfway(ctx context.Context, subject, request string, authTime int64) (string, error) {
	expires := a.now().Add(ticketLife).UnixMilli()
	return a.store.AddTicket(ctx, store.Ticket{Subject: subject, Request: request, AuthTime: authTime, ExpiresAt: expires})
}

// Ticket returns the ticket with this handle if it is for that authorization
// request and has not expired, else [store.ErrAbsent].
func (a *Accounts) Ticket(ctx context.Context, handle, request string) (store.Ticket, error) {
	ticket, err := a.store.Ticket(ctx, handle, a.now())
	if err == nil && ticket.Request != request {
		err = store.ErrAbsent
	}
	return ticket, err
}

// Used ends a ticket.
func (a *Accounts) Used(ctx context.Context, handle string) error {
	return a.store.EndTicket(ctx, handle)
}

// Remember returns the handle by which the browser, in which the person has logged
// in as acr says, is known from now on; empty if device is known already. Where
// somebody has a second factor, the password alone makes no browser known: whoever
// has only that could make one after the other, and guess at the code in each.
func (a *Accounts) Remember(ctx context.Context, person store.Person, acr, device string) (string, error) {
	if person.TOTPSecret != "" && acr != ACRSecondFactor {
		return "", nil
	}
	known, err := a.store.Knows(ctx, person.Subject, device, a.now())
	if err != nil || known {
		return "", err
	}
	return a.store.AddDevice(ctx, person.Subject, a.now().Add(deviceLife))
}

// Reaches returns how strongly the person must log in for a client that wants one
// of the wanted values, the best first; nothing wanted is a password. It is empty
// if the person can reach none of them.
func Reaches(person store.Person, wanted []string) string {
	if len(wanted) == 0 {
		return ACRPassword
	}
	for _, acr := range wanted {
		if acr == ACRPassword || (acr == ACRSecondFactor && person.TOTPSecret != "") {
			return acr
		}
	}
	return ""
}

// Covers says whether somebody who has logged in as has needs no further step for
// wanted. Anything unknown is covered by nothing and covers nothing.
func Covers(has, wanted string) bool {
	switch wanted {
	case ACRPassword:
		return has == ACRPassword || has == ACRSecondFactor
	case ACRSecondFactor:
		return has == ACRSecondFactor
	}
	return false
}

// AMR returns the methods behind an acr (RFC 8176).
func AMR(acr string) []string {
	switch acr {
	case ACRPassword:
		return []string{"pwd"}
	case ACRSecondFactor:
		return []string{"pwd", "otp", "mfa"}
	}
	return nil
}
