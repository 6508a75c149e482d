package store

import (
	"context"
	"errors"
	"time"

	"innerdoor.example/identity/internal/store/internal/db"
)

// Session is a browser in which somebody is logged in.
type Session struct {
	Hash      string // set by the store
	Subject   string
	AuthTime  int64  // when the password was accepted
	ACR       string // how strongly
	ExpiresAt int64
}

// Ticket says that this person's password was accepted at AuthTime, and that for
// this one authorization request only the second factor is missing.
type Ticket struct {
	Hash      string // set by the store
	Subject   string
	AuthTime  int64
	Request   string // the authorization request, as its query
	ExpiresAt int64
}

// Code is an authorization code and all that it is bound to.
type Code struct {
	Hash        string // set by the store
	Client      string
	RedirectURI string
	Challenge   string // S256 (RFC 7636 §4.2)
	Subject     string
	Scope       string // as granted
	Nonce       string
	AuthTime    int64
	ACR         string
	ExpiresAt   int64
}

// Attempts counts the failures to log in that are charged to one name.
type Attempts struct {
	Name      string
	Failures  int64
	RetryAt   int64 // until then, every further attempt is refused unseen
	ExpiresAt int64 // then all is forgotten
}

// AddSession keeps a session and returns its handle.
func (s *Store) AddSession(ctx context.Context, n Session) (string, error) {
	return s.add(ctx, &n.Hash, func(ctx context.Context, q *db.Queries) error {
		return q.InsertSession(ctx, db.InsertSessionParams(n))
	})
}

// Session returns the session with this handle, or ErrAbsent.
func (s *Store) Session(ctx context.Context, handle string, now time.Time) (Session, error) {
	return read(ctx, s, func(ctx context.Context, q *db.Queries) (Session, error) {
		row, err := q.Session(ctx, db.SessionParams{Hash: Hash(handle), Now: now.UnixMilli()})
		return Session(row), err
	})
}

// EndSession deletes the session with this handle, if there is one.
func (s *Store) EndSession(ctx context.Context, handle string) error {
	return s.write(ctx, func(ctx context.Context, q *db.Queries) error { return q.DeleteSession(ctx, Hash(handle)) })
}

// AddTicket keeps a ticket and returns its handle.
func (s *Store) AddTicket(ctx context.Context, n Ticket) (string, error) {
	return s.add(ctx, &n.Hash, func(ctx context.Context, q *db.Queries) error {
		return q.InsertTicket(ctx, db.InsertTicketParams(n))
	})
}

// Ticket returns the ticket with this handle, or ErrAbsent.
func (s *Store) Ticket(ctx context.Context, handle string, now time.Time) (Ticket, error) {
	return read(ctx, s, func(ctx context.Context, q *db.Queries) (Ticket, error) {
		row, err := q.Ticket(ctx, db.TicketParams{Hash: Hash(handle), Now: now.UnixMilli()})
		return Ticket(row), err
	})
}

// EndTicket deletes the ticket with this handle.
func (s *Store) EndTicket(ctx context.Context, handle string) error {
	return s.write(ctx, func(ctx context.Context, q *db.Queries) error { return q.DeleteTicket(ctx, Hash(handle)) })
}

// AddCode keeps an authorization code and returns its handle: the code itself.
func (s *Store) AddCode(ctx context.Context, n Code) (string, error) {
	return s.add(ctx, &n.Hash, func(ctx context.Context, q *db.Queries) error {
		return q.InsertCode(ctx, db.InsertCodeParams(n))
	})
}

// TakeCode returns a code of this client and deletes it, in one step: of any
// number of requests with the same code one at most gets it, the others ErrAbsent.
func (s *Store) TakeCode(ctx context.Context, client, code string, now time.Time) (taken Code, err error) {
	err = s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		row, err := q.TakeCode(ctx, db.TakeCodeParams{Hash: Hash(code), Client: client})
		taken = Code(row)
		return absent(err)
	})
	if err == nil && taken.ExpiresAt <= now.UnixMilli() {
		err = ErrAbsent
	}
	return taken, err
}

// AddDevice remembers that the person has logged in with a browser, and returns the
// browser's handle.
func (s *Store) AddDevice(ctx context.Context, subject string, expires time.Time) (string, error) {
	n := db.InsertDeviceParams{Subject: subject, ExpiresAt: expires.UnixMilli()}
	return s.add(ctx, &n.Hash, func(ctx context.Context, q *db.Queries) error { return q.InsertDevice(ctx, n) })
}

// Knows says whether the person has logged in before with the browser of this handle.
func (s *Store) Knows(ctx context.Context, subject, device string, now time.Time) (bool, error) {
	_, err := read(ctx, s, func(ctx context.Context, q *db.Queries) (db.Device, error) {
		return q.Device(ctx, db.DeviceParams{Hash: Hash(device), Subject: subject, Now: now.UnixMilli()})
	})
	if errors.Is(err, ErrAbsent) {
		return false, nil
	}
	return err == nil, err
}

// Charge shows the counters of the names to decide, and keeps what it makes of
// them if it returns true; nobody else sees or changes them meanwhile.
func (s *Store) Charge(ctx context.Context, names []string, now time.Time, decide func([]Attempts) bool) error {
	return s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		counters := make([]Attempts, len(names))
		for i, name := range names {
			row, err := q.Attempt(ctx, db.AttemptParams{Name: Hash(name), Now: now.UnixMilli()})
			if err = absent(err); err != nil && !errors.Is(err, ErrAbsent) {
				return err
			}
			counters[i] = Attempts(row)
			counters[i].Name = Hash(name)
		}
		if !decide(counters) {
			return nil
		}
		for _, counter := range counters {
			if err := q.PutAttempt(ctx, db.PutAttemptParams(counter)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Forgive forgets all failures charged to the names.
func (s *Store) Forgive(ctx context.Context, names []string) error {
	return s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		for _, name := range names {
			if err := q.DeleteAttempt(ctx, Hash(name)); err != nil {
				return err
			}
		}
		return nil
	})
}

// add makes a handle, puts its hash where the row holds it, and inserts the row.
func (s *Store) add(ctx context.Context, hash *string, insert func(context.Context, *db.Queries) error) (string, error) {
	handle := NewHandle()
	*hash = Hash(handle)
	if err := s.write(ctx, insert); err != nil {
		return "", err
	}
	return handle, nil
}
