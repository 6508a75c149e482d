package store

import (
	"context"
	"database/sql"
	"errors"
	"net/netip"
	"slices"
	"time"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/services/claims/internal/policy"
	"innerdoor.example/services/claims/internal/store/internal/db"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/principal"
)

// facts is what each table of this service knows about who asks.
type facts struct{}

// Facts loads the person's staff row and what is shared with them, in the tenant
// of their token. To have no staff row is no error: it is what customers are.
func (facts) Facts(ctx context.Context, tx *database.Tx, who principal.Principal, at time.Time) (policy.Subject, error) {
	s := policy.Subject{Principal: who, At: claim.At(at), Regions: []claim.Region{}, SharedWithMe: []claim.ID{}}
	if who.Anonymous() {
		return s, nil
	}
	q := db.New(tx)
	staff, err := q.FindStaff(ctx, db.FindStaffParams{Tenant: who.Tenant(), Subject: who.ID()})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return policy.Subject{}, err
	}
	s.Role, s.Regions, s.Limit, s.LimitCurrency = staff.Role, staff.Regions.List(), staff.LimitAmount, staff.LimitCurrency
	if s.Role != "" {
		if s.OnPremises, err = onPremises(ctx, q, who); err != nil {
			return policy.Subject{}, err
		}
	}
	s.SharedWithMe, err = q.LiveShares(ctx, db.LiveSharesParams{Tenant: who.Tenant(), Subject: who.ID(), Now: s.At})
	if err != nil {
		return policy.Subject{}, err
	}
	return s, nil
}

// onPremises says whether who asks from a network of the tenant. Customers are not
// asked after: nothing of theirs depends on it.
func onPremises(ctx context.Context, q *db.Queries, who principal.Principal) (bool, error) {
	from, err := netip.ParseAddr(who.Fields().Request.Address)
	if err != nil {
		return false, nil // nobody knows from where
	}
	networks, err := q.Networks(ctx, who.Tenant())
	return slices.ContainsFunc(networks, func(text string) bool {
		network, err := netip.ParsePrefix(text)
		return err == nil && network.Contains(from.Unmap())
	}), err
}
