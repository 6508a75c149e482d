package store

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/services/claims/internal/store/internal/db"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/principal/principaltest"
)

// Behind each query stand further walls: the policy's, decided again on every row.
// Here they are out of the way: each query alone must keep to the tenant it is given.
// acme and globex have the same ids, versions and people.

var (
	bothTenants = []principal.Tenant{"acme", "globex"}
	everything  = []authz.SQL{{Text: "1 = 1"}}
)

func twins(t *testing.T) *Store {
	t.Helper()
	s := newStore(t)
	s.write(t, func(ctx context.Context, tx *database.Tx) error {
		for _, tenant := range bothTenants {
			for _, id := range []claim.ID{"c-both", claim.ID("c-" + tenant)} {
				c := claim.Claim{Tenant: tenant, ID: id, Owner: principal.ID("home:" + tenant), OrderID: claim.OrderID("o-" + id),
					Region: "eu", Amount: 1, Currency: "EUR", OrderAmount: 1, Description: "both have " + string(id), Status: claim.Submitted, Version: 1, CreatedAt: 1}
				if err := (claims{}).Insert(ctx, tx, &c); err != nil {
					return err
				}
				n := c.Noted(claim.Internal)
				n.ID, n.Body, n.Version, n.CreatedAt = claim.NoteOf(id, "n"), string(tenant), 1, 1
				if err := (notes{}).Insert(ctx, tx, &n); err != nil {
					return err
				}
				d := c.SharedWith("home:dora")
				d.ExpiresAt, d.Version = claim.At(time.Now().Add(time.Hour)), 1
				if err := (shares{}).Insert(ctx, tx, &d); err != nil {
					return err
				}
			}
		}
		for _, tenant := range bothTenants {
			for _, subject := range []principal.ID{"home:both", principal.ID("home:" + tenant)} {
				row := claim.Staff{Tenant: tenant, Subject: subject, Role: claim.Support, Version: 1, CreatedAt: 1}
				if err := (staff{}).Insert(ctx, tx, &row); err != nil {
					return err
				}
			}
			if _, err := db.New(tx).InsertNetwork(ctx, db.InsertNetworkParams{Tenant: tenant, ID: "office", Version: 1,
				Prefix: map[principal.Tenant]string{"acme": "192.0.2.0/25", "globex": "192.0.2.128/25"}[tenant]}); err != nil {
				return err
			}
		}
		return nil
	})
	return s
}

func TestEachQueryOnClaimsKeepsToItsTenant(t *testing.T) {
	s := twins(t)
	for _, tenant := range bothTenants {
		other := bothTenants[1-slices.Index(bothTenants, tenant)]
		s.read(t, func(ctx context.Context, tx *database.Tx) error {
			if _, err := (claims{}).Find(ctx, tx, tenant, "c-"+string(other)); !errors.Is(err, door.ErrAbsent) {
				t.Errorf("Find in %s of the other's: %v", tenant, err)
			}
			if c, err := (claims{}).Find(ctx, tx, tenant, "c-both"); err != nil || c.Tenant != tenant {
				t.Errorf("Find in %s: of %s, %v", tenant, c.Tenant, err)
			}
			page, err := claims{}.Page(ctx, tx, tenant, everything, door.Page{Limit: 100})
			if err != nil || len(page) != 2 || page[0].Tenant != tenant || page[1].Tenant != tenant {
				t.Errorf("Page in %s: %v, %v", tenant, page, err)
			}
			if n, err := (claims{}).Count(ctx, tx, tenant, everything, nil); err != nil || n != 2 {
				t.Errorf("Count in %s: %d, %v", tenant, n, err)
			}
			return nil
		})
	}
	s.write(t, func(ctx context.Context, tx *database.Tx) error {
		c, err := claims{}.Find(ctx, tx, "acme", "c-both")
		must(t, err)
		c.Version, c.Status = 2, claim.Withdrawn
		must(t, claims{}.Update(ctx, tx, &c, 1))
		if other, err := (claims{}).Find(ctx, tx, "globex", "c-both"); err != nil || other.Version != 1 || other.Status != claim.Submitted {
			t.Errorf("Update in acme changed globex's: %v, %v", other, err)
		}
		c.Tenant, c.ID = "globex", "c-acme"
		if err := (claims{}).Update(ctx, tx, &c, 1); !errors.Is(err, door.ErrStale) {
			t.Errorf("Update in globex of acme's: %v", err)
		}
		c.Version = 3
		c.Tenant, c.ID = "acme", "c-both"
		if err := (claims{}).Update(ctx, tx, &c, 1); !errors.Is(err, door.ErrStale) {
			t.Errorf("Update of a version that is no more: %v", err)
		}
		return nil
	})
}

