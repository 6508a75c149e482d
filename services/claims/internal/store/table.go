package store

import (
	"context"
	"errors"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/services/claims/internal/store/internal/db"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
)

// errOrderClaimed is for the client.
var errOrderClaimed = errors.New("the order has a claim already")

// claims is the place of claims in the database. Nothing in it decides.
type claims struct{ facts }

const selectClaims = `SELECT tenant, id, owner, order_id, region, amount, currency, order_amount, description,
	contact_name, contact_email, contact_phone, status, assignee, first_approver, second_approver,
	delivered_at, version, created_at, updated_at FROM claims`

func (claims) Find(ctx context.Context, tx *database.Tx, tenant principal.Tenant, id string) (claim.Claim, error) {
	row, err := db.New(tx).FindClaim(ctx, db.FindClaimParams{Tenant: tenant, ID: claim.ID(id)})
	return claim.Claim(row), door.Absent(err)
}

// claimFields is where the columns of selectClaims go.
func claimFields(c *claim.Claim) []any {
	return []any{&c.Tenant, &c.ID, &c.Owner, &c.OrderID, &c.Region, &c.Amount, &c.Currency, &c.OrderAmount, &c.Description,
		&c.ContactName, &c.ContactEmail, &c.ContactPhone, &c.Status, &c.Assignee, &c.FirstApprover, &c.SecondApprover,
		&c.DeliveredAt, &c.Version, &c.CreatedAt, &c.UpdatedAt}
}

func (claims) Page(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, p door.Page) ([]claim.Claim, error) {
	text, args := door.Keyset(selectClaims, tenant, ways, p)
	return database.All(ctx, tx, claimFields, text, args...)
}

func (claims) Count(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, f door.Filter) (int64, error) {
	text, args := door.CountSQL("claims", tenant, ways, f)
	return database.Count(ctx, tx, text, args...)
}

// Insert saves the claim and the words by which it is found.
func (claims) Insert(ctx context.Context, tx *database.Tx, c *claim.Claim) error {
	n, err := db.New(tx).InsertClaim(ctx, db.InsertClaimParams(*c))
	if err == nil && n == 0 {
		return door.Conflict(errOrderClaimed)
	}
	if err != nil {
		return err
	}
	return keepWords(ctx, db.New(tx), c)
}

// Update saves the claim and the words by which it is found.
func (claims) Update(ctx context.Context, tx *database.Tx, c *claim.Claim, version int64) error {
	err := door.Stale(db.New(tx).UpdateClaim(ctx, db.UpdateClaimParams{
		Amount: c.Amount, Description: c.Description,
		ContactName: c.ContactName, ContactEmail: c.ContactEmail, ContactPhone: c.ContactPhone,
		Status: c.Status, Assignee: c.Assignee, FirstApprover: c.FirstApprover, SecondApprover: c.SecondApprover,
		Version: c.Version, UpdatedAt: c.UpdatedAt,
		Tenant: c.Tenant, ID: c.ID, Was: version,
	}))
	if err != nil {
		return err
	}
	return keepWords(ctx, db.New(tx), c)
}

func (claims) Place(c *claim.Claim) door.Place {
	return door.Place{CreatedAt: int64(c.CreatedAt), ID: string(c.ID)}
}
