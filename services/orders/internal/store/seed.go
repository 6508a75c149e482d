package store

import (
	"context"
	"database/sql"
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

// seed is the form of a seed file.
type seed struct {
	Staff    []seedStaff
	Carriers []seedCarrier
	Orders   []seedOrder
}

type seedStaff struct {
	Tenant, Subject, Role string
	LimitAmount           order.Cents    `yaml:"limit_amount"`
	LimitCurrency         order.Currency `yaml:"limit_currency"`
}

type seedCarrier struct{ Tenant, Subject, Carrier string }

type seedOrder struct {
	Tenant, ID, Owner, Status, Region, Currency, Carrier string
	Items                                                order.Items
	ShipTo                                               string `yaml:"ship_to"`
	Contact                                              order.Contact
	Created, Shipped, Delivered                          time.Duration // before the moment of seeding; 0: not
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

// row is one thing of a seed file. make says what it is called, and whether it was not there yet.
type row interface {
	make(ctx context.Context, q *db.Queries, at time.Time) (object authz.Ref, isNew bool, err error)
}

func (s seed) rows() (all []row) {
	for _, staff := range s.Staff {
		all = append(all, staff)
	}
	for _, carrier := range s.Carriers {
		all = append(all, carrier)
	}
	for _, one := range s.Orders {
		all = append(all, one)
	}
	return all
}

func (o *Operator) seed(ctx context.Context, tx *database.Tx, s seed) (made int, err error) {
	for _, one := range s.rows() {
		object, isNew, err := one.make(ctx, db.New(tx), o.now())
		if err != nil {
			return 0, fmt.Errorf("the %s %s of %s: %w", object.Type, object.ID, object.Tenant, err)
		}
		if !isNew {
			continue
		}
		made++
		if err := o.record(ctx, tx, "seed", object); err != nil {
			return 0, err
		}
	}
	return made, nil
}

func (s seedStaff) make(ctx context.Context, q *db.Queries, at time.Time) (object authz.Ref, isNew bool, err error) {
	object = authz.Ref{Type: "staff", Tenant: s.Tenant, ID: s.Subject}
	tenant, noTenant := principal.ParseTenant(s.Tenant)
	subject, noSubject := principal.ParseID(s.Subject)
	role, noRole := order.ParseRole(s.Role)
	if err := errors.Join(noTenant, noSubject, noRole); err != nil {
		return object, false, err
	}
	_, err = q.FindStaff(ctx, db.FindStaffParams{Tenant: tenant, Subject: subject})
	if !errors.Is(err, sql.ErrNoRows) {
		return object, false, err
	}
	return object, true, q.PutStaff(ctx, db.PutStaffParams{Tenant: tenant, Subject: subject, Role: role,
		LimitAmount: s.LimitAmount, LimitCurrency: s.LimitCurrency, Version: 1, CreatedAt: order.At(at), UpdatedAt: order.At(at)})
}

func (s seedCarrier) make(ctx context.Context, q *db.Queries, at time.Time) (object authz.Ref, isNew bool, err error) {
	object = authz.Ref{Type: "carrier", Tenant: s.Tenant, ID: s.Subject}
	tenant, noTenant := principal.ParseTenant(s.Tenant)
	subject, noSubject := principal.ParseID(s.Subject)
	carrier, noCarrier := order.ParseCarrier(s.Carrier)
	if err := errors.Join(noTenant, noSubject, noCarrier); err != nil {
		return object, false, err
	}
	_, err = q.FindCarrier(ctx, db.FindCarrierParams{Tenant: tenant, Subject: subject})
	if !errors.Is(err, sql.ErrNoRows) {
		return object, false, err
	}
	return object, true, q.PutCarrier(ctx, db.PutCarrierParams{Tenant: tenant, Subject: subject, Carrier: carrier,
		Version: 1, CreatedAt: order.At(at), UpdatedAt: order.At(at)})
}

func (s seedOrder) make(ctx context.Context, q *db.Queries, at time.Time) (object authz.Ref, isNew bool, err error) {
	object = authz.Ref{Type: "order", Tenant: s.Tenant, ID: s.ID}
	tenant, noTenant := principal.ParseTenant(s.Tenant)
	owner, noOwner := principal.ParseID(s.Owner)
	id, noID := order.ParseID(s.ID)
	status, noStatus := order.ParseStatus(s.Status)
	region, noRegion := order.ParseRegion(s.Region)
	currency, noCurrency := order.ParseCurrency(s.Currency)
	if err := errors.Join(noTenant, noOwner, noID, noStatus, noRegion, noCurrency); err != nil {
		return object, false, err
	}
	o, err := order.Place{Items: s.Items, Currency: currency, Region: region, ShipTo: s.ShipTo, Contact: s.Contact}.
		New(tenant, owner, at.Add(-s.Created))
	if err != nil {
		return object, false, err
	}
	o.ID, o.Status, o.Carrier = id, status, order.Carrier(s.Carrier)
	o.ShippedAt, o.DeliveredAt = before(at, s.Shipped), before(at, s.Delivered)
	o.UpdatedAt = max(o.CreatedAt, o.ShippedAt, o.DeliveredAt)
	rows, err := q.InsertOrder(ctx, db.InsertOrderParams(o))
	return object, rows == 1, err
}

func before(at time.Time, ago time.Duration) order.Time {
	if ago == 0 {
		return 0
	}
	return order.At(at.Add(-ago))
}
