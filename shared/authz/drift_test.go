package authz_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"innerdoor.example/shared/authz"
	_ "modernc.org/sqlite"
	"pgregory.net/rapid"
)

// What the database says with the ways of a random rule set is what Decide says of each row: no row more, no row less.
func TestAListHoldsExactlyTheRowsThatDecideAllows(t *testing.T) {
	db := memory(t)
	const width = 40
	decided, allowed, filters := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		policy := drawPolicy(t)
		rows := rapid.SliceOfN(rapid.Custom(drawRow), width, width).Draw(t, "rows")
		fill(t, db, rows)
		for _, who := range rapid.SliceOfN(rapid.Custom(drawPerson), 10, 10).Draw(t, "people") {
			for _, action := range policy.Actions() {
				ways := policy.Ways(action, &who, authz.SQLite)
				var want []int
				for i := range rows {
					if policy.Decide(action, &who, &rows[i]).Allowed() {
						want = append(want, i)
					}
				}
				decided, allowed, filters = decided+len(rows), allowed+len(want), filters+len(ways)
				if got := list(t, db, ways); !slices.Equal(got, want) {
					t.Fatalf("SQL lists %v, Decide allows %v\nwho %+v\nways %q\n%s", got, want, who, ways, policy.Table())
				}
				if open := policy.Open(action, &who).Allowed(); open != (len(ways) > 0) {
					t.Fatalf("Open says %v, but there are %d ways", open, len(ways))
				}
			}
		}
	})
	rate := 100 * allowed / decided
	t.Logf("%d decisions, %d%% allowed, %d ways", decided, rate, filters)
	if rate < 15 {
		t.Errorf("only %d%% of the decisions allow: the test proves little", rate)
	}
}

func memory(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	if _, err := db.ExecContext(t.Context(), `CREATE TABLE rows (n INTEGER PRIMARY KEY, tenant TEXT NOT NULL, owner TEXT NOT NULL,
		assignee TEXT NOT NULL, amount INTEGER NOT NULL, closed INTEGER NOT NULL)`); err != nil {
		t.Fatal(err)
	}
	return db
}

func fill(t *rapid.T, db *sql.DB, rows []row) {
	args := make([]any, 0, 6*len(rows))
	for i, r := range rows {
		args = append(args, i, r.tenant, r.owner, r.assignee, r.amount, r.closed)
	}
	insert := "INSERT INTO rows VALUES " + strings.Repeat(", (?, ?, ?, ?, ?, ?)", len(rows))[2:]
	if _, err := db.ExecContext(t.Context(), "DELETE FROM rows"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), insert, args...); err != nil {
		t.Fatal(err)
	}
}

// list reads as the door does: one SELECT for each way, in a UNION.
func list(t *rapid.T, db *sql.DB, ways []authz.SQL) []int {
	if len(ways) == 0 {
		return nil
	}
	var selects []string
	var args []any
	for _, way := range ways {
		selects = append(selects, "SELECT n FROM rows WHERE "+way.Text)
		args = append(args, way.Args...)
	}
	found, err := db.QueryContext(t.Context(), strings.Join(selects, " UNION ")+" ORDER BY n", args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, selects)
	}
	defer found.Close()
	var ns []int
	for found.Next() {
		var n int
		if err := found.Scan(&n); err != nil {
			t.Fatal(err)
		}
		ns = append(ns, n)
	}
	if err := found.Err(); err != nil {
		t.Fatal(fmt.Errorf("list: %w", err))
	}
	return ns
}
