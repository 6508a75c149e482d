package api_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

const toSwift = `{"carrier":"swift-parcel"}`

// TestAnOrderIsShownAndChangedOnlyByWhoMay asks, for each thing that can be done to an order, first everybody who may not,
// and then somebody who may, with the same bytes.
func TestAnOrderIsShownAndChangedOnlyByWhoMay(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		method, path, body string
		refused            map[string]int
		entitled           string
	}{
		{"GET", "/orders/o-alice-free", "", map[string]int{"bob": 404, "mallory": 404, "gus": 404, "gina": 404, "tom": 404, "rival": 404, "glide": 404, "legacy": 404, "narrow": 403, "nobody": 401, "": 401}, "alice"},
		{"GET", "/orders/o-other", "", map[string]int{"alice": 404, "swift": 404, "glide": 404}, "rival"},
		{"GET", "/orders/o-swift", "", map[string]int{"bob": 404, "rival": 404, "glide": 404, "gus": 404}, "swift"},
		{"GET", "/orders/o-legacy", "", map[string]int{"alice": 404, "swift": 404, "mallory": 404}, "legacy"},
		{"PUT", "/orders/o-alice-placed/carrier", toSwift, map[string]int{"alice": 403, "bob": 404, "olive": 403, "vera": 403, "tom": 404, "mallory": 404, "gus": 404, "swift": 403, "legacy": 403, "narrow": 403, "nobody": 401}, "faint"},
		{"POST", "/orders/o-swift/ship", "", map[string]int{"alice": 403, "bob": 404, "max": 403, "olive": 403, "vera": 403, "tom": 404, "rival": 404, "glide": 404, "gus": 404, "legacy": 403, "nobody": 401}, "swift"},
		{"POST", "/orders/o-swift/deliver", "", map[string]int{"alice": 403, "bob": 404, "max": 403, "olive": 403, "vera": 403, "tom": 404, "rival": 404, "glide": 404, "gus": 404, "legacy": 403, "nobody": 401}, "swift"},
		{"POST", "/orders/o-alice-placed/cancel", "", map[string]int{"bob": 404, "olive": 403, "vera": 403, "tom": 404, "eve": 404, "swift": 403, "narrow": 403, "mallory": 404, "gus": 404, "nobody": 401, "": 401}, "alice"},
		{"POST", "/orders/o-other/cancel", "", map[string]int{"alice": 404, "olive": 403, "vera": 403, "tom": 404, "rival": 403, "glide": 403, "gus": 404}, "max"},
		{"POST", "/orders/o-alice-free/refund", "", map[string]int{"alice": 403, "bob": 404, "olive": 403, "vera": 403, "tom": 404, "swift": 403, "narrow": 403, "faint": 401, "mallory": 404, "gus": 404, "gary": 404, "nobody": 401, "": 401}, "max"},
		{"GET", "/orders/decisions", "", map[string]int{"alice": 403, "max": 403, "olive": 403, "tom": 403, "swift": 403, "mallory": 403, "gus": 403, "nobody": 401, "": 401}, "vera"},
	} {
		for _, who := range slices.Sorted(maps.Keys(c.refused)) {
			w.want(c.refused[who], question{as: who, method: c.method, path: c.path, body: c.body})
		}
		w.want(200, question{as: c.entitled, method: c.method, path: c.path, body: c.body})
	}
}

// TestOfTwoOrdersWithOneIdEachTenantSeesItsOwn: o-alice exists in both.
func TestOfTwoOrdersWithOneIdEachTenantSeesItsOwn(t *testing.T) {
	w := newWorld(t)
	for who, marks := range map[string][2]string{"alice": {"acme", "globex"}, "max": {"acme", "globex"}, "mallory": {"globex", "acme"}, "gus": {"globex", "acme"}} {
		a := w.want(200, question{as: who, path: "/orders/o-alice"})
		if !strings.Contains(a.body, marks[0]) || strings.Contains(a.body, marks[1]) {
			t.Errorf("%s sees %s", who, a.body)
		}
	}
	w.want(409, question{as: "gus", method: "PUT", path: "/orders/o-alice/carrier", body: `{"carrier":"glide-parcel"}`})
	if n := w.number(`SELECT count(*) FROM orders WHERE id = 'o-alice' AND version = 1`); n != 2 {
		t.Errorf("%d of two orders are unchanged", n)
	}
}

