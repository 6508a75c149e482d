package store

import (
	"context"
	"errors"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/services/claims/internal/policy"
	"innerdoor.example/services/claims/internal/store/internal/db"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
)

// These are for the client.
var (
	errOrderClaimed = errors.New("the order has a claim already")
	errShared       = errors.New("the claim is shared with this person already")
)

// claims is the place of claims in the database. Nothing in it decides.
type claims struct{ facts }

const selectClaims = `SELECT tenant, id, owner, order_id, region, amount, currency, order_amount, description,
	contact_name, contact_email, contact_phone, status, assignee, first_approver, second_approver,
	delivered_at, version, created_at, updated_at FROM claims`

func (claims) Find(ctx context.Context, tx *database.Tx, tenant principal.Tenant, id string) (claim.Claim, error) {
	row, err := db.New(tx).FindClaim(ctx, db.FindClaimParams{Tenant: tenant, ID: claim.ID(id)})
	return claim.Claim(row), door.Absent(err)
}

func (claims) Page(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, p door.Page) ([]claim.Claim, error) {
	text, args := door.Keyset(selectClaims, tenant, ways, p)
	return database.All(ctx, tx, func(c *claim.Claim) []any {
		return []any{&c.Tenant, &c.ID, &c.Owner, &c.OrderID, &c.Region, &c.Amount, &c.Currency, &c.OrderAmount, &c.Description,
			&c.ContactName, &c.ContactEmail, &c.ContactPhone, &c.Status, &c.Assignee, &c.FirstApprover, &c.SecondApprover,
			&c.DeliveredAt, &c.Version, &c.CreatedAt, &c.UpdatedAt}
	}, text, args...)
}

func (claims) Count(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, f door.Filter) (n int64, err error) {
	text, args := door.CountSQL("claims", tenant, ways, f)
	err = tx.QueryRowContext(ctx, text, args...).Scan(&n)
	return n, err
}

func (claims) Insert(ctx context.Context, tx *database.Tx, c *claim.Claim) error {
	n, err := db.New(tx).InsertClaim(ctx, db.InsertClaimParams(*c))
	if err == nil && n == 0 {
		return door.Conflict(errOrderClaimed)
	}
	return err
}

func (claims) Update(ctx context.Context, tx *database.Tx, c *claim.Claim, version int64) error {
	return door.Stale(db.New(tx).UpdateClaim(ctx, db.UpdateClaimParams{
		Amount: c.Amount, Description: c.Description,
		ContactName: c.ContactName, ContactEmail: c.ContactEmail, ContactPhone: c.ContactPhone,
		Status: c.Status, Assignee: c.Assignee, FirstApprover: c.FirstApprover, SecondApprover: c.SecondApprover,
		Version: c.Version, UpdatedAt: c.UpdatedAt,
		Tenant: c.Tenant, ID: c.ID, Was: version,
	}))
}

func (claims) Place(c *claim.Claim) door.Place {
	return door.Place{CreatedAt: int64(c.CreatedAt), ID: string(c.ID)}
}

// shares is the place of delegations in the database: the view that joins what
// rules need to know of the claim.
type shares struct{ facts }

const selectShares = `SELECT tenant, id, claim_id, subject, expires_at, granted_by, version, created_at, updated_at, owner FROM shares`

func (shares) Find(ctx context.Context, tx *database.Tx, tenant principal.Tenant, id string) (claim.Delegation, error) {
	row, err := db.New(tx).FindShare(ctx, db.FindShareParams{Tenant: tenant, ID: claim.DelegationID(id)})
	return claim.Delegation(row), door.Absent(err)
}

func (shares) Page(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, p door.Page) ([]claim.Delegation, error) {
	text, args := door.Keyset(selectShares, tenant, ways, p)
	return database.All(ctx, tx, func(d *claim.Delegation) []any {
		return []any{&d.Tenant, &d.ID, &d.ClaimID, &d.Subject, &d.ExpiresAt, &d.GrantedBy,
			&d.Version, &d.CreatedAt, &d.UpdatedAt, &d.Owner}
	}, text, args...)
}

func (shares) Count(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, f door.Filter) (n int64, err error) {
	text, args := door.CountSQL("shares", tenant, ways, f)
	err = tx.QueryRowContext(ctx, text, args...).Scan(&n)
	return n, err
}

func (shares) Insert(ctx context.Context, tx *database.Tx, d *claim.Delegation) error {
	n, err := db.New(tx).InsertDelegation(ctx, db.InsertDelegationParams{
		Tenant: d.Tenant, ID: d.ID, ClaimID: d.ClaimID, Subject: d.Subject, ExpiresAt: d.ExpiresAt,
		GrantedBy: d.GrantedBy, Version: d.Version, CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt,
	})
	if err == nil && n == 0 {
		return door.Conflict(errShared)
	}
	return err
}

func (shares) Update(ctx context.Context, tx *database.Tx, d *claim.Delegation, version int64) error {
	return door.Stale(db.New(tx).UpdateDelegation(ctx, db.UpdateDelegationParams{
		ExpiresAt: d.ExpiresAt, GrantedBy: d.GrantedBy, Version: d.Version, UpdatedAt: d.UpdatedAt,
		Tenant: d.Tenant, ID: d.ID, Was: version,
	}))
}

func (shares) Delete(ctx context.Context, tx *database.Tx, d *claim.Delegation) error {
	return door.Stale(db.New(tx).DeleteDelegation(ctx, db.DeleteDelegationParams{Tenant: d.Tenant, ID: d.ID, Version: d.Version}))
}

func (shares) Place(d *claim.Delegation) door.Place {
	return door.Place{CreatedAt: int64(d.CreatedAt), ID: string(d.ID)}
}

var (
	_ door.Table[policy.Subject, claim.Claim]      = claims{}
	_ door.Table[policy.Subject, claim.Delegation] = shares{}
	_ door.Deleter[claim.Delegation]               = shares{}
)
