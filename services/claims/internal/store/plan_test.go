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

// walked is by which index a list is walked: for each thing by which a way leads to claims, without a filter, and with
// those of askedFor in turn. What is narrower is walked, be it the filter or what the asker has to do with.
var (
	askedFor = []door.Filter{nil, door.Given("status", "submitted"), door.Given("region", "eu"),
		door.Given("status", "submitted", "region", "eu"), door.Given("order_id", "o-7")}
	walked = map[string][]string{
		"owner":    {"claims_by_owner", "claims_by_owner", "claims_by_owner", "claims_by_owner", "claims_by_order"},
		"assignee": {"claims_by_assignee", "claims_by_assignee", "claims_by_assignee", "claims_by_assignee", "claims_by_order"},
		"region":   {"claims_by_region", "claims_by_region_and_status", "claims_by_region", "claims_by_region_and_status", "claims_by_order"},
		"tenant":   {"claims_by_tenant", "claims_by_status", "claims_by_region", "claims_by_region_and_status", "claims_by_order"},
	}
)

// A list costs what it shows, not what the tenant holds: each way in walks an index in
// the list's own order and stops when the page is full.
func TestEachWayIntoAListWalksAnIndexInItsOrder(t *testing.T) {
	s := newStore(t)
	s.fill(t, 5_000, 2)
	who := person(t, "home:cust", "t0")
	for role, want := range map[claim.Role][]string{
		"": {"owner"}, claim.Adjuster: {"owner", "assignee", "region", "region"}, claim.Supervisor: {"owner", "assignee", "tenant"},
		claim.Support: {"owner", "tenant"}, claim.Auditor: {"owner", "tenant"}, claim.Admin: {"owner"},
	} {
		s.write(t, func(ctx context.Context, tx *database.Tx) error {
			return db.New(tx).PutStaff(ctx, db.PutStaffParams{Tenant: "t0", Subject: "home:cust", Role: role, Regions: "eu us", Version: 1})
		})
		subject := s.facts(t, who)
		ways := policy.Claims.Ways(claim.Read, &subject, authz.SQLite)
		if len(ways) != len(want) {
			t.Fatalf("%q: %d ways, want %q", role, len(ways), want)
		}
		for i, way := range ways {
			for j, filter := range askedFor {
				s.walks(t, way, filter, walked[want[i]][j])
			}
		}
	}
}

// walks fails unless the index is walked by the first page of the way, by a later one and by the count, or the count
// needs no look at the claims themselves.
func (s *Store) walks(t *testing.T, way authz.SQL, filter door.Filter, index string) {
	t.Helper()
	for _, after := range []door.Place{{}, {CreatedAt: 100, ID: "c-100"}} {
		text, args := door.Keyset(selectClaims, "t0", []authz.SQL{way}, door.Page{Limit: 50, After: after, Filter: filter})
		// The outer ordering is of one page; the walk is what is inside.
		plan := s.explain(t, text, args)
		walk, _, _ := strings.Cut(plan, "SCAN way")
		if strings.Contains(walk, "SCAN") || strings.Contains(walk, "TEMP B-TREE") || !uses(walk, []string{index}) {
			t.Errorf("%s with %s is not walked by %s:\n%s", way.Text, filter, index, plan)
		}
	}
	text, args := door.CountSQL("claims", "t0", []authz.SQL{way}, filter)
	if plan := s.explain(t, text, args); !uses(plan, []string{index}) && !strings.Contains(plan, "SEARCH claims USING COVERING INDEX") {
		t.Errorf("%s with %s is not counted by %s:\n%s", way.Text, filter, index, plan)
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
