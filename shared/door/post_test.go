package door_test

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"innerdoor.example/shared/audit"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/principal/principaltest"
	"innerdoor.example/shared/web"
)

// The tests run a post office: letters, which have an owner and lie in an office,
// and copies of letters, which are shared with somebody.

type letter struct {
	Tenant    principal.Tenant
	ID        string
	Owner     principal.ID
	Office    string
	Weight    int64
	Status    string
	Version   int64
	CreatedAt int64
}

func (l letter) Ref() authz.Ref {
	return authz.Ref{Type: "letter", Tenant: string(l.Tenant), ID: l.ID, Version: l.Version}
}

// copied is a copy of a letter, with the letter's owner and office.
type copied struct {
	Tenant    principal.Tenant
	ID        string // "<letter>/<for whom>"
	Letter    string
	Version   int64
	CreatedAt int64
	Owner     principal.ID
	Office    string
}

func (c copied) Ref() authz.Ref {
	return authz.Ref{Type: "copy", Tenant: string(c.Tenant), ID: c.ID, Version: c.Version}
}

var post = database.Migrations{Name: "post", FS: fstest.MapFS{"00001_post.sql": {Data: []byte(`
-- +goose Up
CREATE TABLE letters (
    tenant TEXT NOT NULL, id TEXT NOT NULL, owner TEXT NOT NULL, office TEXT NOT NULL, weight INTEGER NOT NULL,
    status TEXT NOT NULL, version INTEGER NOT NULL, created_at INTEGER NOT NULL, PRIMARY KEY (tenant, id));
CREATE INDEX letters_by_owner ON letters (tenant, owner, created_at, id);
CREATE INDEX letters_by_office ON letters (tenant, office, created_at, id);
CREATE TABLE copies (
    tenant TEXT NOT NULL, id TEXT NOT NULL, letter TEXT NOT NULL, version INTEGER NOT NULL, created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, id));
CREATE VIEW copies_of_letters AS SELECT c.*, l.owner, l.office
    FROM copies c JOIN letters l ON l.tenant = c.tenant AND l.id = c.letter;
CREATE TABLE staff (tenant TEXT NOT NULL, subject TEXT NOT NULL, role TEXT NOT NULL, office TEXT NOT NULL, PRIMARY KEY (tenant, subject));
-- +goose Down
DROP TABLE staff;
`)}}}

type subject struct {
	principal.Principal
	role    string
	offices []string
}

var (
	tenant   = authz.Column[subject]("tenant", func(l *letter) principal.Tenant { return l.Tenant })
	owner    = authz.Column[subject]("owner", func(l *letter) principal.ID { return l.Owner })
	office   = authz.Column[subject]("office", func(l *letter) string { return l.Office })
	weight   = authz.Column[subject]("weight", func(l *letter) int64 { return l.Weight })
	myTenant = authz.The("my tenant", func(s *subject) principal.Tenant { return s.Tenant() })
	me       = authz.The("me", func(s *subject) principal.ID { return s.ID() })
	mine     = authz.Any("my offices", func(s *subject) []string { return s.offices })
	limit    = authz.The("the limit", func(*subject) int64 { return 1000 })

	clerk  = authz.Fact[subject, letter]("a clerk", func(s *subject) bool { return s.role == "clerk" })
	factor = authz.Fact[subject, letter]("second factor", func(s *subject) bool { return s.SecondFactor() }).StepUp()

	copyTenant = authz.Column[subject]("tenant", func(c *copied) principal.Tenant { return c.Tenant })
	copyOwner  = authz.Column[subject]("owner", func(c *copied) principal.ID { return c.Owner })

	decisionTenant = authz.Column[subject]("tenant", func(r *audit.Record) principal.Tenant { return r.Tenant })
	auditor        = authz.Fact[subject, audit.Record]("an auditor", func(s *subject) bool { return s.role == "auditor" })
)

func scope(s *subject, scope string) bool { return s.HasScope(scope) }

type rules = []authz.Rule[subject, letter]

