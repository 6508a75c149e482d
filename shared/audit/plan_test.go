package audit_test

import (
	"context"
	"strings"
	"testing"

	"innerdoor.example/shared/audit"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/door"
)

// An auditor's page costs what it shows, not what was ever decided: whoever asks for
// the newest records keeps nobody else's reads waiting.
func TestEachQuestionAboutRecordsWalksAnIndexInItsOrder(t *testing.T) {
	db := open(t)
	for _, question := range []struct {
		index, sel string
		filter     door.Filter
	}{
		{"INDEX records_by_time", audit.Select, nil},
		{"INDEX records_by_subject", audit.Select, door.Given("subject", "home:alice")},
		{"INDEX records_by_rule", audit.Select, door.Given("rule", "owner")},
		{"INDEX records_by_action", audit.Select, door.Given("action", "claims:read")},
		{"INDEX records_by_object", audit.SelectAbout, door.Given("about", "c-1")},
		{"PRIMARY KEY", audit.SelectAbout, door.Given("about", "c-1")}, // of shown
		{"INDEX records_by_subject", audit.Select, door.Given("subject", "home:alice", "rule", "owner", "action", "claims:read")},
		{"INDEX records_by_object", audit.SelectAbout, door.Given("subject", "home:alice", "about", "c-1", "action", "claims:read")},
	} {
		index, filter := question.index, question.filter
		for _, page := range []door.Page{{Limit: 50, Filter: filter}, {Limit: 50, Filter: filter, After: door.Place{CreatedAt: 1, ID: "a"}}} {
			text, args := door.Keyset(question.sel, "acme", []authz.SQL{{Text: "tenant = ?", Args: []any{"acme"}}}, page)
			// The outer ordering is of one page; the walk is what is inside.
			walk, _, _ := strings.Cut(plan(t, db, text, args), "SCAN way")
			if strings.Contains(walk, "TEMP B-TREE") || !strings.Contains(walk, "USING "+index+" ") {
				t.Errorf("%v: %s", filter, walk)
			}
		}
	}
}

// What one request caused is so little that it can be put in order.
func TestTheRecordsOfARequestAreFoundByItsTxn(t *testing.T) {
	db := open(t)
	for _, filter := range []door.Filter{door.Given("txn", "t"), door.Given("txn", "t", "subject", "home:alice", "rule", "owner", "action", "claims:read")} {
		text, args := door.Keyset(audit.Select, "acme", []authz.SQL{{Text: "tenant = ?", Args: []any{"acme"}}}, door.Page{Limit: 50, Filter: filter})
		if walk := plan(t, db, text, args); !strings.Contains(walk, "USING INDEX records_by_txn (tenant=? AND txn=?)") {
			t.Errorf("%v: %s", filter, walk)
		}
	}
}

func plan(t *testing.T, db *database.DB, text string, args []any) (plan string) {
	t.Helper()
	type step struct {
		id, parent, unused int64
		detail             string
	}
	err := db.Read(t.Context(), func(ctx context.Context, tx *database.Tx) error {
		steps, err := database.All(ctx, tx, func(x *step) []any { return []any{&x.id, &x.parent, &x.unused, &x.detail} },
			"EXPLAIN QUERY PLAN "+text, args...)
		for _, x := range steps {
			plan += x.detail + "\n"
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}
