package door

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"
	"net/http"
	"time"

	"innerdoor.example/shared/audit"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/web"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations makes the doors' own table, of the requests that are done once. Every service with a door hands it to
// database.Open.
func Migrations() database.Migrations {
	sub, err := fs.Sub(files, "migrations")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return database.Migrations{Name: "door", FS: sub}
}

const (
	// keyTime is how long an Idempotency-Key is remembered.
	keyTime = 24 * time.Hour
	// keySweep is how many forgotten keys each new one removes, at most: more than one, so that they do not pile up.
	keySweep = 8
)

var errOtherRequest = errors.New("the Idempotency-Key was used for another request")

// outcome is what is kept of a request that was done.
type outcome struct {
	digest      []byte
	txn, object string
	action      authz.Name
	status      int
}

// once makes the change f, unless it was made already by a request of the same person with the same Idempotency-Key.
// What is kept is the outcome of what was done, in the transaction that did it. A refusal, or a conflict, did nothing:
// when it is sent again, after a stronger login perhaps, it is decided as if for the first time.
func (d *Door[S, R]) once(ctx context.Context, in *Inside, c Change[R], f func(context.Context, *Inside) (Granted[R], error)) (Granted[R], error) {
	o, given := in.Who.Once()
	if !given {
		return f(ctx, in)
	}
	was, err := recall(ctx, in, o)
	if err == nil {
		return d.again(ctx, in, c, o, was)
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return Granted[R]{}, err
	}
	shown, err := f(ctx, in)
	if err == nil {
		err = remember(ctx, in, o)
	}
	return shown, err
}

// again answers from what came of the first request, and changes nothing. The action is opened and the row is read anew:
// who may not do such a thing any more is refused, and who may not read it any more is shown nothing.
func (d *Door[S, R]) again(ctx context.Context, in *Inside, c Change[R], o principal.Once, was outcome) (Granted[R], error) {
	if was.txn == in.Who.Txn() || was.action != c.Action {
		return Granted[R]{}, bug("%s: one request makes two changes, which an Idempotency-Key cannot tell apart", c.Action)
	}
	c.Ref.ID = was.object
	m, _, err := d.prototype(ctx, in, c)
	if err != nil {
		return Granted[R]{}, err
	}
	if !m.said.Allowed() {
		return Granted[R]{}, d.refused(m)
	}
	if string(was.digest) != string(o.Digest[:]) {
		return Granted[R]{}, d.misfit(m, &misfit{web.Unprocessable, errOtherRequest})
	}
	if was.status == http.StatusNoContent {
		d.record(m, audit.Repeated, was.status)
		return Granted[R]{}, nil
	}
	row, exists, err := d.find(ctx, in, was.object)
	if err != nil {
		return Granted[R]{}, err
	}
	if !exists {
		return Granted[R]{}, d.misfit(m, &misfit{web.NotFound, ErrAbsent})
	}
	read := d.Policy.Actions()[0]
	reading := d.Policy.Decide(read, m.subject, &row)
	m.row = &row
	if !reading.Allowed() {
		m.action, m.said = read, reading
		return Granted[R]{}, d.refused(m)
	}
	d.record(m, audit.Repeated, was.status).Shown = reading.Rule()
	return Granted[R]{Row: row, By: reading.Rule()}, nil
}

// recall finds what came of the first request; sql.ErrNoRows if this is the first.
func recall(ctx context.Context, in *Inside, o principal.Once) (was outcome, err error) {
	err = in.Tx.QueryRowContext(ctx, `SELECT digest, txn, object, action, status FROM once
		WHERE tenant = ? AND subject = ? AND route = ? AND key = ? AND created_at > ?`,
		string(in.Who.Tenant()), string(in.Who.ID()), o.Route, o.Key, in.At.Add(-keyTime).UnixMilli(),
	).Scan(&was.digest, &was.txn, &was.object, &was.action, &was.status)
	return was, err
}

// remember keeps what the last record says was done, and forgets the oldest of what need not be kept.
func remember(ctx context.Context, in *Inside, o principal.Once) error {
	done := in.records[len(in.records)-1]
	_, err := in.Tx.ExecContext(ctx, `DELETE FROM once WHERE (tenant, subject, route, key) IN (
		SELECT tenant, subject, route, key FROM once WHERE created_at <= ? ORDER BY created_at LIMIT ?)`,
		in.At.Add(-keyTime).UnixMilli(), keySweep)
	if err == nil {
		_, err = in.Tx.ExecContext(ctx, `INSERT OR REPLACE INTO once
			(tenant, subject, route, key, digest, txn, object, action, status, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			string(in.Who.Tenant()), string(in.Who.ID()), o.Route, o.Key, o.Digest[:], in.Who.Txn(), done.Object, string(done.Action),
			done.Status, in.At.UnixMilli())
	}
	return err
}