// TestHiddenAndAbsentAreTheSameBytes compares status, headers and body, in the same transaction.
func TestHiddenAndAbsentAreTheSameBytes(t *testing.T) {
	w := newWorld(t)
	for _, c := range []question{
		{as: "bob", path: "/orders/%"},
		{as: "mallory", path: "/orders/%"},
		{as: "bob", method: "PUT", path: "/orders/%/carrier", body: toSwift},
		{as: "rival", method: "POST", path: "/orders/%/ship"},
		{as: "rival", method: "POST", path: "/orders/%/deliver"},
		{as: "bob", method: "POST", path: "/orders/%/cancel"},
		{as: "bob", method: "POST", path: "/orders/%/refund"},
		{as: "gus", method: "POST", path: "/orders/%/refund"},
		{as: "bob", peer: "claims", path: "/internal/orders/%/coverage"},
	} {
		hidden, absent := c, c
		hidden.txn, absent.txn = "one", "one"
		hidden.path = strings.Replace(c.path, "%", "o-alice-placed", 1)
		absent.path = strings.Replace(c.path, "%", "o-alice-nothing", 1)
		a, b := w.want(404, hidden), w.want(404, absent)
		a.header.Del("Date")
		b.header.Del("Date")
		if a.body != b.body || !maps.EqualFunc(a.header, b.header, slices.Equal) {
			t.Errorf("%s %s differ:\n%v %s\n%v %s", c.as, c.path, a.header, a.body, b.header, b.body)
		}
	}
	w.want(200, question{as: "alice", path: "/orders/o-alice-placed"})
}

// TestWithoutItsScopeEveryIdIsRefusedAlike: own, foreign, absent.
func TestWithoutItsScopeEveryIdIsRefusedAlike(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/orders/o-alice", "/orders/o-bob", "/orders/o-nothing", "/orders", "/orders/count"} {
		a := w.want(403, question{as: "narrow", path: path})
		if got := a.header.Get("WWW-Authenticate"); got != `Bearer error="insufficient_scope", scope="orders:read"` {
			t.Errorf("%s: challenge %q", path, got)
		}
	}
	w.want(200, question{as: "alice", path: "/orders/o-alice"})
}

// TestAListHoldsWhatItsReaderMaySeeAndNothingElse: by name, and counted alike.
func TestAListHoldsWhatItsReaderMaySeeAndNothingElse(t *testing.T) {
	w := newWorld(t)
	for who, want := range map[string][]string{
		"tom":     nil,
		"alice":   {"o-alice", "o-alice-free", "o-alice-old", "o-alice-placed", "o-swift"},
		"legacy":  {"o-legacy"},
		"swift":   {"o-ada", "o-alice", "o-alice-free", "o-alice-old", "o-bob", "o-bob-free", "o-sam", "o-swift"},
		"mallory": {"o-alice", "o-glide", "o-mallory"},
		"gus":     {"o-alice", "o-glide", "o-mallory"},
		"glide":   {"o-alice", "o-glide", "o-mallory"},
	} {
		ids := slices.Sorted(slices.Values(w.want(200, question{as: who, path: "/orders"}).ids(t)))
		if !slices.Equal(ids, want) {
			t.Errorf("%s sees %v, want %v", who, ids, want)
		}
		if n := w.want(200, question{as: who, path: "/orders/count"}).object(t)["count"]; n != float64(len(want)) {
			t.Errorf("%s counts %v, want %d", who, n, len(want))
		}
	}
	for _, who := range []string{"max", "vera", "olive"} {
		if n := len(w.get(who, "/orders").ids(t)); int64(n) != w.number(`SELECT count(*) FROM orders WHERE tenant = 'acme'`) {
			t.Errorf("%s sees %d orders, not all of acme's", who, n)
		}
	}
}

func TestAFilterNarrowsAListAndItsCount(t *testing.T) {
	w := newWorld(t)
	for query, want := range map[string][]string{
		"?status=placed":           {"o-alice-placed", "o-legacy", "o-other", "o-swift"},
		"?region=us":               {"o-bob-us"},
		"?status=placed&region=us": nil,
		"?status=cancelled":        {"o-bob-cancelled"},
	} {
		ids := slices.Sorted(slices.Values(w.want(200, question{as: "max", path: "/orders" + query}).ids(t)))
		if !slices.Equal(ids, want) {
			t.Errorf("%s: %v, want %v", query, ids, want)
		}
		if n := w.get("max", "/orders/count"+query).object(t)["count"]; n != float64(len(want)) {
			t.Errorf("%s: counts %v, want %d", query, n, len(want))
		}
	}
	for _, query := range []string{"?status=lost", "?status=", "?region=EU", "?tenant=globex", "?owner=home:bob", "?limit=0", "?limit=1000", "?status=placed&status=shipped", "?cursor=x"} {
		w.want(400, question{as: "max", path: "/orders" + query})
	}
	w.want(400, question{as: "max", path: "/orders/count?cursor=x"})
	w.want(400, question{as: "alice", path: "/orders/o-alice?tenant=globex"})
}

