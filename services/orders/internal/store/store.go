// Package store is the only way to orders: names over the one door (shared/door), which asks who wants a row and what
// for, decides by package policy and keeps the record, and the tables behind it.
package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"innerdoor.example/services/orders/internal/order"
	"innerdoor.example/services/orders/internal/policy"
	"innerdoor.example/services/orders/internal/store/internal/db"
	"innerdoor.example/shared/audit"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
)

// Name is what this service is called in its records.
const Name = "orders"

//go:embed internal/db/migrations/*.sql
var migrations embed.FS

// What comes out of the door: a row, and the rule that permits the caller to read it.
type (
	GrantedOf[R any] = door.Granted[R]
	ListedOf[R any]  = door.Listed[R]

	Granted   = GrantedOf[order.Order]
	Listed    = ListedOf[order.Order]
	Decision  = audit.Record
	Decisions = ListedOf[audit.Record]
)

// Query asks for a page of orders, newest first; empty filters do not filter.
type Query struct {
	Limit  int // 0: the door's default
	Cursor string
	Status order.Status
	Region order.Region
}

// DecisionQuery asks for a page of decisions, newest first; empty filters do not filter.
type DecisionQuery struct {
	Limit                              int
	Cursor                             string
	Txn, Subject, Object, Rule, Action string
}

var decisions = policy.Decisions(func(r *audit.Record) principal.Tenant { return r.Tenant })

// Policies are all of this service's.
var Policies = authz.Policies{"order": policy.Orders, "staff": policy.Staff, "carrier": policy.Couriers, "decision": decisions}

// Store is the doors: to the orders, to what is known of people, and to the decisions on all of it.
type Store struct {
	db        *database.DB
	service   *door.Service
	orders    *door.Door[policy.Subject, order.Order]
	staff     *door.Door[policy.Subject, order.Staff]
	couriers  *door.Door[policy.Subject, order.Courier]
	decisions *door.Door[policy.Subject, audit.Record]
}

// Open opens the database in the folder, which exists, and brings its tables up to date.
func Open(ctx context.Context, folder string, service *door.Service) (*Store, error) {
	file, err := open(ctx, folder)
	if err != nil {
		return nil, err
	}
	return &Store{
		db: file, service: service,
		orders: &door.Door[policy.Subject, order.Order]{
			DB: file, Policy: policy.Orders, Table: orders{}, Name: "order", Service: service,
		},
		staff: &door.Door[policy.Subject, order.Staff]{
			DB: file, Policy: policy.Staff, Table: staff{}, Name: "staff", Service: service,
		},
		couriers: &door.Door[policy.Subject, order.Courier]{
			DB: file, Policy: policy.Couriers, Table: couriers{}, Name: "carrier", Service: service,
		},
		decisions: &door.Door[policy.Subject, audit.Record]{
			DB: file, Policy: decisions, Table: door.Records[policy.Subject]{Load: facts{}.Facts},
			Name: "decision", Service: service, OpenFirst: true,
		},
	}, nil
}

func open(ctx context.Context, folder string) (*database.DB, error) {
	own, err := fs.Sub(migrations, "internal/db/migrations")
	if err != nil {
		return nil, err
	}
	return database.Open(ctx, filepath.Join(folder, "orders.sqlite"),
		database.Migrations{Name: "orders", FS: own}, audit.Migrations(), door.Migrations())
}

// Ready says whether the database can be read and written now.
func (s *Store) Ready(ctx context.Context) error { return s.db.Ready(ctx) }

// Close lets what is under way finish.
func (s *Store) Close() error { return s.db.Close() }

// Retain removes records when they have been kept that long, every hour until ctx ends. It is for the process, not for
// handlers.
func (s *Store) Retain(ctx context.Context, keep time.Duration) {
	audit.Retention{DB: s.db, Service: s.service.Name, Build: s.service.Build, Keep: keep, Now: s.service.Now, Log: s.service.Log}.Run(ctx)
}

// Get is the order, for somebody who wants it for the action, one that only looks.
func (s *Store) Get(ctx context.Context, who principal.Principal, action authz.Name, id order.ID) (Granted, error) {
	return s.orders.Get(ctx, who, action, string(id))
}

// List is a page of the orders that who may read.
func (s *Store) List(ctx context.Context, who principal.Principal, q Query) (Listed, error) {
	return s.orders.List(ctx, who, order.Read, q.page())
}

// Count is how many orders List would give on all its pages.
func (s *Store) Count(ctx context.Context, who principal.Principal, q Query) (int64, error) {
	return s.orders.Count(ctx, who, order.Read, q.page())
}

// Place makes a new order of who's own.
func (s *Store) Place(ctx context.Context, who principal.Principal, p order.Place) (Granted, error) {
	return s.orders.Create(ctx, who, door.Change[order.Order]{
		Action: p.Action(),
		Apply: func(o *order.Order, by principal.ID, at time.Time) (err error) {
			*o, err = p.New(who.Tenant(), by, at)
			return fit(err)
		},
	})
}

// Do does the command to the order; version is the one it must still have, or 0.
func (s *Store) Do(ctx context.Context, who principal.Principal, id order.ID, version int64, c order.Command) (Granted, error) {
	return s.orders.Do(ctx, who, door.Change[order.Order]{
		Ref:    authz.Ref{ID: string(id), Version: version},
		Action: c.Action(),
		Apply:  c.Apply,
		Related: func(ctx context.Context, tx *database.Tx, o order.Order) error {
			return related(ctx, tx, o.Tenant, c.Carrier())
		},
	})
}

// related looks at the carrier that a command names, if it names one.
func related(ctx context.Context, tx *database.Tx, tenant principal.Tenant, carrier order.Carrier) error {
	if carrier == "" {
		return nil
	}
	known, err := db.New(tx).HasCarrier(ctx, db.HasCarrierParams{Tenant: tenant, Carrier: carrier})
	if err == nil && !known {
		err = door.Unfit(fmt.Errorf("there is no carrier %q", carrier))
	}
	return err
}

// Decisions is a page of the decisions made here.
func (s *Store) Decisions(ctx context.Context, who principal.Principal, q DecisionQuery) (Decisions, error) {
	filter := door.Given("txn", q.Txn, "subject", q.Subject, "object", q.Object, "rule", q.Rule, "action", q.Action)
	return s.decisions.List(ctx, who, order.Audit, door.Query[Decision]{Limit: q.Limit, Cursor: q.Cursor, Filter: filter})
}

// Decision is one of them.
func (s *Store) Decision(ctx context.Context, who principal.Principal, id string) (GrantedOf[Decision], error) {
	return s.decisions.Get(ctx, who, order.Audit, id)
}

func (q Query) page() door.Query[order.Order] {
	return door.Query[order.Order]{Limit: q.Limit, Cursor: q.Cursor,
		Filter: door.Given("status", string(q.Status), "region", string(q.Region))}
}

// fit tells the door that data which the noun calls unfit is just that, and no conflict.
func fit(err error) error {
	if unfit, ok := errors.AsType[order.Unfit](err); ok {
		return door.Unfit(unfit)
	}
	return err
}
