package store

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"innerdoor.example/services/orders/internal/order"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/door/doortest"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/principal/principaltest"
)

// someone is a person of acme with every scope and a second factor.
func someone(t *testing.T, id principal.ID) principal.Principal {
	return principaltest.Of(t, principal.Fields{ID: id, Scope: "orders:read orders:write orders:manage orders:ship orders:staff",
		Context: principal.Context{Tenant: "acme", SecondFactor: true}}, "gateway")
}

// raced is a store with an admin, and a use of a right on orders that are made for it.
func raced(t *testing.T, status order.Status) (s *Store, tom principal.Principal, made func() (order.ID, error)) {
	t.Helper()
	folder := t.TempDir()
	s = openStore(t, folder, time.Now)
	if err := operate(t, folder).Staff(t.Context(), order.Staff{Tenant: "acme", Subject: "home:tom", Role: order.Admin}); err != nil {
		t.Fatal(err)
	}
	var n atomic.Int64
	return s, someone(t, "home:tom"), func() (order.ID, error) {
		o := someOrder("acme", order.ID(fmt.Sprintf("o-%d", n.Add(1))))
		o.Status, o.Carrier = status, "swift-parcel"
		return o.ID, s.db.Write(t.Context(), func(ctx context.Context, tx *database.Tx) error { return orders{}.Insert(ctx, tx, &o) })
	}
}

// run is the race, after which as many orders are changed as the right was used.
func run(t *testing.T, s *Store, race doortest.Race) {
	t.Helper()
	used := race.Run(t)
	if n := count(t, s.db, `SELECT count(*) FROM orders WHERE version > 1`); n != used {
		t.Errorf("%d orders were changed, the right was used %d times", n, used)
	}
}

func TestAManagersRoleTakenAwayRefundsNothingAfterwards(t *testing.T) {
	s, tom, made := raced(t, order.Delivered)
	max := someone(t, "home:max")
	manager := order.Appointment{Subject: "home:max", Role: order.Manager, LimitAmount: 1_000_00, LimitCurrency: "EUR"}
	run(t, s, doortest.Race{
		Give: func() error { _, err := s.Appoint(t.Context(), tom, 0, manager); return err },
		Take: func() error { return s.Dismiss(t.Context(), tom, 0, manager) },
		Use:  use(t, s, max, made, order.Refund()),
	})
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
	run(t, s, doortest.Race{Give: limit(1_000_00, "EUR"), Take: limit(1_000_00, "USD"), Use: use(t, s, max, made, order.Refund())})
}

func TestACouriersEngagementEndedShipsNothingAfterwards(t *testing.T) {
	s, tom, made := raced(t, order.Placed)
	swift := someone(t, "home:swift")
	engagement := order.Engagement{Subject: "home:swift", Carrier: "swift-parcel"}
	run(t, s, doortest.Race{
		Give: func() error { _, err := s.Engage(t.Context(), tom, 0, engagement); return err },
		Take: func() error { return s.Release(t.Context(), tom, 0, engagement) },
		Use:  use(t, s, swift, made, order.Ship()),
	})
}

// use does the command to an order that is made for it.
func use(t *testing.T, s *Store, who principal.Principal, made func() (order.ID, error), c order.Command) func() error {
	return func() error {
		id, err := made()
		if err != nil {
			t.Error(err)
			return nil
		}
		_, err = s.Do(t.Context(), who, id, 0, c)
		return err
	}
}
