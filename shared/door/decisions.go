package door

import (
	"context"
	"errors"
	"slices"
	"time"

	"innerdoor.example/shared/audit"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/principal"
)

// Records is the Table of the decisions themselves, which are looked at through a
// door like anything else; S is the subject of that door's policy. Nothing is
// inserted or updated through it: doors write the records.
// Filters: "txn", "subject", "object", "rule", "action". By "object" the pages and
// exports that showed the object are found as well.
type Records[S any] struct {
	Load func(ctx context.Context, tx *database.Tx, who principal.Principal, at time.Time) (S, error)
}

var errRecords = errors.New("records are written by doors only")

// Facts implements Table by Load.
func (t Records[S]) Facts(ctx context.Context, tx *database.Tx, who principal.Principal, at time.Time) (S, error) {
	return t.Load(ctx, tx, who, at)
}

// Find implements Table.
func (Records[S]) Find(ctx context.Context, tx *database.Tx, tenant principal.Tenant, id string) (audit.Record, error) {
	var r audit.Record
	err := tx.QueryRowContext(ctx, audit.Select+" WHERE tenant = ? AND id = ?", string(tenant), id).Scan(audit.Fields(&r)...)
	return r, Absent(err)
}

// Page implements Table.
func (Records[S]) Page(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, p Page) ([]audit.Record, error) {
	sel := audit.Select
	if f, any := about(p.Filter); any {
		sel, p.Filter = audit.SelectAbout, f
	}
	text, args := Keyset(sel, tenant, ways, p)
	return database.All(ctx, tx, audit.Fields, text, args...)
}

// Count implements Table.
func (Records[S]) Count(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, f Filter) (int64, error) {
	from := "records"
	if g, any := about(f); any {
		from, f = "records_about", g
	}
	text, args := CountSQL(from, tenant, ways, f)
	return database.Count(ctx, tx, text, args...)
}

// about is the filter for the view of what records speak of, if it asks for an object.
func about(f Filter) (g Filter, any bool) {
	g = slices.Clone(f)
	for i := range g {
		if g[i].column == "object" {
			g[i].column, any = "about", true
		}
	}
	return g, any
}

// Insert implements Table: it always fails.
func (Records[S]) Insert(context.Context, *database.Tx, *audit.Record) error { return errRecords }

// Update implements Table: it always fails.
func (Records[S]) Update(context.Context, *database.Tx, *audit.Record, int64) error {
	return errRecords
}

// Place implements Table.
func (Records[S]) Place(r *audit.Record) Place { return Place{CreatedAt: r.At, ID: r.ID} }
