package store

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"innerdoor.example/services/orders/internal/order"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/principal/principaltest"
	"innerdoor.example/shared/web"
)

func operate(t *testing.T, folder string) *Operator {
	t.Helper()
	o, err := Operate(t.Context(), folder, "test", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.Close() })
	return o
}

// count is the number of rows that a query's one column says.
func count(t *testing.T, file *database.DB, query string, args ...any) (n int64) {
	t.Helper()
	err := file.Read(t.Context(), func(ctx context.Context, tx *database.Tx) error {
		return tx.QueryRowContext(ctx, query, args...).Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestSeedingAgainChangesNothing, and each row that the first time made has its record.
func TestSeedingAgainChangesNothing(t *testing.T) {
	file, err := os.ReadFile("../../seed.yaml")
	if err != nil {
		t.Fatal(err)
	}
	o := operate(t, t.TempDir())
	made, err := o.Seed(t.Context(), file)
	if err != nil || made < 20 {
		t.Fatalf("%d rows, %v", made, err)
	}
	if err := o.Staff(t.Context(), order.Staff{Tenant: "acme", Subject: "home:max", Role: order.Support}); err != nil {
		t.Fatal(err)
	}
	if again, err := o.Seed(t.Context(), file); err != nil || again != 0 {
		t.Errorf("%d rows the second time, %v", again, err)
	}
	if n := count(t, o.db, `SELECT count(*) FROM records WHERE subject = 'operator:seed'`); n != int64(made) {
		t.Errorf("%d records of %d rows", n, made)
	}
	if n := count(t, o.db, `SELECT count(*) FROM staff WHERE subject = 'home:max' AND role = 'support'`); n != 1 {
		t.Error("seeding again took max's new role away")
	}
}

// TestASeedWithAMistakeMakesNothing: all or nothing.
func TestASeedWithAMistakeMakesNothing(t *testing.T) {
	const good = `staff: [{tenant: acme, subject: "home:max", role: manager}]`
	for name, file := range map[string]string{
		"an unknown field": good + "\nextra: 1",
		"a wrong role":     good + "\n" + `carriers: [{tenant: acme, subject: "home:swift", carrier: "Not A Name"}]`,
		"a wrong tenant":   strings.Replace(good, "acme", "Acme Inc", 1),
		"an order without": good + "\n" + `orders: [{tenant: acme, id: o-1, owner: "home:alice", status: placed, region: eu, currency: EUR}]`,
	} {
		o := operate(t, t.TempDir())
		if _, err := o.Seed(t.Context(), []byte(file)); err == nil {
			t.Errorf("%s: no error", name)
		}
		if n := count(t, o.db, `SELECT (SELECT count(*) FROM staff) + (SELECT count(*) FROM records)`); n != 0 {
			t.Errorf("%s: %d rows were made", name, n)
		}
	}
	if made, err := operate(t, t.TempDir()).Seed(t.Context(), []byte(good)); made != 1 || err != nil {
		t.Errorf("without a mistake: %d rows, %v", made, err)
	}
}

func openStore(t *testing.T, folder string, now func() time.Time) *Store {
	t.Helper()
	cursors, err := door.LoadCursors(filepath.Join(folder, "cursor.key"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), folder, &door.Service{Name: Name, Build: "test", Now: now, ACR: "mfa", Cursors: cursors,
		Log: slog.New(slog.DiscardHandler), Drift: func(a authz.Name) { t.Errorf("drift at %s", a) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// TestARoleTakenAwayIsGoneWithTheNextRequest, although the token is as good as before.
func TestARoleTakenAwayIsGoneWithTheNextRequest(t *testing.T) {
	folder := t.TempDir()
	s, o := openStore(t, folder, time.Now), operate(t, folder)
	bobs := someOrder("acme", "o-bob")
	write(t, s.db, func(ctx context.Context, tx *database.Tx) error { return (orders{}).Insert(ctx, tx, &bobs) })
	max := principaltest.Of(t, principal.Fields{ID: "home:max", Scope: "orders:read", Context: principal.Context{Tenant: "acme"}}, "gateway")
	for _, c := range []struct {
		role order.Role
		kind web.Kind
	}{{"", web.NotFound}, {order.Manager, 0}, {order.Admin, web.NotFound}, {order.Auditor, 0}} {
		if c.role != "" {
			if err := o.Staff(t.Context(), order.Staff{Tenant: "acme", Subject: "home:max", Role: c.role}); err != nil {
				t.Fatal(err)
			}
		}
		_, err := s.Get(t.Context(), max, order.Read, "o-bob")
		e, refused := errors.AsType[*web.Error](err)
		if refused != (c.kind != 0) || refused && e.Kind != c.kind {
			t.Errorf("as %q: %v", c.role, err)
		}
	}
	if n := count(t, s.db, `SELECT count(*) FROM records WHERE subject = 'operator:staff' AND object = 'home:max' AND tenant = 'acme'`); n != 3 {
		t.Errorf("%d records of 3 changes", n)
	}
}

// TestNobodyIsRefusedBeforeAnythingIsAsked: the zero Principal proves nothing.
func TestNobodyIsRefusedBeforeAnythingIsAsked(t *testing.T) {
	s := openStore(t, t.TempDir(), time.Now)
	var nobody principal.Principal
	_, get := s.Get(t.Context(), nobody, order.Read, "o-1")
	_, list := s.List(t.Context(), nobody, Query{})
	_, do := s.Do(t.Context(), nobody, "o-1", 0, order.Ship())
	_, place := s.Place(t.Context(), nobody, order.Place{})
	_, decisions := s.Decisions(t.Context(), nobody, DecisionQuery{})
	_, staff := s.Staff(t.Context(), nobody, 0, "")
	_, appoint := s.Appoint(t.Context(), nobody, 0, order.Appointment{Subject: "home:eve", Role: order.Admin})
	_, couriers := s.Couriers(t.Context(), nobody, 0, "")
	_, engage := s.Engage(t.Context(), nobody, 0, order.Engagement{Subject: "home:eve", Carrier: "swift-parcel"})
	for name, err := range map[string]error{
		"get": get, "list": list, "do": do, "place": place, "decisions": decisions,
		"staff": staff, "appoint": appoint, "dismiss": s.Dismiss(t.Context(), nobody, 0, order.Appointment{Subject: "home:eve"}),
		"couriers": couriers, "engage": engage, "release": s.Release(t.Context(), nobody, 0, order.Engagement{Subject: "home:eve"}),
	} {
		if e, ok := errors.AsType[*web.Error](err); !ok || e.Kind != web.Unauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := count(t, s.db, `SELECT (SELECT count(*) FROM records) + (SELECT count(*) FROM staff) + (SELECT count(*) FROM carriers)`); n != 0 {
		t.Errorf("%d rows of nobody's", n)
	}
}

// TestRecordsAreKeptForTheirTimeAndNoLonger.
func TestRecordsAreKeptForTheirTimeAndNoLonger(t *testing.T) {
	folder, now := t.TempDir(), time.Now()
	s := openStore(t, folder, func() time.Time { return now })
	alice := principaltest.Of(t, principal.Fields{ID: "home:alice", Scope: "orders:read", Context: principal.Context{Tenant: "acme"}}, "gateway")
	ask := func() { _, _ = s.List(t.Context(), alice, Query{}) }
	ask()
	now = now.Add(48 * time.Hour)
	ask()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { s.Retain(ctx, 24*time.Hour); close(done) }()
	for deadline := time.Now().Add(10 * time.Second); count(t, s.db, `SELECT count(*) FROM records WHERE subject = 'operator:sweep'`) == 0; {
		if time.Now().After(deadline) {
			t.Fatal("nothing was swept")
		}
		time.Sleep(time.Millisecond)
	}
	stop()
	<-done
	if n := count(t, s.db, `SELECT count(*) FROM records WHERE subject = 'home:alice'`); n != 1 {
		t.Errorf("%d of alice's records are left, not the young one", n)
	}
	if n := count(t, s.db, `SELECT count FROM records WHERE subject = 'operator:sweep'`); n != 1 {
		t.Errorf("the sweep's record says %d", n)
	}
}
