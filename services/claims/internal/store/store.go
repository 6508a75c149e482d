// Package store is the only way to claims: names over the one door (shared/door),
// which asks who wants a row and what for, decides by package policy and keeps the
// record, and the tables behind it.
package store

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"iter"
	"path/filepath"
	"time"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/services/claims/internal/ordersclient"
	"innerdoor.example/services/claims/internal/policy"
	"innerdoor.example/shared/audit"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/web"
)

// Name is what this service is called in its records.
const Name = "claims"

//go:embed internal/db/migrations/*.sql
var migrations embed.FS

// What comes out of the door: a row, and the rule that permits the caller to read it.
type (
	GrantedOf[R any] = door.Granted[R]
	ListedOf[R any]  = door.Listed[R]

	Granted   = GrantedOf[claim.Claim]
	Listed    = ListedOf[claim.Claim]
	Decision  = audit.Record
	Decisions = ListedOf[audit.Record]
)

// Query asks for a page of claims, newest first; empty filters do not filter.
type Query struct {
	Limit  int // 0: the door's default
	Cursor string
	Status claim.Status
	Region claim.Region
	Order  claim.OrderID
	Words  []string // of claim.ParseSearch
}

// DecisionQuery asks for a page of decisions, newest first; empty filters do not filter.
type DecisionQuery struct {
	Limit                              int
	Cursor                             string
	Txn, Subject, Object, Rule, Action string
}

var decisions = policy.Decisions(func(r *audit.Record) principal.Tenant { return r.Tenant })

// Policies are all of this service's.
var Policies = authz.Policies{
	"claim": policy.Claims, "note": policy.Notes, "delegation": policy.Delegations, "staff": policy.Staff, "decision": decisions,
}

// Store is the doors: to the claims, their notes and their delegations, to who works
// here, and to the decisions on all of it.
type Store struct {
	db        *database.DB
	service   *door.Service
	claims    *door.Door[policy.Subject, claim.Claim]
	notes     *door.Door[policy.Subject, claim.Note]
	shares    *door.Door[policy.Subject, claim.Delegation]
	staff     *door.Door[policy.Subject, claim.Staff]
	decisions *door.Door[policy.Subject, audit.Record]
	orders    *ordersclient.Client
}