func TestEachQueryOnDelegationsKeepsToItsTenant(t *testing.T) {
	s := twins(t)
	for _, tenant := range bothTenants {
		other := bothTenants[1-slices.Index(bothTenants, tenant)]
		s.read(t, func(ctx context.Context, tx *database.Tx) error {
			if _, err := (shares{}).Find(ctx, tx, tenant, "c-"+string(other)+"/home:dora"); !errors.Is(err, door.ErrAbsent) {
				t.Errorf("Find in %s of the other's: %v", tenant, err)
			}
			if d, err := (shares{}).Find(ctx, tx, tenant, "c-both/home:dora"); err != nil || d.Tenant != tenant || d.Owner != principal.ID("home:"+tenant) {
				t.Errorf("Find in %s: of %s, of a claim of %s, %v", tenant, d.Tenant, d.Owner, err)
			}
			page, err := shares{}.Page(ctx, tx, tenant, everything, door.Page{Limit: 100})
			if err != nil || len(page) != 2 || page[0].Tenant != tenant || page[1].Tenant != tenant || page[0].Owner != page[1].Owner {
				t.Errorf("Page in %s: %v, %v", tenant, page, err)
			}
			if n, err := (shares{}).Count(ctx, tx, tenant, everything, nil); err != nil || n != 2 {
				t.Errorf("Count in %s: %d, %v", tenant, n, err)
			}
			others, err := db.New(tx).OtherLiveShares(ctx, db.OtherLiveSharesParams{Tenant: tenant, Subject: "home:dora", Now: 1, Besides: "c-both/home:dora"})
			if err != nil || others != 1 {
				t.Errorf("OtherLiveShares in %s: %d, %v", tenant, others, err)
			}
			return nil
		})
	}
	s.write(t, func(ctx context.Context, tx *database.Tx) error {
		d, err := shares{}.Find(ctx, tx, "acme", "c-both/home:dora")
		must(t, err)
		d.Version, d.ExpiresAt = 2, 2
		must(t, shares{}.Update(ctx, tx, &d, 1))
		if twin, err := (shares{}).Find(ctx, tx, "globex", string(d.ID)); err != nil || twin.Version != 1 {
			t.Errorf("Update in acme changed globex's: %v, %v", twin, err)
		}
		d.Tenant, d.ID, d.Version = "globex", "c-acme/home:dora", 1
		if err := (shares{}).Update(ctx, tx, &d, 1); !errors.Is(err, door.ErrStale) {
			t.Errorf("Update in globex of acme's: %v", err)
		}
		if err := (shares{}).Delete(ctx, tx, &d); !errors.Is(err, door.ErrStale) {
			t.Errorf("Delete in globex of acme's: %v", err)
		}
		d.Tenant = "acme"
		must(t, shares{}.Delete(ctx, tx, &d))
		return nil
	})
	s.write(t, func(ctx context.Context, tx *database.Tx) error {
		d, err := shares{}.Find(ctx, tx, "globex", "c-both/home:dora")
		must(t, err)
		d.Tenant, d.Version = "acme", 2
		must(t, shares{}.Delete(ctx, tx, &d))
		if _, err := (shares{}).Find(ctx, tx, "globex", string(d.ID)); err != nil {
			t.Errorf("Delete in acme removed globex's: %v", err)
		}
		return nil
	})
}

