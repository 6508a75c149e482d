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
					Region: "eu", Amount: 1, Currency: "EUR", OrderAmount: 1, Status: claim.Submitted, Version: 1, CreatedAt: 1}
				if err := (claims{}).Insert(ctx, tx, &c); err != nil {
					return err
				}
				d := c.SharedWith("home:dora")
				d.ExpiresAt, d.Version = claim.At(time.Now().Add(time.Hour)), 1
				if err := (shares{}).Insert(ctx, tx, &d); err != nil {
					return err
				}
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