// Open opens the database in the folder, which exists, and brings its tables up to date.
func Open(ctx context.Context, folder string, service *door.Service, orders *ordersclient.Client) (*Store, error) {
	file, err := open(ctx, folder)
	if err != nil {
		return nil, err
	}
	return &Store{
		db:      file,
		service: service,
		orders:  orders,
		claims: &door.Door[policy.Subject, claim.Claim]{
			DB: file, Policy: policy.Claims, Table: claims{}, Name: "claim", Service: service,
		},
		notes: &door.Door[policy.Subject, claim.Note]{
			DB: file, Policy: policy.Notes, Table: notes{}, Name: "note", Service: service,
		},
		shares: &door.Door[policy.Subject, claim.Delegation]{
			DB: file, Policy: policy.Delegations, Table: shares{}, Name: "delegation", Service: service,
		},
		staff: &door.Door[policy.Subject, claim.Staff]{
			DB: file, Policy: policy.Staff, Table: staff{}, Name: "staff", Service: service,
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
	return database.Open(ctx, filepath.Join(folder, "claims.sqlite"),
		database.Migrations{Name: "claims", FS: own}, audit.Migrations(), door.Migrations())
}

// Ready says whether the database can be read and written now.
func (s *Store) Ready(ctx context.Context) error { return s.db.Ready(ctx) }

// Close lets what is under way finish.
func (s *Store) Close() error { return s.db.Close() }

// Retain removes records when they have been kept that long, every hour until ctx
// ends. It is for the process, not for handlers.
func (s *Store) Retain(ctx context.Context, keep time.Duration) {
	audit.Retention{DB: s.db, Service: s.service.Name, Build: s.service.Build, Keep: keep, Now: s.service.Now, Log: s.service.Log}.Run(ctx)
}

// Get is the claim, if who may read it.
func (s *Store) Get(ctx context.Context, who principal.Principal, id claim.ID) (Granted, error) {
	return s.claims.Get(ctx, who, claim.Read, string(id))
}

// List is a page of the claims that who may read.
func (s *Store) List(ctx context.Context, who principal.Principal, q Query) (Listed, error) {
	return s.seen(q).List(ctx, who, claim.Read, q.page())
}

// Count is how many claims List would give on all its pages.
func (s *Store) Count(ctx context.Context, who principal.Principal, q Query) (int64, error) {
	return s.seen(q).Count(ctx, who, claim.Read, q.page())
}

// Export is every claim that who may read, in chunks, for somebody who may export.
func (s *Store) Export(ctx context.Context, who principal.Principal, q Query) iter.Seq2[[]Granted, error] {
	return s.seen(q).Export(ctx, who, claim.Export, q.page().Filter)
}

// seen is the door to the claims by the way that the question takes to them: through
// their words, or not.
func (s *Store) seen(q Query) *door.Door[policy.Subject, claim.Claim] {
	if len(q.Words) == 0 {
		return s.claims
	}
	by := *s.claims
	by.Table = search{words: len(q.Words)}
	return &by
}

// Do does the command to the claim; version is the one it must still have, or 0.
func (s *Store) Do(ctx context.Context, who principal.Principal, id claim.ID, version int64, c claim.Command) (Granted, error) {
	return s.claims.Do(ctx, who, door.Change[claim.Claim]{
		Ref:    authz.Ref{ID: string(id), Version: version},
		Action: c.Action(),
		Apply: func(to *claim.Claim, by principal.ID, at time.Time) error {
			return fit(c.Apply(to, by, at))
		},
		Related: assignable(c.Assignee()),
	})
}

// assignable looks at what the claim's next assignee is in the transaction that
// assigns it to them. Nobody is no matter: the command assigns nothing.
func assignable(to principal.ID) func(context.Context, *database.Tx, claim.Claim) error {
	if to == "" {
		return nil
	}
	return func(ctx context.Context, tx *database.Tx, c claim.Claim) error {
		person, err := staff{}.Find(ctx, tx, c.Tenant, string(to))
		if err != nil && !errors.Is(err, door.ErrAbsent) {
			return err
		}
		return fit(person.Suits(c))
	}
}

// File makes a draft about an order, which the orders service must say is who's own.
// It is asked before the transaction begins, and only for somebody who may file.
func (s *Store) File(ctx context.Context, who principal.Principal, f claim.File) (Granted, error) {
	if err := s.claims.Open(ctx, who, claim.Filing); err != nil {
		return Granted{}, err
	}
	coverage, err := s.orders.Coverage(ctx, who, f.Order)
	switch {
	case errors.Is(err, ordersclient.ErrRefused):
		return Granted{}, s.claims.Refused(ctx, who, claim.Filing, string(f.Order), "order-covered")
	case err != nil:
		return Granted{}, &web.Error{Kind: web.Unavailable, Err: err}
	}
	covered := f.With(coverage)
	return s.claims.Create(ctx, who, door.Change[claim.Claim]{
		Action: covered.Action(),
		Apply: func(c *claim.Claim, by principal.ID, at time.Time) (err error) {
			*c, err = covered.New(who.Tenant(), by, at)
			return fit(err)
		},
	})
}

// Decisions is a page of the decisions made here.
func (s *Store) Decisions(ctx context.Context, who principal.Principal, q DecisionQuery) (Decisions, error) {
	return s.decisions.List(ctx, who, claim.Audit, door.Query[Decision]{Limit: q.Limit, Cursor: q.Cursor,
		Filter: door.Given("txn", q.Txn, "subject", q.Subject, "object", q.Object, "rule", q.Rule, "action", q.Action)})
}

// Decision is one of them.
func (s *Store) Decision(ctx context.Context, who principal.Principal, id string) (GrantedOf[Decision], error) {
	return s.decisions.Get(ctx, who, claim.Audit, id)
}

func (q Query) page() door.Query[claim.Claim] {
	return door.Query[claim.Claim]{Limit: q.Limit, Cursor: q.Cursor,
		Filter: door.Given(append([]string{"status", string(q.Status), "region", string(q.Region), "order_id", string(q.Order)}, sought(q.Words)...)...)}
}

// fit tells the door that data which the noun calls unfit is just that, and no conflict.
func fit(err error) error {
	if unfit, ok := errors.AsType[claim.Unfit](err); ok {
		return door.Unfit(unfit)
	}
	return err
}
