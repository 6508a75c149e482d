package store

import (
	"context"
	"time"

	"innerdoor.example/services/orders/internal/order"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
)

// Staff is a page of the tenant's staff, newest first.
func (s *Store) Staff(ctx context.Context, who principal.Principal, limit int, cursor string) (ListedOf[order.Staff], error) {
	return s.staff.List(ctx, who, order.ReadStaff, door.Query[order.Staff]{Limit: limit, Cursor: cursor})
}

// Appoint gives a person a role, in the place of any other; version is the one that the row must still have, or 0.
func (s *Store) Appoint(ctx context.Context, who principal.Principal, version int64, a order.Appointment) (GrantedOf[order.Staff], error) {
	return s.staff.Put(ctx, who, entry(who, version, a))
}

// Dismiss takes a person's role away; version is the one that the row must still have, or 0.
func (s *Store) Dismiss(ctx context.Context, who principal.Principal, version int64, a order.Appointment) error {
	return s.staff.Remove(ctx, who, entry(who, version, a))
}

// Couriers is a page of the tenant's couriers, newest first.
func (s *Store) Couriers(ctx context.Context, who principal.Principal, limit int, cursor string) (ListedOf[order.Courier], error) {
	return s.couriers.List(ctx, who, order.ReadCarriers, door.Query[order.Courier]{Limit: limit, Cursor: cursor})
}

// Engage makes a person carry for a carrier, in the place of any other; version is the one that the row must still have,
// or 0.
func (s *Store) Engage(ctx context.Context, who principal.Principal, version int64, e order.Engagement) (GrantedOf[order.Courier], error) {
	return s.couriers.Put(ctx, who, entry(who, version, e))
}

// Release makes a person carry for nobody; version is the one that the row must still have, or 0.
func (s *Store) Release(ctx context.Context, who principal.Principal, version int64, e order.Engagement) error {
	return s.couriers.Remove(ctx, who, entry(who, version, e))
}

// said is what an admin says of a person.
type said[R any] interface {
	Action() authz.Name
	Row(principal.Tenant) R
	Apply(to *R, by principal.ID, at time.Time) error
}

// entry is the change of a person's row. Where there is none, the row that is to be is decided: it may be who's own. Nobody
// learns from a refusal which of the two it was: there is no row above, and who asks knows whom they named.
func entry[R door.Noun](who principal.Principal, version int64, x said[R]) door.Change[R] {
	row := x.Row(who.Tenant())
	return door.Change[R]{
		Ref:    authz.Ref{ID: row.Ref().ID, Version: version},
		Action: x.Action(),
		Apply:  func(r *R, by principal.ID, at time.Time) error { return fit(x.Apply(r, by, at)) },
		Parent: func(context.Context, *door.Inside) (R, error) { return row, nil },
	}
}