var letters = authz.New(scope, rules{authz.When("same-tenant", tenant.Is(myTenant))},
	authz.Action[subject, letter]{Name: "letters:read", Scope: "letters:read", Permit: rules{
		authz.When("owner", owner.Is(me)), authz.When("clerk-of-the-office", clerk, office.In(mine)),
	}},
	authz.Action[subject, letter]{Name: "letters:write", Scope: "letters:write",
		Require: rules{authz.When("not-too-heavy", weight.AtMost(limit))},
		Permit:  rules{authz.When("owner", owner.Is(me))},
	},
	authz.Action[subject, letter]{Name: "letters:stamp", Scope: "letters:write",
		Forbid: rules{authz.When("own-letter", owner.Is(me))},
		Permit: rules{authz.When("clerk-of-the-office", clerk, factor, office.In(mine))},
	})

var copies = authz.New(scope, []authz.Rule[subject, copied]{authz.When("same-tenant", copyTenant.Is(myTenant))},
	authz.Action[subject, copied]{Name: "copies:read", Scope: "letters:read",
		Permit: []authz.Rule[subject, copied]{authz.When("owner", copyOwner.Is(me))}},
	authz.Action[subject, copied]{Name: "copies:make", Scope: "letters:write",
		Permit: []authz.Rule[subject, copied]{authz.When("owner", copyOwner.Is(me))}})

var decisions = authz.New(scope, []authz.Rule[subject, audit.Record]{authz.When("same-tenant", decisionTenant.Is(myTenant))},
	authz.Action[subject, audit.Record]{Name: "post:audit", Scope: "post:audit",
		Permit: []authz.Rule[subject, audit.Record]{authz.When("auditor", auditor)}})

func facts(ctx context.Context, tx *database.Tx, who principal.Principal, _ time.Time) (subject, error) {
	s := subject{Principal: who, offices: []string{}}
	var at string
	err := tx.QueryRowContext(ctx, "SELECT role, office FROM staff WHERE tenant = ? AND subject = ?",
		string(who.Tenant()), string(who.ID())).Scan(&s.role, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return s, nil
	}
	s.offices = strings.Fields(at)
	return s, err
}

type letterTable struct{ open *bool } // *open: a page forgets its ways, as drift would

const letterColumns = "SELECT tenant, id, owner, office, weight, status, version, created_at FROM letters"

func letterFields(l *letter) []any {
	return []any{&l.Tenant, &l.ID, &l.Owner, &l.Office, &l.Weight, &l.Status, &l.Version, &l.CreatedAt}
}

func (letterTable) Facts(ctx context.Context, tx *database.Tx, who principal.Principal, at time.Time) (subject, error) {
	return facts(ctx, tx, who, at)
}

func (letterTable) Find(ctx context.Context, tx *database.Tx, tenant principal.Tenant, id string) (l letter, err error) {
	err = tx.QueryRowContext(ctx, letterColumns+" WHERE tenant = ? AND id = ?", string(tenant), id).Scan(letterFields(&l)...)
	return l, door.Absent(err)
}

func (t letterTable) Page(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, p door.Page) ([]letter, error) {
	if *t.open {
		ways = []authz.SQL{{Text: "1 = 1"}}
	}
	text, args := door.Keyset(letterColumns, tenant, ways, p)
	return database.All(ctx, tx, letterFields, text, args...)
}

func (letterTable) Count(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, f door.Filter) (int64, error) {
	text, args := door.CountSQL("letters", tenant, ways, f)
	return database.Count(ctx, tx, text, args...)
}

func (letterTable) Insert(ctx context.Context, tx *database.Tx, l *letter) error {
	result, err := tx.ExecContext(ctx, "INSERT INTO letters VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
		string(l.Tenant), l.ID, string(l.Owner), l.Office, l.Weight, l.Status, l.Version, l.CreatedAt)
	if err != nil {
		return err
	}
	if n, _ := result.RowsAffected(); n == 0 {
		return door.Conflict(errors.New("there is such a letter"))
	}
	return nil
}

