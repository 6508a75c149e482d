// Package postgrestest proves that a statement finds on PostgreSQL what it finds on SQLite. It is for tests only, and
// starts a server of its own from Debian's package postgresql.
package postgrestest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
)

// Twin is a PostgreSQL with the rows of a SQLite.
type Twin struct {
	lite     *database.DB
	postgres *sql.DB
}

// Of starts a server with copies of these tables and views of db, each a table of the same name with the same columns.
// The test is skipped where there is no PostgreSQL, but fails there if it runs in CI. The server listens on a socket in
// a folder of its own, so it is in nobody's way, and ends with the test.
func Of(t testing.TB, db *database.DB, tables ...string) *Twin {
	t.Helper()
	twin := &Twin{lite: db, postgres: start(t)}
	for _, table := range tables {
		if err := db.Read(t.Context(), func(ctx context.Context, tx *database.Tx) error { return twin.copy(ctx, tx, table) }); err != nil {
			t.Fatalf("copying %s: %v", table, err)
		}
	}
	return twin
}

// Compare runs the statement, which is in SQLite's dialect, on both. It says how many rows both find, or how they
// differ; in order, if the statement has one.
func (twin *Twin) Compare(ctx context.Context, text string, args ...any) (int, error) {
	var there, here [][]any
	rows, err := twin.postgres.QueryContext(ctx, authz.PostgreSQL.Rebind(text), args...)
	if err == nil {
		there, err = all(rows)
	}
	if err != nil {
		return 0, fmt.Errorf("PostgreSQL: %w\n%s\n%q", err, text, args)
	}
	err = twin.lite.Read(ctx, func(ctx context.Context, tx *database.Tx) error {
		rows, err := tx.QueryContext(ctx, text, args...)
		if err == nil {
			here, err = all(rows)
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("SQLite: %w\n%s\n%q", err, text, args)
	}
	if !slices.EqualFunc(here, there, func(a, b []any) bool { return slices.Equal(a, b) }) {
		return 0, fmt.Errorf("SQLite finds\n%q\nPostgreSQL finds\n%q\n%s\n%q", here, there, text, args)
	}
	return len(here), nil
}

// List is a page of a noun's list in a tenant. Select is "SELECT columns FROM " and From.
type List struct {
	Select, From string
	Tenant       principal.Tenant
	door.Page
}

// Lists compares the page and the count, as door.Keyset and door.CountSQL ask for them, of what the subject may do each
// action of the policy to, and fails the test where they differ. It says how many rows the pages have.
func Lists[S, R any](t interface {
	Helper()
	Context() context.Context
	Fatal(...any)
}, twin *Twin, policy *authz.Policy[S, R], subject *S, list List) (rows int) {
	t.Helper()
	for _, action := range policy.Actions() {
		ways := policy.Ways(action, subject, authz.SQLite)
		text, args := door.CountSQL(list.From, list.Tenant, ways, list.Filter)
		_, differ := twin.Compare(t.Context(), text, args...)
		text, args = door.Keyset(list.Select, list.Tenant, ways, list.Page)
		n, err := twin.Compare(t.Context(), text, args...)
		if err = errors.Join(differ, err); err != nil {
			t.Fatal(action, err)
		}
		rows += n
	}
	return rows
}

func all(rows *sql.Rows) (found [][]any, err error) {
	defer rows.Close()
	columns, err := rows.Columns()
	for err == nil && rows.Next() {
		row, to := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			to[i] = &row[i]
		}
		if err = rows.Scan(to...); err == nil {
			found = append(found, row)
		}
	}
	return found, errors.Join(err, rows.Err())
}

// copy makes the table and fills it. A column of a view that SQLite knows no type of has that of its first value.
func (twin *Twin) copy(ctx context.Context, tx *database.Tx, table string) error {
	rows, err := tx.QueryContext(ctx, "SELECT * FROM "+table)
	if err != nil {
		return err
	}
	columns, err := rows.Columns()
	if err != nil {
		return errors.Join(err, rows.Close())
	}
	found, err := all(rows)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return errors.New("it is empty, so nothing would be proved")
	}
	declared, holders := make([]string, len(columns)), make([]string, len(columns))
	for i, column := range columns {
		declared[i], holders[i] = column+" text", "$"+strconv.Itoa(i+1)
		if _, number := found[0][i].(int64); number {
			declared[i] = column + " bigint"
		}
	}
	if _, err := twin.postgres.ExecContext(ctx, "CREATE TABLE "+table+" ("+strings.Join(declared, ", ")+")"); err != nil {
		return err
	}
	insert := "INSERT INTO " + table + " VALUES (" + strings.Join(holders, ", ") + ")"
	for _, row := range found {
		if _, err := twin.postgres.ExecContext(ctx, insert, row...); err != nil {
			return err
		}
	}
	return nil
}

// start makes a cluster, in the collation that compares text as SQLite does, byte by byte, and starts its server.
func start(t testing.TB) *sql.DB {
	t.Helper()
	bin := programs(t)
	folder, err := os.MkdirTemp("", "postgres")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	owner := credential(t, folder)
	run := func(program string, args ...string) (*exec.Cmd, *bytes.Buffer) {
		cmd := exec.Command(filepath.Join(bin, program), args...)
		said := &bytes.Buffer{}
		cmd.Dir, cmd.Stdout, cmd.Stderr = folder, said, said
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: owner, Pdeathsig: syscall.SIGQUIT}
		return cmd, said
	}
	data := filepath.Join(folder, "data")
	if initdb, said := run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"); initdb.Run() != nil {
		t.Fatalf("initdb: %s", said)
	}
	server, said := run("postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGQUIT)
		_ = server.Wait()
	})
	db, err := sql.Open("pgx", "host="+folder+" user=postgres dbname=postgres")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if err := db.PingContext(t.Context()); err == nil {
			return db
		} else if time.Now().After(end) {
			_ = server.Process.Kill()
			_ = server.Wait()
			t.Fatalf("PostgreSQL does not start: %v\n%s", err, said)
		}
	}
}

// programs is the folder of PostgreSQL's programs.
func programs(t testing.TB) string {
	t.Helper()
	folders, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		t.Fatal(err)
	}
	if len(folders) == 0 {
		const missing = "there is no PostgreSQL: install Debian's package postgresql"
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	return folders[len(folders)-1]
}

// credential is whose the server is: PostgreSQL refuses to be root's.
func credential(t testing.TB, folder string) *syscall.Credential {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.ParseUint(who.Uid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.ParseUint(who.Gid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(folder, int(uid), int(gid)); err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}
