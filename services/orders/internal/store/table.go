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

// errOrderExists is for the client.
var errOrderExists = errors.New("there is an order with this id")

// orders is the place of orders in the database (door.Table). Nothing in it decides, and every query names the tenant.
type orders struct{ facts }

const selectOrders = `SELECT tenant, id, owner, items, amount, currency, ship_to,
	contact_name, contact_email, contact_phone, region, carrier, status,
	version, created_at, updated_at, shipped_at, delivered_at FROM orders`

func (orders) Find(ctx context.Context, tx *database.Tx, tenant principal.Tenant, id string) (order.Order, error) {
	row, err := db.New(tx).FindOrder(ctx, db.FindOrderParams{Tenant: tenant, ID: order.ID(id)})
	return order.Order(row), door.Absent(err)
}

// Page is the one query that sqlc does not make: the policy's SQL is appended when it runs.
func (orders) Page(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, p door.Page) ([]order.Order, error) {
	text, args := door.Keyset(selectOrders, tenant, ways, p)
	return database.All(ctx, tx, func(o *order.Order) []any {
		return []any{&o.Tenant, &o.ID, &o.Owner, &o.Items, &o.Amount, &o.Currency, &o.ShipTo,
			&o.ContactName, &o.ContactEmail, &o.ContactPhone, &o.Region, &o.Carrier, &o.Status,
			&o.Version, &o.CreatedAt, &o.UpdatedAt, &o.ShippedAt, &o.DeliveredAt}
	}, text, args...)
}

func (orders) Count(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, f door.Filter) (int64, error) {
	text, args := door.CountSQL("orders", tenant, ways, f)
	return database.Count(ctx, tx, text, args...)
}

func (orders) Insert(ctx context.Context, tx *database.Tx, o *order.Order) error {
	n, err := db.New(tx).InsertOrder(ctx, db.InsertOrderParams(*o))
	if err == nil && n == 0 {
		return door.Conflict(errOrderExists)
	}
	return err
}

// Update saves what a command can change.
func (orders) Update(ctx context.Context, tx *database.Tx, o *order.Order, version int64) error {
	return door.Stale(db.New(tx).UpdateOrder(ctx, db.UpdateOrderParams{
		Carrier: o.Carrier, Status: o.Status, Version: o.Version,
		UpdatedAt: o.UpdatedAt, ShippedAt: o.ShippedAt, DeliveredAt: o.DeliveredAt,
		Tenant: o.Tenant, ID: o.ID, Was: version,
	}))
}

func (orders) Place(o *order.Order) door.Place {
	return door.Place{CreatedAt: int64(o.CreatedAt), ID: string(o.ID)}
}
