package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"innerdoor.example/services/orders/internal/order"
	"innerdoor.example/services/orders/internal/policy"
	"innerdoor.example/services/orders/internal/store/internal/db"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
)

// table is where orders are (door.Table). Nothing in it decides, and every query names the tenant.
type table struct{}

// Facts implements door.Table.
func (table) Facts(ctx context.Context, tx *database.Tx, who principal.Principal, at time.Time) (policy.Subject, error) {
	return facts(ctx, tx, who, at)
}

// Find implements door.Table.
func (table) Find(ctx context.Context, tx *database.Tx, tenant principal.Tenant, id string) (order.Order, error) {
	row, err := db.New(tx).FindOrder(ctx, db.FindOrderParams{Tenant: tenant, ID: order.ID(id)})
	if errors.Is(err, sql.ErrNoRows) {
		err = door.ErrAbsent
	}
	return order.Order(row), err
}

// Page implements door.Table. The policy's SQL is appended when it runs, so this is the one query that sqlc does not make.
func (table) Page(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, p door.Page) ([]order.Order, error) {
	text, args := door.Keyset(selectOrders, tenant, ways, p)
	rows, err := tx.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var page []order.Order
	for rows.Next() {
		var o order.Order
		if err := rows.Scan(&o.Tenant, &o.ID, &o.Owner, &o.Items, &o.Amount, &o.Currency, &o.ShipTo,
			&o.ContactName, &o.ContactEmail, &o.ContactPhone, &o.Region, &o.Carrier, &o.Status,
			&o.Version, &o.CreatedAt, &o.UpdatedAt, &o.ShippedAt, &o.DeliveredAt); err != nil {
			return nil, err
		}
		page = append(page, o)
	}
	return page, rows.Err()
}

const selectOrders = `SELECT tenant, id, owner, items, amount, currency, ship_to,
	contact_name, contact_email, contact_phone, region, carrier, status,
	version, created_at, updated_at, shipped_at, delivered_at FROM orders`

// Count implements door.Table.
func (table) Count(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, f door.Filter) (int64, error) {
	text, args := door.CountSQL("orders", tenant, ways, f)
	var n int64
	err := tx.QueryRowContext(ctx, text, args...).Scan(&n)
	return n, err
}

// Insert implements door.Table.
func (table) Insert(ctx context.Context, tx *database.Tx, o *order.Order) error {
	rows, err := db.New(tx).InsertOrder(ctx, db.InsertOrderParams(*o))
	if err == nil && rows == 0 {
		err = door.Conflict(errors.New("there is an order with this id"))
	}
	return err
}

// Update implements door.Table: it saves what a command can change.
func (table) Update(ctx context.Context, tx *database.Tx, o *order.Order, version int64) error {
	rows, err := db.New(tx).UpdateOrder(ctx, db.UpdateOrderParams{
		Carrier: o.Carrier, Status: o.Status, Version: o.Version,
		UpdatedAt: o.UpdatedAt, ShippedAt: o.ShippedAt, DeliveredAt: o.DeliveredAt,
		Tenant: o.Tenant, ID: o.ID, Found: version,
	})
	if err == nil && rows == 0 {
		err = door.ErrStale
	}
	return err
}

// Place implements door.Table.
func (table) Place(o *order.Order) door.Place {
	return door.Place{CreatedAt: int64(o.CreatedAt), ID: string(o.ID)}
}