func TestWhatIsKnownAboutAPersonIsOfTheTenantOfTheirToken(t *testing.T) {
	s := twins(t)
	s.write(t, func(ctx context.Context, tx *database.Tx) error {
		for tenant, role := range map[principal.Tenant]claim.Role{"acme": claim.Supervisor, "globex": claim.Auditor} {
			must(t, db.New(tx).PutStaff(ctx, db.PutStaffParams{Tenant: tenant, Subject: "home:dora", Role: role, Version: 1}))
		}
		return nil
	})
	for tenant, role := range map[principal.Tenant]claim.Role{"acme": claim.Supervisor, "globex": claim.Auditor, "initech": ""} {
		known := s.facts(t, person(t, "home:dora", tenant))
		want := []claim.ID{"c-" + claim.ID(tenant), "c-both"}
		slices.Sort(want)
		if tenant == "initech" {
			want = []claim.ID{}
		}
		if known.Role != role || !slices.Equal(known.SharedWithMe, want) || known.SharedWithMe == nil {
			t.Errorf("in %s: %s, %v", tenant, known.Role, known.SharedWithMe)
		}
	}
	s.write(t, func(ctx context.Context, tx *database.Tx) error {
		return db.New(tx).PutStaff(ctx, db.PutStaffParams{Tenant: "acme", Subject: "home:dora", Role: claim.Support, Version: 1})
	})
	if acme, globex := s.facts(t, person(t, "home:dora", "acme")).Role, s.facts(t, person(t, "home:dora", "globex")).Role; acme != claim.Support || globex != claim.Auditor {
		t.Errorf("after a new role in acme: %s, %s", acme, globex)
	}
}

func TestEachQueryOnNotesKeepsToItsTenant(t *testing.T) {
	s := twins(t)
	for _, tenant := range bothTenants {
		other := bothTenants[1-slices.Index(bothTenants, tenant)]
		s.read(t, func(ctx context.Context, tx *database.Tx) error {
			if _, err := (notes{}).Find(ctx, tx, tenant, "c-"+string(other)+"/n"); !errors.Is(err, door.ErrAbsent) {
				t.Errorf("Find in %s of the other's: %v", tenant, err)
			}
			n, err := notes{}.Find(ctx, tx, tenant, "c-both/n")
			if err != nil || n.Tenant != tenant || n.Owner != principal.ID("home:"+tenant) || n.Body != string(tenant) {
				t.Errorf("Find in %s: %+v, %v", tenant, n, err)
			}
			page, err := notes{}.Page(ctx, tx, tenant, everything, door.Page{Limit: 100})
			if err != nil || len(page) != 2 || page[0].Tenant != tenant || page[1].Tenant != tenant || page[0].Owner != page[1].Owner {
				t.Errorf("Page in %s: %v, %v", tenant, page, err)
			}
			if n, err := (notes{}).Count(ctx, tx, tenant, everything, nil); err != nil || n != 2 {
				t.Errorf("Count in %s: %d, %v", tenant, n, err)
			}
			return nil
		})
	}
}

func TestEachQueryOnStaffKeepsToItsTenant(t *testing.T) {
	s := twins(t)
	for _, tenant := range bothTenants {
		other := bothTenants[1-slices.Index(bothTenants, tenant)]
		s.read(t, func(ctx context.Context, tx *database.Tx) error {
			if _, err := (staff{}).Find(ctx, tx, tenant, "home:"+string(other)); !errors.Is(err, door.ErrAbsent) {
				t.Errorf("Find in %s of the other's: %v", tenant, err)
			}
			page, err := staff{}.Page(ctx, tx, tenant, everything, door.Page{Limit: 100})
			if err != nil || len(page) != 2 || page[0].Tenant != tenant || page[1].Tenant != tenant {
				t.Errorf("Page in %s: %v, %v", tenant, page, err)
			}
			if n, err := (staff{}).Count(ctx, tx, tenant, everything, nil); err != nil || n != 2 {
				t.Errorf("Count in %s: %d, %v", tenant, n, err)
			}
			return nil
		})
	}
	s.write(t, func(ctx context.Context, tx *database.Tx) error {
		row, err := staff{}.Find(ctx, tx, "acme", "home:both")
		must(t, err)
		row.Role, row.Version = claim.Admin, 2
		must(t, staff{}.Update(ctx, tx, &row, 1))
		if twin, err := (staff{}).Find(ctx, tx, "globex", "home:both"); err != nil || twin.Role != claim.Support {
			t.Errorf("Update in acme changed globex's: %v, %v", twin, err)
		}
		for _, wrong := range []claim.Staff{{Tenant: "globex", Subject: "home:acme", Version: 1}, {Tenant: "acme", Subject: "home:both", Version: 1}} {
			if err := (staff{}).Update(ctx, tx, &wrong, 1); !errors.Is(err, door.ErrStale) {
				t.Errorf("Update of %+v: %v", wrong, err)
			}
			if err := (staff{}).Delete(ctx, tx, &wrong); !errors.Is(err, door.ErrStale) {
				t.Errorf("Delete of %+v: %v", wrong, err)
			}
		}
		must(t, staff{}.Delete(ctx, tx, &row))
		if _, err := (staff{}).Find(ctx, tx, "globex", "home:both"); err != nil {
			t.Errorf("Delete in acme removed globex's: %v", err)
		}
		return nil
	})
}

