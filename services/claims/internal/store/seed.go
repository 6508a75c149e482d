package store

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/services/claims/internal/store/internal/db"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/principal"
)

// seed is the form of a seed file. Money is in cents; durations are offsets from the
// moment of seeding.
type seed struct {
	Staff       []seedStaff
	Networks    []seedNetwork
	Claims      []seedClaim
	Notes       []seedNote
	Delegations []seedDelegation
}

type seedStaff struct {
	Tenant, Subject, Role string
	Regions               []string
	Limit                 claim.Cents
	Currency              claim.Currency
}

type seedNetwork struct{ Tenant, ID, Prefix string }

type seedClaim struct {
	Tenant, ID, Owner, Order, Region, Currency, Description, Status string
	Assignee                                                        principal.ID
	FirstApprover                                                   principal.ID `yaml:"first_approver"`
	SecondApprover                                                  principal.ID `yaml:"second_approver"`
	Amount                                                          claim.Cents
	OrderAmount                                                     claim.Cents `yaml:"order_amount"`
	Contact                                                         claim.Contact
	Delivered, Filed                                                time.Duration
}

type seedNote struct {
	Tenant, ID, Claim, Kind, Body string
	Author                        principal.ID
	Made                          time.Duration
}

type seedDelegation struct {
	Tenant, Claim, Subject string
	GrantedBy              principal.ID `yaml:"granted_by"`
	Expires                time.Duration
}

// Seed makes what the file (YAML) says and is not there yet, all or nothing, and says
// how many rows that were. What is there stays as it is.
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

// row is one thing of a seed file. make says what it is called, and how many rows
// (none or one) were not there yet.
type row interface {
	make(ctx context.Context, q *db.Queries, at time.Time) (object authz.Ref, rows int64, err error)
}

func (s seed) rows() (all []row) {
	for _, x := range s.Staff {
		all = append(all, x)
	}
	for _, x := range s.Networks {
		all = append(all, x)
	}
	for _, x := range s.Claims {
		all = append(all, x)
	}
	for _, x := range s.Notes {
		all = append(all, x)
	}
	for _, x := range s.Delegations {
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
	role, noRole := claim.ParseRole(s.Role)
	mistakes := []error{noTenant, noSubject, noRole}
	for _, region := range s.Regions {
		_, noRegion := claim.ParseRegion(region)
		mistakes = append(mistakes, noRegion)
	}
	if err := errors.Join(mistakes...); err != nil {
		return object, 0, err
	}
	rows, err = q.InsertStaff(ctx, db.InsertStaffParams{
		Tenant: tenant, Subject: subject, Role: role, Regions: claim.Regions(strings.Join(s.Regions, " ")),
		LimitAmount: s.Limit, LimitCurrency: s.Currency, Version: 1, CreatedAt: claim.At(at), UpdatedAt: claim.At(at),
	})
	return object, rows, err
}

func (s seedNetwork) make(ctx context.Context, q *db.Queries, at time.Time) (object authz.Ref, rows int64, err error) {
	object = authz.Ref{Type: "network", Tenant: s.Tenant, ID: s.ID}
	tenant, noTenant := principal.ParseTenant(s.Tenant)
	prefix, noPrefix := netip.ParsePrefix(s.Prefix)
	if err := errors.Join(noTenant, noPrefix); err != nil {
		return object, 0, err
	}
	rows, err = q.InsertNetwork(ctx, db.InsertNetworkParams{
		Tenant: tenant, ID: s.ID, Prefix: prefix.String(), Version: 1, CreatedAt: claim.At(at), UpdatedAt: claim.At(at),
	})
	return object, rows, err
}

func (s seedClaim) make(ctx context.Context, q *db.Queries, at time.Time) (object authz.Ref, rows int64, err error) {
	object = authz.Ref{Type: "claim", Tenant: s.Tenant, ID: s.ID}
	tenant, noTenant := principal.ParseTenant(s.Tenant)
	id, noID := claim.ParseID(s.ID)
	owner, noOwner := principal.ParseID(s.Owner)
	order, noOrder := claim.ParseOrderID(s.Order)
	region, noRegion := claim.ParseRegion(s.Region)
	currency, noCurrency := claim.ParseCurrency(s.Currency)
	status, noStatus := claim.ParseStatus(s.Status)
	if err := errors.Join(noTenant, noID, noOwner, noOrder, noRegion, noCurrency, noStatus); err != nil {
		return object, 0, err
	}
	filed := claim.At(at.Add(s.Filed))
	c := claim.Claim{
		Tenant: tenant, ID: id, Owner: owner, OrderID: order, Region: region,
		Amount: s.Amount, Currency: currency, OrderAmount: s.OrderAmount, Description: s.Description,
		ContactName: s.Contact.Name, ContactEmail: s.Contact.Email, ContactPhone: s.Contact.Phone,
		Status: status, Assignee: s.Assignee, FirstApprover: s.FirstApprover, SecondApprover: s.SecondApprover,
		DeliveredAt: claim.At(at.Add(s.Delivered)), Version: 1, CreatedAt: filed, UpdatedAt: filed,
	}
	rows, err = q.InsertClaim(ctx, db.InsertClaimParams(c))
	if err == nil && rows > 0 {
		err = keepWords(ctx, q, &c)
	}
	return object, rows, err
}

func (s seedNote) make(ctx context.Context, q *db.Queries, at time.Time) (object authz.Ref, rows int64, err error) {
	tenant, noTenant := principal.ParseTenant(s.Tenant)
	of, noClaim := claim.ParseID(s.Claim)
	name, noName := claim.ParseNote(s.ID)
	kind, noKind := claim.ParseKind(s.Kind)
	id, made := claim.NoteOf(of, name), claim.At(at.Add(s.Made))
	object = authz.Ref{Type: "note", Tenant: s.Tenant, ID: string(id)}
	if err := errors.Join(noTenant, noClaim, noName, noKind); err != nil {
		return object, 0, err
	}
	rows, err = q.InsertNote(ctx, db.InsertNoteParams{
		Tenant: tenant, ID: id, ClaimID: of, Author: s.Author, Kind: kind, Body: s.Body, Version: 1, CreatedAt: made, UpdatedAt: made,
	})
	return object, rows, err
}

func (s seedDelegation) make(ctx context.Context, q *db.Queries, at time.Time) (object authz.Ref, rows int64, err error) {
	tenant, noTenant := principal.ParseTenant(s.Tenant)
	of, noClaim := claim.ParseID(s.Claim)
	subject, noSubject := principal.ParseID(s.Subject)
	id := claim.ShareOf(of, subject)
	object = authz.Ref{Type: "delegation", Tenant: s.Tenant, ID: string(id)}
	if err := errors.Join(noTenant, noClaim, noSubject); err != nil {
		return object, 0, err
	}
	rows, err = q.InsertDelegation(ctx, db.InsertDelegationParams{
		Tenant: tenant, ID: id, ClaimID: of, Subject: subject, ExpiresAt: claim.At(at.Add(s.Expires)), GrantedBy: s.GrantedBy,
		Version: 1, CreatedAt: claim.At(at), UpdatedAt: claim.At(at),
	})
	return object, rows, err
}
