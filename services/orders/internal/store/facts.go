package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"innerdoor.example/services/orders/internal/policy"
	"innerdoor.example/services/orders/internal/store/internal/db"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/principal"
)

// facts is what this service knows about who asks, in the tenant of their token: every table's way to the subject.
type facts struct{}

// Facts implements door.Table. Not to be known here is no error: it is what customers are.
func (facts) Facts(ctx context.Context, tx *database.Tx, who principal.Principal, _ time.Time) (policy.Subject, error) {
	if who.Anonymous() {
		return policy.Subject{Principal: who}, nil
	}
	q := db.New(tx)
	staff, err := q.FindStaff(ctx, db.FindStaffParams{Tenant: who.Tenant(), Subject: who.ID()})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return policy.Subject{}, err
	}
	courier, err := q.FindCourier(ctx, db.FindCourierParams{Tenant: who.Tenant(), Subject: who.ID()})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return policy.Subject{}, err
	}
	return policy.Subject{
		Principal: who, Role: staff.Role, Limit: staff.LimitAmount, LimitCurrency: staff.LimitCurrency, Carrier: courier.Carrier,
	}, nil
}
