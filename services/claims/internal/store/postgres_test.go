package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/services/claims/internal/policy"
	"innerdoor.example/shared/audit"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/database/postgrestest"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
)

// Each list of this service is found on PostgreSQL as on SQLite, for everybody.
func TestPostgreSQLFindsTheListsThatSQLiteFinds(t *testing.T) {
	s, r := newStore(t), rand.New(rand.NewPCG(3, 4))
	s.populate(t, r)
	twin := postgrestest.Of(t, s.db, "claims", "words", "remarks", "shares", "staff", "records")
	people := []principal.Principal{person(t, "home:alice", "acme"), person(t, "home:bob", "acme"), person(t, "home:alice", "globex")}
	found := map[string]int{}
	for range 40 {
		subject := randomSubject(r, people)
		after := door.Place{CreatedAt: int64(r.IntN(6)), ID: "c-5"}
		for _, page := range []door.Page{{Limit: 7}, {Limit: 100, After: after}} {
			list := func(sel, from string) postgrestest.List {
				return postgrestest.List{Select: sel, From: from, Tenant: subject.Tenant(), Page: page}
			}
			found["claims"] += postgrestest.Lists(t, twin, policy.Claims, &subject, list(selectClaims, "claims"))
			found["notes"] += postgrestest.Lists(t, twin, policy.Notes, &subject, list(selectNotes, "remarks"))
			found["shares"] += postgrestest.Lists(t, twin, policy.Delegations, &subject, list(selectShares, "shares"))
			found["staff"] += postgrestest.Lists(t, twin, policy.Staff, &subject, list(selectStaff, fromStaff))
			found["records"] += postgrestest.Lists(t, twin, decisions, &subject, list(audit.Select, "records"))
			page.Filter = door.Given(sought([]string{"acme", "broken"})...)
			text, args := search{words: 2}.statement(selectClaims[:len(selectClaims)-len("claims")], subject.Tenant(),
				policy.Claims.Ways(claim.Read, &subject, authz.SQLite), page)
			n, err := twin.Compare(t.Context(), text, args...)
			must(t, err)
			found["search"] += n
		}
	}
	t.Log("rows found: ", found)
	for _, list := range []string{"claims", "notes", "shares", "staff", "records", "search"} {
		if found[list] == 0 {
			t.Errorf("no %s were ever found: its agreement proves nothing", list)
		}
	}
}

// populate makes random claims, and something of everything about them.
func (s *Store) populate(t *testing.T, r *rand.Rand) {
	t.Helper()
	s.write(t, func(ctx context.Context, tx *database.Tx) error {
		for i := range 90 {
			c := randomClaim(r, someIDs[i%len(someIDs)]+claim.ID(fmt.Sprint(i/len(someIDs))), i)
			c.Description = pick(r, []string{"acme broken", "acme", "broken"})
			if err := (claims{}).Insert(ctx, tx, &c); err != nil {
				return err
			}
		}
		return nil
	})
	s.exec(t, `INSERT INTO notes SELECT tenant, 'n' || id, id, owner, CASE length(owner) % 2 WHEN 0 THEN 'public' ELSE 'internal' END,
		'a note', 1, created_at, 1 FROM claims`)
	s.exec(t, "INSERT INTO delegations SELECT tenant, id || '/home:dora', id, 'home:dora', 1, owner, 1, created_at, 1 FROM claims")
	s.exec(t, "INSERT OR IGNORE INTO staff SELECT tenant, owner, 'adjuster', 'eu', 1, 'EUR', 1, created_at, 1 FROM claims")
	must(t, audit.Append(t.Context(), s.db, audit.Operator(Name, "test", "seed", authz.Ref{Type: "claim", Tenant: "acme", ID: "c-1"}, s.service.Now())))
}
