package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/goccy/go-yaml"

	"innerdoor.example/services/orders/internal/order"
	"innerdoor.example/services/orders/internal/store/internal/db"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/principal"
)

// seed is the form of a seed file. Money is in cents; durations are offsets from the moment of seeding.
type seed struct {
	Staff    []seedStaff
	Carriers []seedCarrier
	Orders   []seedOrder
}

type seedStaff struct {
	Tenant, Subject, Role string
	Limit                 order.Cents
	Currency              order.Currency
}

type seedCarrier struct{ Tenant, Subject, Carrier string }

type seedOrder struct {
	Tenant, ID, Owner, Region, Currency, Carrier, Status string
	Items                                                []order.Item
	ShipTo                                               string `yaml:"ship_to"`
	Contact                                              order.Contact
	Placed, Shipped, Delivered                           time.Duration // 0: it was not
}

// Seed makes what the file (YAML) says and is not there yet, all or nothing, and says how many rows that were. What is
// there stays as it is.
func (o *Operator) Seed(ctx context.Context, file []byte) (made int, err error) {
	var s seed
	if err := yaml.UnmarshalWithOptions(file, &s, yaml.Strict()); err != nil {
		return 0, err
	}
	err = o.db.Write(ctx, func(ctx context.Context, tx *database.Tx) error {
		made, err = o.seed(ctx, tx, s)
		return err
	})
	return made, err
}

// row is one thing of a seed file. make says what it is called, and how many rows (none or one) were not there yet.
type row interface {
	make(ctx context.Context, q *db.Queries, at time.Time) (object authz.Ref, rows int64, err error)
}

func (s seed) rows() (all []row) {
	for _, x := range s.Staff {
		all = append(all, x)
	}
	for _, x := range s.Carriers {
		all = append(all, x)
	}
	for _, x := range s.Orders {
		all = append(all, x)
	}
	return all
}

func (o *Operator) seed(ctx context.Context, tx *database.Tx, s seed) (made int, err error) {
	at := o.now()
	for _, x := range s.rows() {
		object, rows, err := x.make(ctx, db.New(tx), at)
		if err != nil {
			return 0, fmt.Errorf("the %s %s of %s: %w", object.Type, object.ID, object.Tenant, err)
		}
		if rows == 0 {
			continue
		}
		made++
		if err := o.record(ctx, tx, "seed", object); err != nil {
			return 0, err
		}
	}
	return made, nil
}

func (s seedStaff) make(ctx context.Context, q *db.Queries, at time.Time) (object authz.Ref, rows int64, err error) {
	object = authz.Ref{Type: "staff", Tenant: s.Tenant, ID: s.Subject}
	tenant, noTenant := principal.ParseTenant(s.Tenant)
	subject, noSubject := principal.ParseID(s.Subject)
	role, noRole := order.ParseRole(s.Role)
	if err := errors.Join(noTenant, noSubject, noRole); err != nil {
		return object, 0, err
	}
	rows, err = q.InsertStaff(ctx, db.InsertStaffParams{
		Tenant: tenant, Subject: subject, Role: role,
		LimitAmount: s.Limit, LimitCurrency: s.Currency, Version: 1, CreatedAt: order.At(at), UpdatedAt: order.At(at),
	})
	return object, rows, err
}

func (s seedCarrier) make(ctx context.Context, q *db.Queries, at time.Time) (object authz.Ref, rows int64, err error) {
	object = authz.Ref{Type: "carrier", Tenant: s.Tenant, ID: s.Subject}
	tenant, noTenant := principal.ParseTenant(s.Tenant)
	subject, noSubject := principal.ParseID(s.Subject)
	carrier, noCarrier := order.ParseCarrier(s.Carrier)
	if err := errors.Join(noTenant, noSubject, noCarrier); err != nil {
		return object, 0, err
	}
	rows, err = q.InsertCourier(ctx, db.InsertCourierParams{
		Tenant: tenant, Subject: subject, Carrier: carrier, Version: 1, CreatedAt: order.At(at), UpdatedAt: order.At(at),
	})
	return object, rows, err
}

// make places the order as a person would, and then says what became of it since.
func (s seedOrder) make(ctx context.Context, q *db.Queries, at time.Time) (object authz.Ref, rows int64, err error) {
	object = authz.Ref{Type: "order", Tenant: s.Tenant, ID: s.ID}
	tenant, noTenant := principal.ParseTenant(s.Tenant)
	id, noID := order.ParseID(s.ID)
	owner, noOwner := principal.ParseID(s.Owner)
	region, noRegion := order.ParseRegion(s.Region)
	currency, noCurrency := order.ParseCurrency(s.Currency)
	status, noStatus := order.ParseStatus(s.Status)
	place := order.Place{Items: s.Items, Currency: currency, Region: region, ShipTo: s.ShipTo, Contact: s.Contact}
	o, unfit := place.New(tenant, owner, at.Add(s.Placed))
	if err := errors.Join(noTenant, noID, noOwner, noRegion, noCurrency, noStatus, unfit); err != nil {
		return object, 0, err
	}
	o.ID, o.Status, o.Carrier = id, status, order.Carrier(s.Carrier)
	if s.Shipped != 0 {
		o.ShippedAt = order.At(at.Add(s.Shipped))
	}
	if s.Delivered != 0 {
		o.DeliveredAt = order.At(at.Add(s.Delivered))
	}
	o.UpdatedAt = max(o.CreatedAt, o.ShippedAt, o.DeliveredAt)
	rows, err = q.InsertOrder(ctx, db.InsertOrderParams(o))
	return object, rows, err
}
