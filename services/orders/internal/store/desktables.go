package store

import (
	"context"
	"errors"

	"innerdoor.example/services/orders/internal/order"
	"innerdoor.example/services/orders/internal/store/internal/db"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
)

// errKnown is for the client.
var errKnown = errors.New("there is a row of this person")

// staff is the place of roles in the database, and couriers that of who carries for whom. Lists want an id: it is the person's.
type (
	staff    struct{ facts }
	couriers struct{ facts }
)

const (
	fromStaff    = "(SELECT *, subject AS id FROM staff) AS staff"
	fromCouriers = "(SELECT *, subject AS id FROM carriers) AS carriers"

	selectStaff = `SELECT tenant, id, role, limit_amount, limit_currency,
	version, created_at, updated_at FROM ` + fromStaff
	selectCouriers = `SELECT tenant, id, carrier, version, created_at, updated_at FROM ` + fromCouriers
)

func (staff) Find(ctx context.Context, tx *database.Tx, tenant principal.Tenant, id string) (order.Staff, error) {
	row, err := db.New(tx).FindStaff(ctx, db.FindStaffParams{Tenant: tenant, Subject: principal.ID(id)})
	return order.Staff(row), door.Absent(err)
}

func (staff) Page(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, p door.Page) ([]order.Staff, error) {
	text, args := door.Keyset(selectStaff, tenant, ways, p)
	return database.All(ctx, tx, func(s *order.Staff) []any {
		return []any{&s.Tenant, &s.Subject, &s.Role, &s.LimitAmount, &s.LimitCurrency, &s.Version, &s.CreatedAt, &s.UpdatedAt}
	}, text, args...)
}

func (staff) Count(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, f door.Filter) (int64, error) {
	text, args := door.CountSQL(fromStaff, tenant, ways, f)
	return database.Count(ctx, tx, text, args...)
}

func (staff) Insert(ctx context.Context, tx *database.Tx, s *order.Staff) error {
	n, err := db.New(tx).InsertStaff(ctx, db.InsertStaffParams(*s))
	if err == nil && n == 0 {
		return door.Conflict(errKnown)
	}
	return err
}

func (staff) Update(ctx context.Context, tx *database.Tx, s *order.Staff, version int64) error {
	return door.Stale(db.New(tx).UpdateStaff(ctx, db.UpdateStaffParams{
		Role: s.Role, LimitAmount: s.LimitAmount, LimitCurrency: s.LimitCurrency, Version: s.Version, UpdatedAt: s.UpdatedAt,
		Tenant: s.Tenant, Subject: s.Subject, Was: version,
	}))
}

func (staff) Delete(ctx context.Context, tx *database.Tx, s *order.Staff) error {
	return door.Stale(db.New(tx).DeleteStaff(ctx, db.DeleteStaffParams{Tenant: s.Tenant, Subject: s.Subject, Version: s.Version}))
}

func (staff) Place(s *order.Staff) door.Place {
	return door.Place{CreatedAt: int64(s.CreatedAt), ID: string(s.Subject)}
}

func (couriers) Find(ctx context.Context, tx *database.Tx, tenant principal.Tenant, id string) (order.Courier, error) {
	row, err := db.New(tx).FindCourier(ctx, db.FindCourierParams{Tenant: tenant, Subject: principal.ID(id)})
	return order.Courier(row), door.Absent(err)
}

func (couriers) Page(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, p door.Page) ([]order.Courier, error) {
	text, args := door.Keyset(selectCouriers, tenant, ways, p)
	return database.All(ctx, tx, func(c *order.Courier) []any {
		return []any{&c.Tenant, &c.Subject, &c.Carrier, &c.Version, &c.CreatedAt, &c.UpdatedAt}
	}, text, args...)
}

func (couriers) Count(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, f door.Filter) (int64, error) {
	text, args := door.CountSQL(fromCouriers, tenant, ways, f)
	return database.Count(ctx, tx, text, args...)
}

func (couriers) Insert(ctx context.Context, tx *database.Tx, c *order.Courier) error {
	n, err := db.New(tx).InsertCourier(ctx, db.InsertCourierParams(*c))
	if err == nil && n == 0 {
		return door.Conflict(errKnown)
	}
	return err
}

func (couriers) Update(ctx context.Context, tx *database.Tx, c *order.Courier, version int64) error {
	return door.Stale(db.New(tx).UpdateCourier(ctx, db.UpdateCourierParams{
		Carrier: c.Carrier, Version: c.Version, UpdatedAt: c.UpdatedAt,
		Tenant: c.Tenant, Subject: c.Subject, Was: version,
	}))
}

func (couriers) Delete(ctx context.Context, tx *database.Tx, c *order.Courier) error {
	return door.Stale(db.New(tx).DeleteCourier(ctx, db.DeleteCourierParams{Tenant: c.Tenant, Subject: c.Subject, Version: c.Version}))
}

func (couriers) Place(c *order.Courier) door.Place {
	return door.Place{CreatedAt: int64(c.CreatedAt), ID: string(c.Subject)}
}
