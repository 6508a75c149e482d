package audit

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"innerdoor.example/shared/database"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations makes the table of records. Every service that decides hands it to
// database.Open.
func Migrations() database.Migrations {
	sub, err := fs.Sub(files, "migrations")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return database.Migrations{Name: "records", FS: sub}
}

// Insert saves the records in the caller's transaction.
func Insert(ctx context.Context, tx *database.Tx, records ...*Record) error {
	for _, r := range records {
		if _, err := tx.ExecContext(ctx, insert, r.values()...); err != nil {
			return err
		}
	}
	return nil
}

// Append saves the records in a transaction of their own; nil means that they are
// on disk.
func Append(ctx context.Context, db *database.DB, records ...*Record) error {
	switch len(records) {
	case 0:
		return nil
	case 1:
		return db.Append(ctx, insert, records[0].values()...)
	}
	return db.Write(ctx, func(ctx context.Context, tx *database.Tx) error { return Insert(ctx, tx, records...) })
}

// Sweep removes records older than before, at most limit of them and the oldest
// first, and says how many there were.
func Sweep(ctx context.Context, tx *database.Tx, before time.Time, limit int) (int64, error) {
	result, err := tx.ExecContext(ctx, `DELETE FROM records WHERE seq IN (
		SELECT seq FROM (SELECT seq, created_at FROM records ORDER BY seq LIMIT ?) WHERE created_at < ?)`,
		limit, before.UnixMilli())
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// columns that a record is written with, in the order of Record.values and Fields.
const columns = `id, created_at, service, build, policy, trace, txn,
	tenant, subject, issuer, client, credential, scope, acr, amr, auth_time, peer, address, route, evidence,
	action, cause, type, object, version, filter, count, ids,
	outcome, rule, shown, near, lacks, result, status`

// Select is the query of whole records, without conditions; Fields says where its
// columns go.
const Select = "SELECT " + columns + ", leaf FROM records"

// SelectAbout is Select for questions about an object, by the column "about": its records are those of the object itself
// and those of the pages and exports that showed it.
const SelectAbout = "SELECT " + columns + ", leaf FROM records_about"

var insert = "INSERT INTO records (" + columns + ") VALUES (?" + strings.Repeat(", ?", strings.Count(columns, ",")) + ")"

// Fields are where the columns of Select go, in their order.
func Fields(r *Record) []any {
	return []any{
		&r.ID, &r.At, &r.Service, &r.Build, &r.Policy, &r.Trace, &r.Txn,
		&r.Tenant, &r.Subject, &r.Issuer, &r.Client, &r.Credential, &r.Scope, &r.ACR, &r.AMR, &r.AuthTime,
		&r.Peer, &r.Address, &r.Route, (*text)(&r.Evidence),
		&r.Action, &r.Cause, &r.Type, &r.Object, &r.Version, &r.Filter, &r.Count, (*pages)(&r.IDs),
		&r.Outcome, &r.Rule, &r.Shown, &r.Near, &r.Lacks, &r.Result, &r.Status, &r.Leaf,
	}
}

func (r *Record) values() []any {
	return []any{
		r.ID, r.At, r.Service, r.Build, r.Policy, r.Trace, r.Txn,
		string(r.Tenant), string(r.Subject), r.Issuer, r.Client, string(r.Credential), r.Scope, r.ACR, r.AMR, r.AuthTime,
		string(r.Peer), r.Address, r.Route, string(r.Evidence),
		string(r.Action), string(r.Cause), r.Type, r.Object, r.Version, r.Filter, r.Count, r.ids(),
		r.Outcome, r.Rule, r.Shown, r.Near, r.Lacks, string(r.Result), r.Status,
	}
}

func (r *Record) ids() string {
	if len(r.IDs) == 0 {
		return "{}"
	}
	b, _ := json.Marshal(r.IDs) // a map of texts can always be written
	return string(b)
}

// text is a column of JSON as it stands.
type text json.RawMessage

// Scan implements sql.Scanner.
func (t *text) Scan(v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("a record's JSON is a %T", v)
	}
	*t = text(s)
	return nil
}

// pages is the column of the ids of a page.
type pages map[string][]string

// Scan implements sql.Scanner.
func (p *pages) Scan(v any) error {
	var t text
	if err := t.Scan(v); err != nil || string(t) == "{}" {
		return err
	}
	return json.Unmarshal(t, (*map[string][]string)(p))
}
