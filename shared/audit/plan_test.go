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
	for index, filter := range map[string]door.Filter{
		"records_by_time":    nil,
		"records_by_object":  door.Given("object", "c-1"),
		"records_by_subject": door.Given("subject", "home:alice"),
		"records_by_rule":    door.Given("rule", "owner"),
		"records_by_action":  door.Given("action", "claims:read"),
	} {
		for _, page := range []door.Page{{Limit: 50, Filter: filter}, {Limit: 50, Filter: filter, After: door.Place{CreatedAt: 1, ID: "a"}}} {
			text, args := door.Keyset(audit.Select, "acme", []authz.SQL{{Text: "tenant = ?", Args: []any{"acme"}}}, page)
			// The outer ordering is of one page; the walk is what is inside.
			walk, _, _ := strings.Cut(plan(t, db, text, args), "SCAN way")
			if strings.Contains(walk, "TEMP B-TREE") || !strings.Contains(walk, "USING INDEX "+index+" ") {
				t.Errorf("%v: %s", filter, walk)
			}
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
