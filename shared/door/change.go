package door

import (
	"context"
	"time"

	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/principal"
)

// Change is what is to be done to one row. The row's tenant is always the
// caller's.
type Change[R any] struct {
	// Ref says which row: its ID and, if the caller insists on one (If-Match), its
	// Version. Create does not look at it.
	Ref authz.Ref
	// Action that must be permitted.
	Action authz.Name
	// Apply changes the copy of the row it is given, and its version, for who was
	// permitted. For a row that is to be made, it fills the prototype, or the zero
	// row; it does so completely even when it fails, so that who may not make such
	// a row does not learn why it would not fit. Any plain error is a Conflict.
	Apply func(row *R, by principal.ID, at time.Time) error
	// Related, if set, looks in the same transaction at what the change depends on,
	// after the decision: Conflict or Unfit if it is not so. It is given the row found, or
	// the one to be made.
	Related func(ctx context.Context, tx *database.Tx, row R) error
	// Parent, if set, is decided first: a parent that the caller may not see is 404,
	// and under one that the caller may see every refusal is 403.
	Parent Parent[R]
}

// Do changes a row that exists: in one transaction it is found, decided, changed,
// decided again as changed, saved and recorded. A refusal changes nothing and is
// recorded too.
func (d *Door[S, R]) Do(ctx context.Context, who principal.Principal, c Change[R]) (Granted[R], error) {
	panic("not yet")
}

// Create makes a row: the action is decided on the row that is to be made. As there
// is nothing to hide, a refusal is 403.
func (d *Door[S, R]) Create(ctx context.Context, who principal.Principal, c Change[R]) (Granted[R], error) {
	panic("not yet")
}

// Put is Do if the row exists and Create if it does not.
func (d *Door[S, R]) Put(ctx context.Context, who principal.Principal, c Change[R]) (Granted[R], error) {
	panic("not yet")
}

// Remove removes a row from a Table that is a Deleter. Apply is not called. An
// absent row is decided on the prototype, and is 404 to those who were permitted.
func (d *Door[S, R]) Remove(ctx context.Context, who principal.Principal, c Change[R]) error {
	panic("not yet")
}
