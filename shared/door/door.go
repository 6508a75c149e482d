// Package door is the one way to a row. It asks who wants it and what for, decides
// by the policy in the transaction in which it looks, keeps a record of every
// decision, and answers only when that record is on disk.
//
// A service has one Door for each noun, and no other way to the nouns' tables.
// All errors that leave a door are *web.Error:
//
//   - 401 StepUp, 403 Scope, 403 Forbidden, 404 NotFound: refused by the policy;
//   - 400 Malformed: a cursor that is not this caller's, a limit out of bounds;
//   - 409 Conflict, 412 Stale, 422 Unprocessable: permitted, but it does not fit;
//   - 503 Unavailable: it could not be looked at in time, saved or recorded: nothing
//     was done and nothing is shown;
//   - 500 Internal: no principal, or a programming error. Nothing was done.
package door

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"innerdoor.example/shared/audit"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/principal"
)

// ErrAbsent is what a Table finds where there is no row.
var ErrAbsent = errors.New("no such row")

// ErrStale is what a Table answers when the row to be saved is no longer in the
// version that was decided on.
var ErrStale = errors.New("another version of the row is stored")

// Noun is a kind of row. Its zero value is what an absent row is decided on, so
// it must satisfy no wall.
type Noun interface {
	Ref() authz.Ref
}

// Table is a noun's place in the database. Nothing in it decides, and every
// method keeps to the tenant it is given, be it in the row. Errors other than
// those named here, Conflict and Unfit are the database's.
type Table[S any, R Noun] interface {
	// Facts loads what this service knows about the principal, in the transaction
	// that decides. For anonymous principals it loads nothing.
	Facts(ctx context.Context, tx *database.Tx, who principal.Principal, at time.Time) (S, error)
	// Find fails with ErrAbsent.
	Find(ctx context.Context, tx *database.Tx, tenant principal.Tenant, id string) (R, error)
	// Page is the rows that one of the ways leads to, as Keyset asks for them.
	Page(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, p Page) ([]R, error)
	// Count is how many there are, as CountSQL asks for them.
	Count(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, f Filter) (int64, error)
	// Insert saves a new row. A row that is already there is a Conflict.
	Insert(ctx context.Context, tx *database.Tx, row *R) error
	// Update saves the row, under the version that is now in it, if the stored one
	// is still version; else it fails with ErrStale.
	Update(ctx context.Context, tx *database.Tx, row *R, version int64) error
	// Place is where the row stands in lists.
	Place(row *R) Place
}

// Deleter is a Table whose rows can be removed. Delete fails with ErrStale when
// the stored version is not the row's.
type Deleter[R Noun] interface {
	Delete(ctx context.Context, tx *database.Tx, row *R) error
}

// Service is what the doors of one process have in common. All of it is needed.
type Service struct {
	Name    string           // in records: "claims"
	Build   string           // in records: which program decided
	Now     func() time.Time // the clock
	ACR     string           // acr_values of a step-up challenge (RFC 9470 §3)
	Cursors *Cursors
	Drift   func(authz.Name) // counts rows that SQL let through and the policy did not
	Log     *slog.Logger     // at debug level, each decision is explained in it
}

// Door is the one way to the rows of one noun.
type Door[S any, R Noun] struct {
	DB      *database.DB
	Policy  *authz.Policy[S, R]
	Table   Table[S, R]
	Name    string // type of the noun in records: what its Ref says
	Service *Service
	// OpenFirst is for rows whose existence is nobody's secret but whose whole
	// desk is closed to most (decisions): who may do the action to
	// no row at all is answered 403, not 404, before any row is looked at.
	OpenFirst bool
}

// Granted is a row that its caller may read. By is the rule that permits it, which
// chooses the view. After a change By is empty, and Row is zero, when the caller
// may not read what was made: there is nothing to show then (204).
type Granted[R any] struct {
	Row R
	By  string
}

// Inside is a request on its way through a door: who asks, when, in which
// transaction, and what has been decided so far. It lives as long as the
// transaction.
type Inside struct {
	Tx  *database.Tx
	Who principal.Principal
	At  time.Time // the moment for which everything is decided

	cause   authz.Name // the action for which all of it is
	records []*audit.Record
}

// Parent decides the row under which another is listed, made or removed, by See
// of the parent's door, and gives a prototype of such a row: its fields that come
// from the parent (and, where rules depend on it, from the request) filled in. The
// prototype is what is decided when there is no row.
type Parent[R any] func(ctx context.Context, in *Inside) (R, error)