// TestACursorGoesOnForItsPersonOnly: all pages together are the list, and nobody else can use them.
func TestACursorGoesOnForItsPersonOnly(t *testing.T) {
	w := newWorld(t)
	whole := w.get("max", "/orders").ids(t)
	var paged []string
	for cursor := ""; ; {
		a := w.want(200, question{as: "max", path: "/orders?limit=4" + cursor})
		paged = append(paged, a.ids(t)...)
		next, more := a.object(t)["next"].(string)
		if !more {
			break
		}
		cursor = "&cursor=" + next
		for _, other := range []string{"vera", "alice", "gus"} {
			w.want(400, question{as: other, path: "/orders?limit=4" + cursor})
		}
		w.want(400, question{as: "max", path: "/orders?status=placed&limit=4" + cursor})
		w.want(400, question{as: "max", path: "/orders?limit=4" + cursor[:len(cursor)-2] + "AA"})
	}
	if !slices.Equal(whole, paged) {
		t.Errorf("in pages: %v\nat once:  %v", paged, whole)
	}
}

// TestACarrierSeesWhereToBringItAndNothingElse: on detail, on the list and after a change.
func TestACarrierSeesWhereToBringItAndNothingElse(t *testing.T) {
	w := newWorld(t)
	want := []string{"id", "region", "ship_to", "status"}
	check := func(where string, order map[string]any) {
		t.Helper()
		if got := slices.Sorted(maps.Keys(order)); !slices.Equal(got, want) {
			t.Errorf("%s: swift sees %v", where, got)
		}
	}
	check("detail", w.want(200, question{as: "swift", path: "/orders/o-swift"}).object(t))
	for _, row := range w.want(200, question{as: "swift", path: "/orders"}).rows(t) {
		check("list", row)
	}
	check("ship", w.want(200, question{as: "swift", method: "POST", path: "/orders/o-swift/ship"}).object(t))
	if order := w.get("alice", "/orders/o-swift").object(t); order["amount"] != 40_00.0 || order["status"] != "shipped" {
		t.Errorf("alice sees %v", order)
	}
}

// TestSupportSeesNobodysContact: on detail and on the list; a manager and an auditor do.
func TestSupportSeesNobodysContact(t *testing.T) {
	w := newWorld(t)
	detail := w.want(200, question{as: "olive", path: "/orders/o-alice"})
	list := w.want(200, question{as: "olive", path: "/orders"})
	for _, a := range []answer{detail, list} {
		for _, part := range []string{"Alice", "alice@", "+49", "Bob", "bob@"} {
			if strings.Contains(a.body, part) {
				t.Errorf("olive sees %q: %s", part, a.body)
			}
		}
	}
	if detail.object(t)["amount"] != 200_00.0 || detail.object(t)["items"] == nil || len(list.rows(t)) < 10 {
		t.Errorf("olive sees too little: %s", detail.body)
	}
	for _, who := range []string{"alice", "max", "vera"} {
		for _, path := range []string{"/orders/o-alice", "/orders"} {
			if a := w.want(200, question{as: who, path: path}); !strings.Contains(a.body, "alice@acme.example") {
				t.Errorf("%s does not see the contact in %s", who, path)
			}
		}
	}
}

// TestWithoutARecordNothingIsShownOrDone: the table of records is away.
func TestWithoutARecordNothingIsShownOrDone(t *testing.T) {
	w := newWorld(t)
	const changed = `SELECT (SELECT count(*) * 1000 + sum(version) FROM orders) + (SELECT count(*) * 1000 + sum(version) FROM staff)
		+ (SELECT count(*) * 1000 + sum(version) FROM carriers)`
	asked := []question{
		{as: "alice", path: "/orders/o-alice"},
		{as: "alice", path: "/orders"},
		{as: "alice", path: "/orders/count"},
		{as: "bob", path: "/orders/o-alice"}, // a refusal is a decision too
		{as: "alice", method: "POST", path: "/orders", body: kettle},
		{as: "max", method: "PUT", path: "/orders/o-alice-placed/carrier", body: toSwift},
		{as: "swift", method: "POST", path: "/orders/o-swift/ship"},
		{as: "alice", peer: "claims", path: "/internal/orders/o-alice/coverage"},
		{as: "vera", path: "/orders/decisions"},
		{as: "alice", method: "POST", path: "/orders/o-alice-placed/cancel"},
		{as: "max", method: "POST", path: "/orders/o-alice-free/refund"},
		{as: "tom", path: "/orders/staff"},
		{as: "alice", path: "/orders/carriers"},
		{as: "tom", method: "PUT", path: "/orders/staff/home:max", body: `{"role":"support"}`},
		{as: "tom", method: "DELETE", path: "/orders/carriers/home:swift"},
	}
	before := w.number(changed)
	w.sql(`ALTER TABLE records RENAME TO lost`)
	for _, q := range asked {
		a := w.want(503, q)
		if a.header.Get("Retry-After") == "" || strings.Contains(a.body, "acme") {
			t.Errorf("%s %s: %v %s", q.as, q.path, a.header, a.body)
		}
	}
	if after := w.number(changed); after != before {
		t.Error("something was changed without a record")
	}
	w.sql(`ALTER TABLE lost RENAME TO records`)
	for _, q := range asked {
		if a := w.ask(q); a.status == http.StatusServiceUnavailable {
			t.Errorf("%s %s: %s", q.as, q.path, a.body)
		}
	}
}