func (letterTable) Update(ctx context.Context, tx *database.Tx, l *letter, version int64) error {
	result, err := tx.ExecContext(ctx, "UPDATE letters SET owner = ?, office = ?, weight = ?, status = ?, version = ? WHERE tenant = ? AND id = ? AND version = ?",
		string(l.Owner), l.Office, l.Weight, l.Status, l.Version, string(l.Tenant), l.ID, version)
	if err != nil {
		return err
	}
	return door.Stale(result.RowsAffected())
}

func (letterTable) Place(l *letter) door.Place { return door.Place{CreatedAt: l.CreatedAt, ID: l.ID} }

type copyTable struct{}

const copyColumns = "SELECT tenant, id, letter, version, created_at, owner, office FROM copies_of_letters"

func copyFields(c *copied) []any {
	return []any{&c.Tenant, &c.ID, &c.Letter, &c.Version, &c.CreatedAt, &c.Owner, &c.Office}
}

func (copyTable) Facts(ctx context.Context, tx *database.Tx, who principal.Principal, at time.Time) (subject, error) {
	return facts(ctx, tx, who, at)
}

func (copyTable) Find(ctx context.Context, tx *database.Tx, tenant principal.Tenant, id string) (c copied, err error) {
	err = tx.QueryRowContext(ctx, copyColumns+" WHERE tenant = ? AND id = ?", string(tenant), id).Scan(copyFields(&c)...)
	return c, door.Absent(err)
}

func (copyTable) Page(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, p door.Page) ([]copied, error) {
	text, args := door.Keyset(copyColumns, tenant, ways, p)
	return database.All(ctx, tx, copyFields, text, args...)
}

func (copyTable) Count(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, f door.Filter) (int64, error) {
	text, args := door.CountSQL("copies_of_letters", tenant, ways, f)
	return database.Count(ctx, tx, text, args...)
}

func (copyTable) Insert(ctx context.Context, tx *database.Tx, c *copied) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO copies VALUES (?, ?, ?, ?, ?)", string(c.Tenant), c.ID, c.Letter, c.Version, c.CreatedAt)
	return err
}

func (copyTable) Update(ctx context.Context, tx *database.Tx, c *copied, version int64) error {
	result, err := tx.ExecContext(ctx, "UPDATE copies SET version = ? WHERE tenant = ? AND id = ? AND version = ?",
		c.Version, string(c.Tenant), c.ID, version)
	if err != nil {
		return err
	}
	return door.Stale(result.RowsAffected())
}

func (copyTable) Delete(ctx context.Context, tx *database.Tx, c *copied) error {
	result, err := tx.ExecContext(ctx, "DELETE FROM copies WHERE tenant = ? AND id = ? AND version = ?", string(c.Tenant), c.ID, c.Version)
	if err != nil {
		return err
	}
	return door.Stale(result.RowsAffected())
}

func (copyTable) Place(c *copied) door.Place { return door.Place{CreatedAt: c.CreatedAt, ID: c.ID} }

// office is the post office, with its doors.
type postOffice struct {
	testing.TB
	db        *database.DB
	service   *door.Service
	letters   *door.Door[subject, letter]
	copies    *door.Door[subject, copied]
	decisions *door.Door[subject, audit.Record]
	drifted   atomic.Int64
	open      bool
}

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newPostOffice(t testing.TB) *postOffice {
	return openPostOffice(t, filepath.Join(t.TempDir(), "post.db"))
}

