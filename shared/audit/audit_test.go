package audit_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"innerdoor.example/shared/audit"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/principal"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func open(t *testing.T) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), filepath.Join(t.TempDir(), "records.db"), audit.Migrations())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func all(t *testing.T, db *database.DB) (records []audit.Record) {
	t.Helper()
	err := db.Read(t.Context(), func(ctx context.Context, tx *database.Tx) (err error) {
		records, err = database.All(ctx, tx, audit.Fields, audit.Select+" ORDER BY seq")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return records
}

// full is a record of which every field has a value of its own.
func full(t *testing.T) *audit.Record {
	t.Helper()
	r := &audit.Record{Evidence: []byte(`{"me":"home:alice"}`), IDs: map[string][]string{"owner": {"c-1", "c-2"}}}
	v := reflect.ValueOf(r).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString(v.Type().Field(i).Name)
		case reflect.Int, reflect.Int64:
			f.SetInt(int64(i + 1))
		}
	}
	return r
}

func TestARecordComesBackAsItWasWritten(t *testing.T) {
	db := open(t)
	one, two, three := full(t), full(t), full(t)
	two.ID, three.ID, two.IDs = "two", "three", nil
	if err := audit.Append(t.Context(), db, one); err != nil {
		t.Fatal(err)
	}
	if err := audit.Append(t.Context(), db, two, three); err != nil {
		t.Fatal(err)
	}
	if err := audit.Append(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if got := all(t, db); !reflect.DeepEqual(got, []audit.Record{*one, *two, *three}) {
		t.Errorf("wrote\n%+v, read\n%+v", []audit.Record{*one, *two, *three}, got)
	}
}

func TestARecordIsWrittenOnce(t *testing.T) {
	db := open(t)
	one, other := full(t), full(t)
	other.ID = "other"
	if err := audit.Append(t.Context(), db, one); err != nil {
		t.Fatal(err)
	}
	if audit.Append(t.Context(), db, one) == nil || audit.Append(t.Context(), db, other, one) == nil {
		t.Error("the same record was written twice")
	}
	if got := all(t, db); len(got) != 1 {
		t.Errorf("there are %d records", len(got))
	}
}

func TestIDsSortAsTheyWereMade(t *testing.T) {
	var ids []string
	for i := range 100 {
		ids = append(ids, audit.NewID(now.Add(time.Duration(i)*time.Millisecond)))
	}
	if !slices.IsSorted(ids) || len(slices.Compact(ids)) != 100 || len(ids[0]) != 26 {
		t.Errorf("the ids are %q", ids)
	}
	if one, other := audit.NewID(now), audit.NewID(now); one == other {
		t.Error("two ids of one moment are the same")
	}
}

func TestWhatAnOperatorDoesIsRecordedAsTheirs(t *testing.T) {
	r := audit.Operator("claims", "build", "staff", authz.Ref{Type: "staff", Tenant: "acme", ID: "home:tom", Version: 3}, now)
	if r.Subject != "operator:staff" || r.Tenant != "acme" || r.Object != "home:tom" || r.Version != 3 || r.Result != audit.Done || r.ID == "" {
		t.Errorf("recorded %+v", r)
	}
	if ref := r.Ref(); ref.Tenant != "acme" || ref.ID != r.ID || ref.Type != "decision" {
		t.Errorf("the record is %+v", ref)
	}
}

func TestRecordsAreKeptForTheirTimeAndNoLonger(t *testing.T) {
	db := open(t)
	keep := audit.Retention{DB: db, Service: "claims", Build: "build", Keep: time.Hour, Now: func() time.Time { return now }, Log: slog.Default()}
	const old, young = 2500, 10 // more than a batch
	var records []*audit.Record
	for i := range old + young {
		at := now.Add(-time.Hour - time.Millisecond)
		if i >= old {
			at = now.Add(-time.Hour)
		}
		records = append(records, audit.Operator("claims", "build", "seed", authz.Ref{Tenant: "acme"}, at))
	}
	if err := audit.Append(t.Context(), db, records...); err != nil {
		t.Fatal(err)
	}
	if err := keep.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	var kept, removed int64
	for _, r := range all(t, db) {
		switch r.Subject {
		case "operator:seed":
			kept++
		case "operator:sweep":
			removed += r.Count
			if r.Count > 100 {
				t.Errorf("all writers waited for the removal of %d records", r.Count)
			}
		}
	}
	if kept != young || removed != old {
		t.Errorf("%d are kept, %d are recorded as removed", kept, removed)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	keep.Run(ctx) // ends with its context
}

func TestWhatAPageShowedIsFoundByEachOfItsObjectsAsLongAsItsRecordIsKept(t *testing.T) {
	db := open(t)
	page, single, other := full(t), full(t), full(t)
	page.Object, page.IDs = "", map[string][]string{"owner": {"c-1", "c-2"}, "support": {"c-3"}}
	single.ID, single.Object, single.IDs = "single", "c-1", nil
	other.ID, other.Tenant, other.Object, other.IDs = "other", "globex", "", map[string][]string{"owner": {"c-1"}}
	page.At, single.At, other.At = now.UnixMilli(), now.UnixMilli(), now.UnixMilli()
	if err := audit.Append(t.Context(), db, page, single, other); err != nil {
		t.Fatal(err)
	}
	about := func(tenant principal.Tenant, object string) (ids []string) {
		t.Helper()
		err := db.Read(t.Context(), func(ctx context.Context, tx *database.Tx) error {
			found, err := database.All(ctx, tx, audit.Fields, audit.SelectAbout+" WHERE tenant = ? AND about = ? ORDER BY id", string(tenant), object)
			for _, r := range found {
				ids = append(ids, r.ID)
				if r.ID == page.ID && !reflect.DeepEqual(r, *page) {
					t.Errorf("about %s: wrote\n%+v, read\n%+v", object, *page, r)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return ids
	}
	for object, want := range map[string][]string{"c-1": {page.ID, "single"}, "c-2": {page.ID}, "c-3": {page.ID}, "c-4": nil} {
		if got := about(page.Tenant, object); !slices.Equal(got, want) {
			t.Errorf("of %s speak %q, not %q", object, got, want)
		}
	}
	if got := about("globex", "c-1"); !slices.Equal(got, []string{"other"}) {
		t.Errorf("of globex's c-1 speak %q", got)
	}
	keep := audit.Retention{DB: db, Service: "claims", Build: "build", Keep: time.Hour, Log: slog.Default(),
		Now: func() time.Time { return now.Add(2 * time.Hour) }}
	if err := keep.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := about(page.Tenant, "c-1"); len(got) != 0 {
		t.Errorf("when the records are gone, %q speak of c-1", got)
	}
	var left int
	err := db.Read(t.Context(), func(ctx context.Context, tx *database.Tx) error {
		return tx.QueryRowContext(ctx, "SELECT count(*) FROM shown").Scan(&left)
	})
	if err != nil || left != 0 {
		t.Errorf("%d references to records that are gone are kept, %v", left, err)
	}
}
