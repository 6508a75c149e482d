package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"testing"
	"time"

	"innerdoor.example/services/orders/internal/order"
	"innerdoor.example/services/orders/internal/store/internal/db"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
)

// anywhere is a way that leads to every row: the policy's own wall is out of the way in these tests.
var anywhere = []authz.SQL{{Text: "owner <> ?", Args: []any{"nobody"}}}

// newDatabase is the tables alone, with these orders in them.
func newDatabase(t *testing.T, rows ...order.Order) *database.DB {
	t.Helper()
	file, err := open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	write(t, file, func(ctx context.Context, tx *database.Tx) error {
		for _, row := range rows {
			if err := (orders{}).Insert(ctx, tx, &row); err != nil {
				return err
			}
		}
		return nil
	})
	return file
}

func write(t *testing.T, file *database.DB, f func(context.Context, *database.Tx) error) {
	t.Helper()
	if err := file.Write(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func someOrder(tenant principal.Tenant, id order.ID) order.Order {
	return order.Order{Tenant: tenant, ID: id, Owner: "home:alice", Items: order.NewItems([]order.Item{{Name: "kettle", Quantity: 1, Price: 1}}),
		Amount: 1, Currency: "EUR", ShipTo: string(tenant), Region: "eu", Status: order.Placed, Version: 1, CreatedAt: 1, UpdatedAt: 1}
}

// TestFindKeepsToItsTenant asks the query alone, with no policy before or after it.
func TestFindKeepsToItsTenant(t *testing.T) {
	file := newDatabase(t, someOrder("acme", "o-acme"), someOrder("acme", "o-both"), someOrder("globex", "o-both"))
	write(t, file, func(ctx context.Context, tx *database.Tx) error {
		if o, err := (orders{}).Find(ctx, tx, "globex", "o-acme"); !errors.Is(err, door.ErrAbsent) {
			t.Errorf("globex found acme's %+v, %v", o, err)
		}
		for _, tenant := range []principal.Tenant{"acme", "globex"} {
			if o, err := (orders{}).Find(ctx, tx, tenant, "o-both"); err != nil || o.Tenant != tenant || o.ShipTo != string(tenant) {
				t.Errorf("%s found %+v, %v", tenant, o, err)
			}
		}
		return nil
	})
}

func TestPageAndCountKeepToTheirTenant(t *testing.T) {
	file := newDatabase(t, someOrder("acme", "o-1"), someOrder("acme", "o-2"), someOrder("globex", "o-1"), someOrder("globex", "o-3"), someOrder("initech", "o-1"))
	write(t, file, func(ctx context.Context, tx *database.Tx) error {
		for tenant, want := range map[principal.Tenant][]order.ID{"acme": {"o-2", "o-1"}, "globex": {"o-3", "o-1"}, "hooli": nil} {
			page, err := (orders{}).Page(ctx, tx, tenant, anywhere, door.Page{Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			var ids []order.ID
			for _, o := range page {
				ids = append(ids, o.ID)
				if o.Tenant != tenant {
					t.Errorf("%s's page has %s's %s", tenant, o.Tenant, o.ID)
				}
			}
			n, err := (orders{}).Count(ctx, tx, tenant, anywhere, nil)
			if err != nil || !slices.Equal(ids, want) || n != int64(len(want)) {
				t.Errorf("%s: page %v, count %d, %v; want %v", tenant, ids, n, err, want)
			}
		}
		return nil
	})
}

func TestUpdateKeepsToItsTenantAndVersion(t *testing.T) {
	acme := someOrder("acme", "o-1")
	file := newDatabase(t, acme)
	change := func(tenant principal.Tenant, id order.ID, was int64) (err error) {
		o := someOrder(tenant, id)
		o.Status, o.Version = order.Shipped, was+1
		write(t, file, func(ctx context.Context, tx *database.Tx) error {
			err = (orders{}).Update(ctx, tx, &o, was)
			return nil
		})
		return err
	}
	for name, err := range map[string]error{
		"globex": change("globex", "o-1", 1), "another id": change("acme", "o-2", 1), "another version": change("acme", "o-1", 2),
	} {
		if !errors.Is(err, door.ErrStale) {
			t.Errorf("%s changed acme's order: %v", name, err)
		}
	}
	if err := change("acme", "o-1", 1); err != nil {
		t.Errorf("acme: %v", err)
	}
}

// TestWhatIsKnownAboutAPersonKeepsToTheirTenant: the same id in two tenants is two people as far as roles go.
func TestWhatIsKnownAboutAPersonKeepsToTheirTenant(t *testing.T) {
	file := newDatabase(t)
	write(t, file, func(ctx context.Context, tx *database.Tx) error {
		q := db.New(tx)
		if _, err := q.InsertStaff(ctx, db.InsertStaffParams{Tenant: "acme", Subject: "home:max", Role: order.Manager}); err != nil {
			return err
		}
		if _, err := q.InsertCourier(ctx, db.InsertCourierParams{Tenant: "acme", Subject: "home:swift", Carrier: "swift-parcel"}); err != nil {
			return err
		}
		if s, err := q.FindStaff(ctx, db.FindStaffParams{Tenant: "globex", Subject: "home:max"}); !errors.Is(err, sql.ErrNoRows) {
			t.Errorf("in globex max is %+v, %v", s, err)
		}
		if s, err := q.FindStaff(ctx, db.FindStaffParams{Tenant: "acme", Subject: "home:eve"}); !errors.Is(err, sql.ErrNoRows) {
			t.Errorf("in acme eve is %+v, %v", s, err)
		}
		if c, err := q.FindCourier(ctx, db.FindCourierParams{Tenant: "globex", Subject: "home:swift"}); !errors.Is(err, sql.ErrNoRows) {
			t.Errorf("in globex swift is %+v, %v", c, err)
		}
		if known, err := q.HasCarrier(ctx, db.HasCarrierParams{Tenant: "globex", Carrier: "swift-parcel"}); known || err != nil {
			t.Errorf("globex knows acme's carrier: %v", err)
		}
		staff, noStaff := q.FindStaff(ctx, db.FindStaffParams{Tenant: "acme", Subject: "home:max"})
		courier, noCourier := q.FindCourier(ctx, db.FindCourierParams{Tenant: "acme", Subject: "home:swift"})
		known, err := q.HasCarrier(ctx, db.HasCarrierParams{Tenant: "acme", Carrier: "swift-parcel"})
		if staff.Role != order.Manager || courier.Carrier != "swift-parcel" || !known {
			t.Errorf("in acme: %+v, %+v, %v", staff, courier, known)
		}
		return errors.Join(noStaff, noCourier, err)
	})
}

// TestEachQueryOnADeskKeepsToItsTenantPersonAndVersion: the same person has a row in two tenants.
func TestEachQueryOnADeskKeepsToItsTenantPersonAndVersion(t *testing.T) {
	deskKeepsToItsTenant(t, staff{}, func(tenant principal.Tenant, id principal.ID, version int64) order.Staff {
		return order.Staff{Tenant: tenant, Subject: id, Role: order.Manager, LimitAmount: order.Cents(len(tenant)), LimitCurrency: "EUR",
			Version: version, CreatedAt: 1, UpdatedAt: 2}
	})
	deskKeepsToItsTenant(t, couriers{}, func(tenant principal.Tenant, id principal.ID, version int64) order.Courier {
		return order.Courier{Tenant: tenant, Subject: id, Carrier: order.Carrier(tenant), Version: version, CreatedAt: 1, UpdatedAt: 2}
	})
}

// desk is a table of rows that can be removed.
type desk[R comparable] interface {
	Find(ctx context.Context, tx *database.Tx, tenant principal.Tenant, id string) (R, error)
	Page(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, p door.Page) ([]R, error)
	Count(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, f door.Filter) (int64, error)
	Insert(ctx context.Context, tx *database.Tx, row *R) error
	Update(ctx context.Context, tx *database.Tx, row *R, version int64) error
	Delete(ctx context.Context, tx *database.Tx, row *R) error
}

func deskKeepsToItsTenant[R comparable](t *testing.T, table desk[R], row func(principal.Tenant, principal.ID, int64) R) {
	t.Helper()
	file := newDatabase(t)
	everybody := []authz.SQL{{Text: "subject <> ?", Args: []any{"nobody"}}}
	// is fails unless the tenants hold these rows and no others.
	is := func(ctx context.Context, tx *database.Tx, when string, want map[principal.Tenant][]R) {
		for _, tenant := range []principal.Tenant{"acme", "globex", "hooli"} {
			page, noPage := table.Page(ctx, tx, tenant, everybody, door.Page{Limit: 10})
			n, err := table.Count(ctx, tx, tenant, everybody, nil)
			if noPage != nil || err != nil || !slices.Equal(page, want[tenant]) || n != int64(len(page)) {
				t.Errorf("%s: %s has %+v, counted %d, want %+v: %v, %v", when, tenant, page, n, want[tenant], noPage, err)
			}
		}
	}
	write(t, file, func(ctx context.Context, tx *database.Tx) error {
		ours, theirs, other := row("acme", "home:max", 1), row("globex", "home:max", 1), row("acme", "home:eve", 1)
		for _, r := range []R{ours, theirs, other} {
			if err := table.Insert(ctx, tx, &r); err != nil {
				return err
			}
		}
		is(ctx, tx, "inserted", map[principal.Tenant][]R{"acme": {ours, other}, "globex": {theirs}})
		if table.Insert(ctx, tx, &ours) == nil {
			t.Error("a second row of one person was saved")
		}
		for tenant, want := range map[principal.Tenant]R{"acme": ours, "globex": theirs} {
			if found, err := table.Find(ctx, tx, tenant, "home:max"); err != nil || found != want {
				t.Errorf("%s found %+v, %v", tenant, found, err)
			}
		}
		if found, err := table.Find(ctx, tx, "globex", "home:eve"); !errors.Is(err, door.ErrAbsent) {
			t.Errorf("globex found acme's %+v, %v", found, err)
		}
		changed, lost, stale := row("acme", "home:max", 2), row("hooli", "home:max", 1), row("acme", "home:max", 3)
		nobody := row("acme", "home:nobody", 1)
		for name, err := range map[string]error{
			"changed in no tenant":       table.Update(ctx, tx, &lost, 1),
			"changed in another version": table.Update(ctx, tx, &changed, 7),
			"removed in no tenant":       table.Delete(ctx, tx, &lost),
			"changed of nobody":          table.Update(ctx, tx, &nobody, 1),
			"removed of nobody":          table.Delete(ctx, tx, &nobody),
			"removed in another version": table.Delete(ctx, tx, &stale),
		} {
			if !errors.Is(err, door.ErrStale) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := table.Update(ctx, tx, &changed, 1); err != nil {
			return err
		}
		is(ctx, tx, "updated", map[principal.Tenant][]R{"acme": {changed, other}, "globex": {theirs}})
		if err := table.Delete(ctx, tx, &changed); err != nil {
			return err
		}
		is(ctx, tx, "removed", map[principal.Tenant][]R{"acme": {other}, "globex": {theirs}})
		return nil
	})
}

// TestASecondOrderUnderAnIdIsAConflict and leaves the first as it is.
func TestASecondOrderUnderAnIdIsAConflict(t *testing.T) {
	file := newDatabase(t, someOrder("acme", "o-1"))
	write(t, file, func(ctx context.Context, tx *database.Tx) error {
		second := someOrder("acme", "o-1")
		second.Owner = "home:mallory"
		if err := (orders{}).Insert(ctx, tx, &second); err == nil {
			t.Error("a second order was saved under the id of the first")
		}
		if o, err := (orders{}).Find(ctx, tx, "acme", "o-1"); err != nil || o.Owner != "home:alice" {
			t.Errorf("%+v, %v", o, err)
		}
		return nil
	})
}

// TestTheRowIsTheNoun: what is saved is what is found and listed, field by field.
func TestTheRowIsTheNoun(t *testing.T) {
	was, err := order.Place{
		Items: []order.Item{{Name: "kettle", Quantity: 2, Price: 3}}, Currency: "EUR", Region: "eu", ShipTo: "there",
		Contact: order.Contact{Name: "A", Email: "a@b", Phone: "1"},
	}.New("acme", "home:alice", time.UnixMilli(1_000))
	if err != nil {
		t.Fatal(err)
	}
	was.Carrier, was.ShippedAt, was.DeliveredAt, was.UpdatedAt, was.Status = "swift-parcel", 2_000, 3_000, 4_000, order.Delivered
	file := newDatabase(t, was)
	write(t, file, func(ctx context.Context, tx *database.Tx) error {
		found, err := (orders{}).Find(ctx, tx, "acme", string(was.ID))
		if err != nil {
			return err
		}
		page, err := (orders{}).Page(ctx, tx, "acme", anywhere, door.Page{Limit: 10})
		if err != nil || len(page) != 1 {
			t.Fatalf("%d rows, %v", len(page), err)
		}
		for _, is := range []order.Order{found, page[0]} {
			if is != was {
				t.Errorf("saved %+v\nfound %+v", was, is)
			}
		}
		return nil
	})
}
