package store

import (
	"context"
	"time"

	"innerdoor.example/services/orders/internal/order"
	"innerdoor.example/services/orders/internal/store/internal/db"
	"innerdoor.example/shared/audit"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
)

// Operator is whoever can run this program beside its database: what they do goes through no door, so no handler has one,
// and each row that they change is recorded as done by operator:<command>.
type Operator struct {
	db    *database.DB
	build string
	now   func() time.Time
}

// Operate opens the database in the folder for a sub-command. build is for the records.
func Operate(ctx context.Context, folder, build string, now func() time.Time) (*Operator, error) {
	file, err := open(ctx, folder)
	if err != nil {
		return nil, err
	}
	return &Operator{db: file, build: build, now: now}, nil
}

// Close closes the database.
func (o *Operator) Close() error { return o.db.Close() }

// Staff gives the person this role in the tenant, in the place of any other. It is how a tenant gets its first admin.
func (o *Operator) Staff(ctx context.Context, s order.Staff) error {
	return o.db.Write(ctx, func(ctx context.Context, tx *database.Tx) error {
		s.Version, s.CreatedAt = 1, order.At(o.now())
		s.UpdatedAt = s.CreatedAt
		if err := db.New(tx).PutStaff(ctx, db.PutStaffParams(s)); err != nil {
			return err
		}
		return o.record(ctx, tx, "staff", authz.Ref{Type: "staff", Tenant: string(s.Tenant), ID: string(s.Subject)})
	})
}

func (o *Operator) record(ctx context.Context, tx *database.Tx, command string, object authz.Ref) error {
	return audit.Insert(ctx, tx, audit.Operator(Name, o.build, command, object, o.now()))
}
