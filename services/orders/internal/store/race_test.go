package store

import (
	"context"
	"flag"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"innerdoor.example/services/orders/internal/order"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/principal/principaltest"
)

var rounds = flag.Int("rounds", 40, "how often the tests of races take a right away while it is used")

const writers = 32

// race is a right that is used by many while an admin takes it away.
type race struct {
	use  func(id order.ID) error
	give func() error
	take func() error
}

// run gives the right and takes it away, round after round. After the taking has returned, nobody may succeed.
func (r race) run(t *testing.T, s *Store) {
	t.Helper()
	var used, refused, late atomic.Int64
	for round := range *rounds {
		if err := r.give(); err != nil {
			t.Fatal(err)
		}
		var taken atomic.Bool
		var all sync.WaitGroup
		for w := range writers {
			all.Go(func() {
				for n := 0; ; n++ {
					before := taken.Load()
					switch err := r.use(order.ID(fmt.Sprintf("o-%d-%d-%d", round, w, n))); {
					case err != nil:
						refused.Add(1)
					case before:
						late.Add(1)
					default:
						used.Add(1)
					}
					if before {
						return // this one came after
					}
				}
			})
		}
		for was := used.Load(); used.Load() == was; {
			time.Sleep(10 * time.Microsecond)
		}
		err := r.take()
		taken.Store(true)
		all.Wait()
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d rounds: used %d times, refused %d times, %d times after it was taken away", *rounds, used.Load(), refused.Load(), late.Load())
	if late.Load() != 0 || refused.Load() < int64(*rounds)*writers {
		t.Errorf("the right was used %d times after it was taken away; refused %d times", late.Load(), refused.Load())
	}
	if n := count(t, s.db, `SELECT count(*) FROM orders WHERE version > 1`); n != used.Load() {
		t.Errorf("%d orders were changed, the right was used %d times", n, used.Load())
	}
}

// someone is a person of acme with every scope and a second factor.
func someone(t *testing.T, id principal.ID) principal.Principal {
	return principaltest.Of(t, principal.Fields{ID: id, Scope: "orders:read orders:write orders:manage orders:ship orders:staff",
		Context: principal.Context{Tenant: "acme", SecondFactor: true}}, "gateway")
}

// raced is a store with an admin, and a use of a right on orders that are made for it.
func raced(t *testing.T, status order.Status) (s *Store, tom principal.Principal, made func(order.ID) error) {
	t.Helper()
	folder := t.TempDir()
	s = openStore(t, folder, time.Now)
	if err := operate(t, folder).Staff(t.Context(), order.Staff{Tenant: "acme", Subject: "home:tom", Role: order.Admin}); err != nil {
		t.Fatal(err)
	}
	return s, someone(t, "home:tom"), func(id order.ID) error {
		o := someOrder("acme", id)
		o.Status, o.Carrier = status, "swift-parcel"
		return s.db.Write(t.Context(), func(ctx context.Context, tx *database.Tx) error { return orders{}.Insert(ctx, tx, &o) })
	}
}

func TestAManagersRoleTakenAwayRefundsNothingAfterwards(t *testing.T) {
	s, tom, made := raced(t, order.Delivered)
	max := someone(t, "home:max")
	manager := order.Appointment{Subject: "home:max", Role: order.Manager, LimitAmount: 1_000_00, LimitCurrency: "EUR"}
	race{
		give: func() error { _, err := s.Appoint(t.Context(), tom, 0, manager); return err },
		take: func() error { return s.Dismiss(t.Context(), tom, 0, manager) },
		use:  use(t, s, max, made, order.Refund()),
	}.run(t, s)
}

func TestALimitLoweredRefundsNothingAboveItAfterwards(t *testing.T) {
	s, tom, made := raced(t, order.Delivered)
	max := someone(t, "home:max")
	limit := func(cents order.Cents, currency order.Currency) func() error {
		return func() error {
			_, err := s.Appoint(t.Context(), tom, 0, order.Appointment{Subject: "home:max", Role: order.Manager, LimitAmount: cents, LimitCurrency: currency})
			return err
		}
	}
	race{give: limit(1_000_00, "EUR"), take: limit(1_000_00, "USD"), use: use(t, s, max, made, order.Refund())}.run(t, s)
}

func TestACouriersEngagementEndedShipsNothingAfterwards(t *testing.T) {
	s, tom, made := raced(t, order.Placed)
	swift := someone(t, "home:swift")
	engagement := order.Engagement{Subject: "home:swift", Carrier: "swift-parcel"}
	race{
		give: func() error { _, err := s.Engage(t.Context(), tom, 0, engagement); return err },
		take: func() error { return s.Release(t.Context(), tom, 0, engagement) },
		use:  use(t, s, swift, made, order.Ship()),
	}.run(t, s)
}

// use does the command to an order that is made for it.
func use(t *testing.T, s *Store, who principal.Principal, made func(order.ID) error, c order.Command) func(order.ID) error {
	return func(id order.ID) error {
		if err := made(id); err != nil {
			t.Error(err)
			return nil
		}
		_, err := s.Do(t.Context(), who, id, 0, c)
		return err
	}
}
