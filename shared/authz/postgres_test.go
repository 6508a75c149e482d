package authz_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"innerdoor.example/shared/database"
	"innerdoor.example/shared/database/postgrestest"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
	"pgregory.net/rapid"
)

// The pages and counts of random rule sets are the same on both engines. PostgreSQL's text cannot hold the character
// U+0000, so neither rows nor people have it here.
func TestPostgreSQLFindsThePagesAndCountsThatSQLiteFinds(t *testing.T) {
	twin := postgrestest.Of(t, filled(t, 300), "rows")
	statements, found := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		policy := drawPolicy(t)
		for _, who := range rapid.SliceOfN(rapid.Custom(drawPerson), 3, 3).Draw(t, "people") {
			clean(&who)
			page := door.Page{Limit: rapid.IntRange(1, 50).Draw(t, "limit"), Filter: door.Given("owner", rapid.SampledFrom([]string{"", "", "a"}).Draw(t, "owner"))}
			if rapid.Bool().Draw(t, "after") {
				page.After = door.Place{CreatedAt: rapid.Int64Range(0, 9).Draw(t, "created"), ID: rapid.SampledFrom([]string{"r-000", "r-ä", "R", "r-150"}).Draw(t, "id")}
			}
			found += postgrestest.Lists(t, twin, policy, &who, postgrestest.List{
				Select: "SELECT id, created_at, owner, amount FROM rows", From: "rows", Tenant: principal.Tenant(who.tenant), Page: page,
			})
			statements += 2 * len(policy.Actions())
		}
	})
	t.Logf("%d statements, %d rows", statements, found)
	if found < statements {
		t.Errorf("%d statements found %d rows: this hardly compares anything", statements, found)
	}
}

// filled is a database of random rows.
func filled(t *testing.T, rows int) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), filepath.Join(t.TempDir(), "rows.db"), database.Migrations{Name: "rows", FS: fstest.MapFS{"00001_rows.sql": {Data: []byte(`
-- +goose Up
CREATE TABLE rows (id TEXT NOT NULL, tenant TEXT NOT NULL, owner TEXT NOT NULL, assignee TEXT NOT NULL, amount INTEGER NOT NULL,
	closed INTEGER NOT NULL, created_at INTEGER NOT NULL, PRIMARY KEY (tenant, id));
-- +goose Down
DROP TABLE rows;`)}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	err = db.Write(t.Context(), func(ctx context.Context, tx *database.Tx) error {
		for i := range rows {
			r := rapid.Custom(drawRow).Example(i)
			if strings.Contains(r.owner+r.assignee, "\x00") {
				continue
			}
			id := fmt.Sprintf("%s%03d", []string{"r-", "r-ä", "R-", "r "}[i%4], i)
			if _, err := tx.ExecContext(ctx, "INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)",
				id, r.tenant, r.owner, r.assignee, r.amount, r.closed, i%10); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func clean(s *caller) {
	for _, text := range []*string{&s.me, &s.tenant} {
		*text = strings.ReplaceAll(*text, "\x00", "")
	}
	for _, set := range []*[]string{&s.friends, &s.big} {
		*set = slices.DeleteFunc(*set, func(text string) bool { return strings.Contains(text, "\x00") })
	}
}