func TestASearchKeepsToItsTenant(t *testing.T) {
	s := twins(t)
	ownAndOthers := []authz.SQL{{Text: "1 = 1"}, {Text: "(owner = ?) OR 1 = 1", Args: []any{"home:acme"}}} // both walks
	for _, tenant := range bothTenants {
		s.read(t, func(ctx context.Context, tx *database.Tx) error {
			for _, way := range ownAndOthers {
				for words, want := range map[int]int{1: 2, 2: 2} {
					f := door.Given(sought([]string{"both", "have"}[:words])...)
					page, err := search{words: words}.Page(ctx, tx, tenant, []authz.SQL{way}, door.Page{Limit: 100, Filter: f})
					if err != nil || len(page) != want || page[0].Tenant != tenant || page[1].Tenant != tenant || page[0].Owner != principal.ID("home:"+tenant) || page[1].Owner != page[0].Owner {
						t.Errorf("%s, %d words: Page in %s: %v, %v", way.Text, words, tenant, page, err)
					}
					if n, err := (search{words: words}).Count(ctx, tx, tenant, []authz.SQL{way}, f); err != nil || n != int64(want) {
						t.Errorf("%s, %d words: Count in %s: %d, %v", way.Text, words, tenant, n, err)
					}
				}
			}
			words, err := db.New(tx).WordsOf(ctx, db.WordsOfParams{Tenant: tenant, ClaimID: "c-both"})
			if err != nil || !slices.Equal(words, []string{"both", "c", "have"}) {
				t.Errorf("WordsOf in %s: %v, %v", tenant, words, err)
			}
			if words, err := db.New(tx).WordsOf(ctx, db.WordsOfParams{Tenant: "initech", ClaimID: "c-both"}); err != nil || len(words) != 0 {
				t.Errorf("WordsOf in a tenant without claims: %v, %v", words, err)
			}
			return nil
		})
	}
	s.write(t, func(ctx context.Context, tx *database.Tx) error {
		must(t, db.New(tx).DeleteWord(ctx, db.DeleteWordParams{Tenant: "acme", ClaimID: "c-both", Word: "have"}))
		if words, err := db.New(tx).WordsOf(ctx, db.WordsOfParams{Tenant: "globex", ClaimID: "c-both"}); err != nil || len(words) != 3 {
			t.Errorf("DeleteWord in acme: globex has %v, %v", words, err)
		}
		return nil
	})
}

func TestTheNetworksOfOneTenantAreNotAnothers(t *testing.T) {
	s := twins(t)
	from := func(tenant principal.Tenant, address string) bool {
		return s.facts(t, principaltest.Of(t, principal.Fields{ID: "home:both", Scope: everyScope,
			Context: principal.Context{Tenant: tenant}, Request: principal.Request{Address: address}}, "gateway")).OnPremises
	}
	for address, want := range map[string][2]bool{
		"192.0.2.1": {true, false}, "192.0.2.129": {false, true}, "::ffff:192.0.2.1": {true, false},
		"198.51.100.1": {}, "2001:db8::1": {}, "": {},
	} {
		if got := [2]bool{from("acme", address), from("globex", address)}; got != want {
			t.Errorf("from %q: %v, want %v", address, got, want)
		}
	}
	if from("initech", "192.0.2.1") {
		t.Error("a tenant without networks has one")
	}
}
