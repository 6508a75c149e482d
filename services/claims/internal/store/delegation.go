package store

import (
	"context"
	"errors"
	"time"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/services/claims/internal/store/internal/db"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
)

// These are for the client.
var (
	errTooManyShares = errors.New("this person holds as many live shares as one may")
	errShared        = errors.New("the claim is shared with this person already")
)

// Shares is a page of the claim's delegations, newest first.
func (s *Store) Shares(ctx context.Context, who principal.Principal, id claim.ID, limit int, cursor string) (ListedOf[claim.Delegation], error) {
	return s.shares.List(ctx, who, claim.ReadShares, door.Query[claim.Delegation]{
		Limit: limit, Cursor: cursor, Filter: door.Given("claim_id", string(id)), Parent: s.of(id, ""),
	})
}

// Share makes the delegation, or changes the one there is; version is the one it
// must still have, or 0.
func (s *Store) Share(ctx context.Context, who principal.Principal, version int64, share claim.Share) (GrantedOf[claim.Delegation], error) {
	return s.shares.Put(ctx, who, door.Change[claim.Delegation]{
		Ref:    authz.Ref{ID: string(share.ID()), Version: version},
		Action: share.Action(),
		Apply: func(d *claim.Delegation, by principal.ID, at time.Time) error {
			return fit(share.Apply(d, by, at))
		},
		Related: s.mayHoldAnother,
		Parent:  s.of(share.Claim, share.Subject),
	})
}

// Unshare removes the delegation; version is the one it must still have, or 0.
func (s *Store) Unshare(ctx context.Context, who principal.Principal, version int64, share claim.Share) error {
	return s.shares.Remove(ctx, who, door.Change[claim.Delegation]{
		Ref:    authz.Ref{ID: string(share.ID()), Version: version},
		Action: share.Action(),
		Parent: s.of(share.Claim, share.Subject),
	})
}

// of decides the claim of a delegation before the delegation itself.
func (s *Store) of(id claim.ID, subject principal.ID) door.Parent[claim.Delegation] {
	return func(ctx context.Context, in *door.Inside) (claim.Delegation, error) {
		c, err := s.claims.See(ctx, in, claim.Read, string(id))
		return c.SharedWith(subject), err
	}
}

// mayHoldAnother keeps the set that is loaded for every decision about the
// delegate small.
func (s *Store) mayHoldAnother(ctx context.Context, tx *database.Tx, d claim.Delegation) error {
	others, err := db.New(tx).OtherLiveShares(ctx, db.OtherLiveSharesParams{
		Tenant: d.Tenant, Subject: d.Subject, Now: claim.At(s.service.Now()), Besides: d.ID,
	})
	if err == nil && others >= claim.MaxShares {
		err = door.Unfit(errTooManyShares)
	}
	return err
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

func (shares) Count(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, f door.Filter) (int64, error) {
	text, args := door.CountSQL("shares", tenant, ways, f)
	return database.Count(ctx, tx, text, args...)
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

var _ door.Deleter[claim.Delegation] = shares{}
