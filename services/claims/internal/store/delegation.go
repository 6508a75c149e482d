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

// GrantedShare and ListedShares are to delegations what Granted and Listed are to claims.
type (
	GrantedShare = door.Granted[claim.Delegation]
	ListedShares = door.Listed[claim.Delegation]
)

// errTooManyShares is for the client.
var errTooManyShares = errors.New("this person holds as many live shares as one may")

// Shares is a page of the claim's delegations, newest first.
func (s *Store) Shares(ctx context.Context, who principal.Principal, id claim.ID, limit int, cursor string) (ListedShares, error) {
	return s.shares.List(ctx, who, claim.ReadShares, door.Query[claim.Delegation]{
		Limit: limit, Cursor: cursor, Filter: door.Given("claim_id", string(id)), Parent: s.of(id, ""),
	})
}

// Share makes the delegation, or changes the one there is; version is the one it
// must still have, or 0.
func (s *Store) Share(ctx context.Context, who principal.Principal, version int64, share claim.Share) (GrantedShare, error) {
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
