package store

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/services/claims/internal/store/internal/db"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/door/doortest"
	"innerdoor.example/shared/principal"
)

// arena is a store with people in it, whose clock can be set.
type arena struct {
	*Store
	t     *testing.T
	clock atomic.Int64 // Unix milliseconds; 0: the time that it is
	made  atomic.Int64
}

func newArena(t *testing.T) *arena {
	a := &arena{Store: newStore(t), t: t}
	a.service.Now = func() time.Time {
		if set := a.clock.Load(); set != 0 {
			return time.UnixMilli(set)
		}
		return time.Now()
	}
	a.write(t, func(ctx context.Context, tx *database.Tx) error {
		for subject, role := range map[principal.ID]claim.Role{"home:ada": claim.Adjuster, "home:ari": claim.Adjuster,
			"home:sam": claim.Supervisor, "home:sue": claim.Supervisor, "home:tom": claim.Admin} {
			must(t, db.New(tx).PutStaff(ctx, db.PutStaffParams{Tenant: "acme", Subject: subject, Role: role, Regions: "eu",
				LimitAmount: 10_000_00, LimitCurrency: "EUR", Version: 1}))
		}
		return nil
	})
	return a
}

func (a *arena) who(name string) principal.Principal {
	return person(a.t, principal.ID("home:"+name), "acme")
}

// claim is a new one of bob's.
func (a *arena) claim(status claim.Status, assignee principal.ID, amount claim.Cents) claim.ID {
	id := claim.ID(fmt.Sprintf("c-%d", a.made.Add(1)))
	c := claim.Claim{Tenant: "acme", ID: id, Owner: "home:bob", OrderID: claim.OrderID(id), Region: "eu", Amount: amount, Currency: "EUR",
		OrderAmount: amount, Status: status, Assignee: assignee, DeliveredAt: 1, Version: 1, CreatedAt: 1}
	if err := a.db.Write(context.Background(), func(ctx context.Context, tx *database.Tx) error { return claims{}.Insert(ctx, tx, &c) }); err != nil {
		a.t.Error(err)
	}
	return id
}

func (a *arena) row(id claim.ID) (c claim.Claim) {
	a.read(a.t, func(ctx context.Context, tx *database.Tx) (err error) {
		c, err = claims{}.Find(ctx, tx, "acme", string(id))
		return err
	})
	return c
}

func TestARoleTakenAwayDecidesNothingAfterwards(t *testing.T) {
	a := newArena(t)
	tom, ada := a.who("tom"), a.who("ada")
	role := claim.Appointment{Subject: "home:ada", Role: claim.Adjuster, Regions: []claim.Region{"eu"}, LimitAmount: 1, LimitCurrency: "EUR"}
	used := doortest.Race{
		Give: func() error { _, err := a.Appoint(context.Background(), tom, 0, role); return err },
		Take: func() error { return a.Dismiss(context.Background(), tom, 0, role) },
		Use: func() error {
			_, err := a.Do(context.Background(), ada, a.claim(claim.Submitted, "", 1), 0, claim.Take())
			return err
		},
	}.Run(t)
	var n int64
	a.read(t, func(ctx context.Context, tx *database.Tx) error {
		return tx.QueryRowContext(ctx, "SELECT count(*) FROM claims WHERE assignee = 'home:ada'").Scan(&n)
	})
	if n != used {
		t.Errorf("%d claims are hers, and she took %d", n, used)
	}
}

func TestAShareTakenAwayOrOverShowsNothingAfterwards(t *testing.T) {
	a := newArena(t)
	bob, dora, id := a.who("bob"), a.who("dora"), a.claim(claim.InReview, "home:ada", 1)
	share := claim.Share{Claim: id, Subject: "home:dora"}
	see := func() error { _, err := a.Get(context.Background(), dora, id); return err }
	give := func() error {
		share.Expires = claim.At(a.service.Now().Add(time.Hour))
		_, err := a.Share(context.Background(), bob, 0, share)
		return err
	}
	doortest.Race{Give: give, Use: see, Take: func() error { return a.Unshare(context.Background(), bob, 0, share) }}.Run(t)
	doortest.Race{Give: give, Use: see, Take: func() error { a.clock.Store(int64(share.Expires)); return nil }}.Run(t)
}

// Whether ada approves or the claim is given to ari, one of both happens, and the other
// is refused: each claim is as the one that succeeded left it.
func TestAClaimIsDecidedByWhomItIsAssignedTo(t *testing.T) {
	a := newArena(t)
	ada, sam := a.who("ada"), a.who("sam")
	var approved, moved int
	for round := range doortest.Rounds() {
		ids := make([]claim.ID, doortest.Writers)
		for i := range ids {
			ids[i] = a.claim(claim.InReview, "home:ada", 1)
		}
		var all sync.WaitGroup
		results := make([][2]error, doortest.Writers)
		for i, id := range ids {
			all.Go(func() {
				if round%2 == 0 {
					time.Sleep(time.Duration(i) * 20 * time.Microsecond)
				}
				_, results[i][0] = a.Do(context.Background(), ada, id, 0, claim.Approve())
			})
			all.Go(func() { _, results[i][1] = a.Do(context.Background(), sam, id, 0, claim.Assign("home:ari")) })
		}
		all.Wait()
		for i, id := range ids {
			c, byAda, toAri := a.row(id), results[i][0] == nil, results[i][1] == nil
			switch {
			case byAda == toAri:
				t.Fatalf("%s: ada approved: %v, sam assigned: %v: %+v", id, results[i][0], results[i][1], c)
			case byAda && (c.Status != claim.Approved || c.Assignee != "home:ada"):
				t.Fatalf("%s: ada approved it, and it is %+v", id, c)
			case toAri && (c.Status != claim.InReview || c.Assignee != "home:ari" || c.FirstApprover != ""):
				t.Fatalf("%s: it was given to ari, and it is %+v", id, c)
			case byAda:
				approved++
			default:
				moved++
			}
			if _, err := a.Do(context.Background(), ada, id, 0, claim.Approve()); err == nil {
				t.Fatalf("%s: ada approves afterwards", id)
			}
		}
	}
	t.Logf("%d approved, %d given away", approved, moved)
	if approved == 0 || moved == 0 {
		t.Error("the two never met: this proves nothing")
	}
}

func TestTwoApprovalsAreOfTwoPeopleAndCountedOnce(t *testing.T) {
	a := newArena(t)
	people := []principal.Principal{a.who("sam"), a.who("sue")}
	for range doortest.Rounds() {
		id := a.claim(claim.InReview, "home:ada", 6_000_00)
		var done [2]atomic.Int64
		var all sync.WaitGroup
		for i := range doortest.Writers {
			all.Go(func() {
				if _, err := a.Do(context.Background(), people[i%2], id, 0, claim.Approve()); err == nil {
					done[i%2].Add(1)
				}
			})
		}
		all.Wait()
		c := a.row(id)
		if done[0].Load() != 1 || done[1].Load() != 1 || c.Status != claim.Approved || c.Version != 3 ||
			c.FirstApprover == c.SecondApprover || c.FirstApprover == "" || c.SecondApprover == "" {
			t.Fatalf("sam approved %d times, sue %d times: %+v", done[0].Load(), done[1].Load(), c)
		}
	}
}
