package store

import (
	"context"
	"strings"
	"testing"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/services/claims/internal/policy"
	"innerdoor.example/services/claims/internal/store/internal/db"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/door"
)

// A list costs what it shows, not what the tenant holds: each way in walks an index in
// the list's own order and stops when the page is full.
func TestEachWayIntoAListWalksAnIndexInItsOrder(t *testing.T) {
	s := newStore(t)
	s.fill(t, 5_000, 2)
	indexes := map[claim.Role][]string{
		"":               {"claims_by_owner"},
		claim.Adjuster:   {"claims_by_owner", "claims_by_assignee", "claims_by_region"},
		claim.Supervisor: {"claims_by_owner", "claims_by_assignee", "claims_by_tenant"},
		claim.Support:    {"claims_by_owner", "claims_by_tenant"},
		claim.Auditor:    {"claims_by_owner", "claims_by_tenant"},
		claim.Admin:      {"claims_by_owner"},
	}
	who := person(t, "home:cust", "t0")
	for role, want := range indexes {
		s.write(t, func(ctx context.Context, tx *database.Tx) error {
			return db.New(tx).PutStaff(ctx, db.PutStaffParams{Tenant: "t0", Subject: "home:cust", Role: role, Regions: "eu us", Version: 1})
		})
		subject := s.facts(t, who)
		ways := policy.Claims.Ways(claim.Read, &subject, authz.SQLite)
		for _, page := range []door.Page{{Limit: 50}, {Limit: 50, After: door.Place{CreatedAt: 100, ID: "c-100"}}} {
			for _, way := range ways {
				text, args := door.Keyset(selectClaims, "t0", []authz.SQL{way}, page)
				// The outer ordering is of one page; the walk is what is inside.
				plan := s.explain(t, text, args)
				walk, _, _ := strings.Cut(plan, "SCAN way")
				if strings.Contains(walk, "SCAN") || strings.Contains(walk, "TEMP B-TREE") || !uses(walk, want) {
					t.Errorf("%q: %s\n%s", role, way.Text, plan)
				}
			}
		}
	}
}

// A search costs what it shows: a word, however common, is not walked through for who
// has few claims, nor the claims for a word that few have.
func TestASearchWalksWhatIsFewOrAWordInTheListsOrder(t *testing.T) {
	s := newStore(t)
	s.fill(t, 2_000, 2)
	s.exec(t, "INSERT INTO words SELECT tenant, id, 'kettle', region, created_at FROM claims UNION SELECT tenant, id, 'lid', region, created_at FROM claims")
	who := person(t, "home:cust", "t0")
	for role, want := range map[claim.Role][]string{
		"":               {"claims_by_owner"},
		claim.Adjuster:   {"claims_by_owner", "claims_by_assignee", "words_by_region"},
		claim.Supervisor: {"claims_by_owner", "claims_by_assignee", "words_by_word"},
		claim.Auditor:    {"claims_by_owner", "words_by_word"},
	} {
		s.write(t, func(ctx context.Context, tx *database.Tx) error {
			return db.New(tx).PutStaff(ctx, db.PutStaffParams{Tenant: "t0", Subject: "home:cust", Role: role, Regions: "eu us", Version: 1})
		})
		subject := s.facts(t, who)
		for _, after := range []door.Place{{}, {CreatedAt: 100, ID: "c-100"}} {
			for _, way := range policy.Claims.Ways(claim.Read, &subject, authz.SQLite) {
				page := door.Page{Limit: 50, After: after, Filter: door.Given(sought([]string{"kettle", "lid"})...)}
				sel := "SELECT id, created_at FROM " + search{words: 2}.from(!few(way))
				text, args := door.Keyset(sel, "t0", []authz.SQL{way}, page)
				plan := s.explain(t, text, args)
				walk, _, _ := strings.Cut(plan, "SCAN way")
				if strings.Contains(walk, "SCAN") || strings.Contains(walk, "TEMP B-TREE") || !uses(walk, want) {
					t.Errorf("%q: %s\n%s", role, way.Text, plan)
				}
			}
		}
	}
}

func TestTheNotesOfAClaimAndTheStaffAreWalkedByTheirIndexes(t *testing.T) {
	s := newStore(t)
	for _, c := range []struct{ sel, index, column, value string }{
		{selectNotes, "notes_by_claim", "claim_id", "c-1"},
		{selectShares, "delegations_by_claim", "claim_id", "c-1"},
		{selectStaff, "staff_by_time", "", ""},
	} {
		for _, way := range []string{"(tenant = ?)", "(tenant = ?) AND (owner = ?)"} {
			args := []any{"t0", "home:cust"}[:strings.Count(way, "?")]
			if c.column == "" && len(args) > 1 {
				continue
			}
			text, args := door.Keyset(c.sel, "t0", []authz.SQL{{Text: way, Args: args}}, door.Page{Limit: 50, Filter: door.Given(c.column, c.value)})
			plan := s.explain(t, text, args)
			walk, _, _ := strings.Cut(plan, "SCAN way")
			if strings.Contains(walk, "SCAN") || strings.Contains(walk, "TEMP B-TREE") || !uses(walk, []string{c.index}) {
				t.Errorf("%s\n%s", text, plan)
			}
		}
	}
}

func uses(plan string, indexes []string) bool {
	for _, index := range indexes {
		if strings.Contains(plan, " INDEX "+index+" ") {
			return true
		}
	}
	return false
}

func (s *Store) explain(t *testing.T, text string, args []any) (plan string) {
	t.Helper()
	s.read(t, func(ctx context.Context, tx *database.Tx) error {
		type step struct {
			id, parent, unused int64
			detail             string
		}
		steps, err := database.All(ctx, tx, func(x *step) []any { return []any{&x.id, &x.parent, &x.unused, &x.detail} },
			"EXPLAIN QUERY PLAN "+text, args...)
		for _, x := range steps {
			plan += x.detail + "\n"
		}
		return err
	})
	return plan
}
