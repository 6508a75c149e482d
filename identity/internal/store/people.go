package store

import (
	"context"
	"fmt"

	"innerdoor.example/identity/internal/store/internal/db"
	"innerdoor.example/shared/principal"
)

// Person is somebody who can log in. A person belongs to one tenant.
type Person struct {
	Subject    string // the sub of the person's tokens
	Tenant     principal.Tenant
	Password   string // argon2id in PHC form
	TOTPSecret string // base32, readable because codes are made from it; empty: no second factor
	TOTPStep   int64  // the last 30 s step whose code was accepted
	Scopes     string // what the person's tokens may carry, separated by spaces
}

// Client is an application that may ask for tokens.
type Client struct {
	ID           string           // client_id, and the sub of its own tokens
	Tenant       principal.Tenant // of its own tokens; empty: it has none (no client_credentials)
	SecretHash   string           // [Hash] of its secret; empty: a public client
	RedirectURIs string           // separated by spaces; empty: no authorization code grant
	Scopes       string           // what tokens through it may carry, separated by spaces
}

// Public says whether the client has no secret.
func (c Client) Public() bool { return c.SecretHash == "" }

// Person returns the person whose subject it is, or ErrAbsent.
func (s *Store) Person(ctx context.Context, subject string) (Person, error) {
	return read(ctx, s, func(ctx context.Context, q *db.Queries) (Person, error) {
		row, err := q.Person(ctx, subject)
		return Person(row), err
	})
}

// Client returns the client with this client_id, or ErrAbsent.
func (s *Store) Client(ctx context.Context, id string) (Client, error) {
	return read(ctx, s, func(ctx context.Context, q *db.Queries) (Client, error) {
		row, err := q.Client(ctx, id)
		return Client(row), err
	})
}

// AddPerson adds a person, and says false if there is one already. With replace
// that one is deleted first, and so are the sessions and codes in its name.
// A client's name is refused (RFC 9700 §4.15).
func (s *Store) AddPerson(ctx context.Context, p Person, replace bool) (added bool, err error) {
	err = s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		added, err = take(ctx, q, p.Subject, "person")
		if err != nil || (!added && !replace) {
			return err
		}
		added = true
		if err := q.DeletePerson(ctx, p.Subject); err != nil {
			return err
		}
		return q.InsertPerson(ctx, db.InsertPersonParams(p))
	})
	return added, err
}

// AddClient adds a client as AddPerson adds a person; a person's name is refused.
func (s *Store) AddClient(ctx context.Context, c Client, replace bool) (added bool, err error) {
	err = s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		added, err = take(ctx, q, c.ID, "client")
		if err != nil || (!added && !replace) {
			return err
		}
		added = true
		if err := q.DeleteClient(ctx, c.ID); err != nil {
			return err
		}
		return q.InsertClient(ctx, db.InsertClientParams(c))
	})
	return added, err
}

// take reserves a subject for one kind, and says whether it was free.
func take(ctx context.Context, q *db.Queries, subject, kind string) (free bool, err error) {
	n, err := q.TakeSubject(ctx, db.TakeSubjectParams{Subject: subject, Kind: kind})
	if err != nil || n == 1 {
		return n == 1, err
	}
	has, err := q.SubjectKind(ctx, subject)
	if err == nil && has != kind {
		err = fmt.Errorf("%q is a %s: a client and a person never share a subject", subject, has)
	}
	return false, err
}

// UseStep accepts the code of one TOTP step for the person, once: false if that
// step or a later one was used before.
func (s *Store) UseStep(ctx context.Context, subject string, step int64) (fresh bool, err error) {
	err = s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		n, err := q.UseStep(ctx, db.UseStepParams{Subject: subject, Step: step})
		fresh = n == 1
		return err
	})
	return fresh && err == nil, err
}
