package store

import (
	"context"
	"errors"
	"time"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/services/claims/internal/store/internal/db"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
)

// errAppointed is for the client.
var errAppointed = errors.New("this person has a role already")

// Staff is a page of the tenant's staff, newest first.
func (s *Store) Staff(ctx context.Context, who principal.Principal, limit int, cursor string) (ListedOf[claim.Staff], error) {
	return s.staff.List(ctx, who, claim.ReadStaff, door.Query[claim.Staff]{Limit: limit, Cursor: cursor})
}

// Appoint gives a person a role, in the place of any other; version is the one that the
// row must still have, or 0.
func (s *Store) Appoint(ctx context.Context, who principal.Principal, version int64, a claim.Appointment) (GrantedOf[claim.Staff], error) {
	return s.staff.Put(ctx, who, appointment(who, version, a))
}

// Dismiss takes a person's role away; version is the one that the row must still have,
// or 0.
func (s *Store) Dismiss(ctx context.Context, who principal.Principal, version int64, a claim.Appointment) error {
	return s.staff.Remove(ctx, who, appointment(who, version, a))
}

// appointment is the change of a person's row. Where there is none, the row that is to be
// is decided: it may be who's own. Nobody learns from a refusal which of the two it was:
// there is no row above, and who asks knows whom they named.
func appointment(who principal.Principal, version int64, a claim.Appointment) door.Change[claim.Staff] {
	row := a.Row(who.Tenant())
	return door.Change[claim.Staff]{
		Ref:    authz.Ref{ID: row.Ref().ID, Version: version},
		Action: a.Action(),
		Apply: func(s *claim.Staff, by principal.ID, at time.Time) error {
			return fit(a.Apply(s, by, at))
		},
		Parent: func(context.Context, *door.Inside) (claim.Staff, error) { return row, nil },
	}
}

// staff is the place of roles in the database. Lists want an id: it is the person's.
type staff struct{ facts }

const (
	fromStaff   = "(SELECT *, subject AS id FROM staff) AS staff"
	selectStaff = `SELECT tenant, id, role, regions, limit_amount, limit_currency, version, created_at, updated_at FROM ` + fromStaff
)

func (staff) Find(ctx context.Context, tx *database.Tx, tenant principal.Tenant, id string) (claim.Staff, error) {
	row, err := db.New(tx).FindStaff(ctx, db.FindStaffParams{Tenant: tenant, Subject: principal.ID(id)})
	return claim.Staff(row), door.Absent(err)
}

func (staff) Page(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, p door.Page) ([]claim.Staff, error) {
	text, args := door.Keyset(selectStaff, tenant, ways, p)
	return database.All(ctx, tx, func(s *claim.Staff) []any {
		return []any{&s.Tenant, &s.Subject, &s.Role, &s.Regions, &s.LimitAmount, &s.LimitCurrency, &s.Version, &s.CreatedAt, &s.UpdatedAt}
	}, text, args...)
}

func (staff) Count(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, f door.Filter) (int64, error) {
	text, args := door.CountSQL(fromStaff, tenant, ways, f)
	return database.Count(ctx, tx, text, args...)
}

func (staff) Insert(ctx context.Context, tx *database.Tx, s *claim.Staff) error {
	n, err := db.New(tx).InsertStaff(ctx, db.InsertStaffParams(*s))
	if err == nil && n == 0 {
		return door.Conflict(errAppointed)
	}
	return err
}

func (staff) Update(ctx context.Context, tx *database.Tx, s *claim.Staff, version int64) error {
	return door.Stale(db.New(tx).UpdateStaff(ctx, db.UpdateStaffParams{
		Role: s.Role, Regions: s.Regions, LimitAmount: s.LimitAmount, LimitCurrency: s.LimitCurrency, Version: s.Version, UpdatedAt: s.UpdatedAt,
		Tenant: s.Tenant, Subject: s.Subject, Was: version,
	}))
}

func (staff) Delete(ctx context.Context, tx *database.Tx, s *claim.Staff) error {
	return door.Stale(db.New(tx).DeleteStaff(ctx, db.DeleteStaffParams{Tenant: s.Tenant, Subject: s.Subject, Version: s.Version}))
}

func (staff) Place(s *claim.Staff) door.Place {
	return door.Place{CreatedAt: int64(s.CreatedAt), ID: string(s.Subject)}
}

var _ door.Deleter[claim.Staff] = staff{}
