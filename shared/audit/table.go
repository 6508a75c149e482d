package audit

import (
	"context"
	"embed"
	"encoding/json"
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

// Insert saves the record in the caller's transaction.
func Insert(ctx context.Context, tx *database.Tx, r *Record) error {
	_, err := tx.ExecContext(ctx, insert, r.values()...)
	return err
}

// Append saves the record in a transaction of its own; nil means that it is on
// disk.
func Append(ctx context.Context, db *database.DB, r *Record) error {
	return db.Append(ctx, insert, r.values()...)
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

// columns of the table but seq and leaf, in the order of Record.values.
const columns = `id, created_at, service, build, policy, trace, txn,
	tenant, subject, issuer, client, credential, scope, acr, amr, auth_time, peer, address, route, evidence,
	action, cause, type, object, version, filter, count, ids,
	outcome, rule, shown, near, lacks, result, status`

var insert = "INSERT INTO records (" + columns + ") VALUES (?" + strings.Repeat(", ?", strings.Count(columns, ",")) + ")"

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
	text, _ := json.Marshal(r.IDs) // a map of texts can always be written
	return string(text)
}