func openPostOffice(t testing.TB, file string) *postOffice {
	t.Helper()
	db, err := database.Open(t.Context(), file, post, audit.Migrations(), door.Migrations())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	cursors, err := door.NewCursors([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	p := &postOffice{TB: t, db: db}
	p.service = &door.Service{Name: "post", Build: "test", ACR: "urn:second", Cursors: cursors,
		Now: func() time.Time { return now }, Drift: func(authz.Name) { p.drifted.Add(1) },
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	p.letters = &door.Door[subject, letter]{DB: db, Policy: letters, Table: letterTable{&p.open}, Name: "letter", Service: p.service}
	p.copies = &door.Door[subject, copied]{DB: db, Policy: copies, Table: copyTable{}, Name: "copy", Service: p.service}
	p.decisions = &door.Door[subject, audit.Record]{DB: db, Policy: decisions, Table: door.Records[subject]{Load: facts},
		Name: "decision", Service: p.service, OpenFirst: true}
	return p
}

// holding has the letters and staff that the tests speak of.
func holding(t testing.TB) *postOffice {
	t.Helper()
	p := newPostOffice(t)
	p.exec(`INSERT INTO letters VALUES
		('acme', 'l-alice', 'home:alice', 'east', 20, 'written', 1, 1000),
		('acme', 'l-bob', 'home:bob', 'east', 30, 'written', 1, 2000),
		('acme', 'l-west', 'home:bob', 'west', 40, 'written', 1, 3000),
		('acme', 'l-clara', 'home:clara', 'east', 50, 'written', 1, 4000),
		('globex', 'l-alice', 'home:mallory', 'east', 60, 'written', 1, 5000)`)
	p.exec(`INSERT INTO staff VALUES ('acme', 'home:clara', 'clerk', 'east'), ('acme', 'home:vera', 'auditor', '')`)
	p.exec(`INSERT INTO copies VALUES ('acme', 'l-alice/home:dora', 'l-alice', 1, 1000)`)
	return p
}

func (p *postOffice) exec(statement string, args ...any) {
	p.Helper()
	err := p.db.Write(p.Context(), func(ctx context.Context, tx *database.Tx) error {
		_, err := tx.ExecContext(ctx, statement, args...)
		return err
	})
	if err != nil {
		p.Fatal(err)
	}
}

// number is the answer to a query for one number.
func (p *postOffice) number(query string, args ...any) (n int64) {
	p.Helper()
	err := p.db.Read(p.Context(), func(ctx context.Context, tx *database.Tx) error {
		return tx.QueryRowContext(ctx, query, args...).Scan(&n)
	})
	if err != nil {
		p.Fatal(err)
	}
	return n
}

// records are all records, oldest first.
func (p *postOffice) records() (all []audit.Record) {
	p.Helper()
	err := p.db.Read(p.Context(), func(ctx context.Context, tx *database.Tx) (err error) {
		all, err = database.All(ctx, tx, audit.Fields, audit.Select+" ORDER BY seq")
		return err
	})
	if err != nil {
		p.Fatal(err)
	}
	return all
}

// last is the newest record.
func (p *postOffice) last() audit.Record {
	p.Helper()
	all := p.records()
	if len(all) == 0 {
		p.Fatal("there is no record")
	}
	return all[len(all)-1]
}

func (p *postOffice) letter(tenant, id string) letter {
	p.Helper()
	var l letter
	err := p.db.Read(p.Context(), func(ctx context.Context, tx *database.Tx) (err error) {
		l, err = letterTable{}.Find(ctx, tx, principal.Tenant(tenant), id)
		return err
	})
	if err != nil {
		p.Fatal(err)
	}
	return l
}

// as is the principal of an acme person, "mallory" and "grace" being of globex.
func as(t testing.TB, name string, change ...func(*principal.Fields)) principal.Principal {
	t.Helper()
	f := principal.Fields{ID: principal.ID("home:" + name), Scope: "letters:read letters:write post:audit",
		Context: principal.Context{Tenant: "acme"}}
	if name == "mallory" || name == "grace" {
		f.Context.Tenant = "globex"
	}
	for _, c := range change {
		c(&f)
	}
	return principaltest.Of(t, f, "gateway")
}

func withSecondFactor(f *principal.Fields) { f.Context.SecondFactor = true }

func scoped(scope string) func(*principal.Fields) {
	return func(f *principal.Fields) { f.Scope = scope }
}

// kind is the kind of the answer, which must be a *web.Error.
func kind(t testing.TB, err error) web.Kind {
	t.Helper()
	e, ok := err.(*web.Error)
	if !ok {
		t.Fatalf("the answer is %v (%T), not a *web.Error", err, err)
	}
	return e.Kind
}

func refused(t testing.TB, err error, want web.Kind) *web.Error {
	t.Helper()
	if got := kind(t, err); got != want {
		t.Fatalf("the answer is %v (%v), not %v", got, err, want)
	}
	return err.(*web.Error)
}
