package api_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

const (
	asSupport = `{"role":"support"}`
	asAdmin   = `{"role":"admin"}`
)

// TestADeskIsKeptByAdminsWithASecondFactor asks first everybody who may not, and then the admin, with the same bytes.
func TestADeskIsKeptByAdminsWithASecondFactor(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/orders/staff", "", 200},
		{"PUT", "/orders/staff/home:olive", asSupport, 200},
		{"PUT", "/orders/staff/home:eve", asSupport, 201},
		{"DELETE", "/orders/staff/home:eve", "", 204},
		{"GET", "/orders/carriers", "", 200},
		{"PUT", "/orders/carriers/home:swift", toSwift, 200},
		{"PUT", "/orders/carriers/home:eve", toSwift, 201},
		{"DELETE", "/orders/carriers/home:eve", "", 204},
	} {
		before := w.number(`SELECT (SELECT sum(version) FROM staff) + (SELECT sum(version) FROM carriers)`)
		for who, status := range map[string]int{
			"alice": 403, "bob": 403, "olive": 403, "vera": 403, "max": 403, "eve": 403, "swift": 403, "narrow": 403,
			"mallory": 403, "gus": 403, "gina": 403, "weak": 401, "nobody": 401, "": 401,
		} {
			w.want(status, question{as: who, method: c.method, path: c.path, body: c.body})
		}
		if after := w.number(`SELECT (SELECT sum(version) FROM staff) + (SELECT sum(version) FROM carriers)`); after != before {
			t.Errorf("%s %s: somebody who was refused changed something", c.method, c.path)
		}
		w.want(c.status, question{as: "tom", method: c.method, path: c.path, body: c.body})
	}
	challenge := w.want(401, question{as: "weak", path: "/orders/staff"}).header.Get("WWW-Authenticate")
	if !strings.Contains(challenge, `acr_values="`+stepUpACR+`"`) {
		t.Errorf("challenged by %s", challenge)
	}
}

// TestNobodyChangesTheirOwnRow, nor the one that is to be; another admin does, with the same bytes.
func TestNobodyChangesTheirOwnRow(t *testing.T) {
	w := newWorld(t)
	w.want(201, question{as: "tom", method: "PUT", path: "/orders/staff/home:eve", body: asAdmin})
	for _, c := range []struct {
		method, path, body string
		status             int // for eve, the other admin
	}{
		{"PUT", "/orders/staff/home:tom", `{"role":"admin","limit":1,"currency":"EUR"}`, 200},
		{"DELETE", "/orders/carriers/home:tom", "", 404}, // there is none
		{"PUT", "/orders/carriers/home:tom", toSwift, 201},
		{"PUT", "/orders/carriers/home:tom", toSwift, 200},
		{"DELETE", "/orders/carriers/home:tom", "", 204},
		{"DELETE", "/orders/staff/home:tom", "", 204},
	} {
		own := question{as: "tom", method: c.method, path: c.path, body: c.body}
		w.want(403, own)
		own.as = "weak"
		w.want(403, own) // a stronger login is not asked for where it would not help
		own.as = "eve"
		w.want(c.status, own)
	}
	w.want(403, question{as: "tom", path: "/orders/staff"}) // he is none any more
}

// TestARightGivenOrTakenCountsOnTheNextRequest, although the token is as good as before.
func TestARightGivenOrTakenCountsOnTheNextRequest(t *testing.T) {
	w := newWorld(t)
	read := question{as: "eve", path: "/orders/o-swift"}
	for _, c := range []struct {
		method, path, body string
		status, then       int
	}{
		{"PUT", "/orders/staff/home:eve", `{"role":"manager","limit":100000,"currency":"EUR"}`, 201, 200},
		{"PUT", "/orders/staff/home:eve", asAdmin, 200, 404},
		{"PUT", "/orders/staff/home:eve", asSupport, 200, 200},
		{"DELETE", "/orders/staff/home:eve", "", 204, 404},
		{"PUT", "/orders/carriers/home:eve", toSwift, 201, 200},
		{"PUT", "/orders/carriers/home:eve", `{"carrier":"other-parcel"}`, 200, 404},
		{"PUT", "/orders/carriers/home:eve", toSwift, 200, 200},
		{"DELETE", "/orders/carriers/home:eve", "", 204, 404},
		{"DELETE", "/orders/carriers/home:eve", "", 404, 404},
	} {
		w.want(c.status, question{as: "tom", method: c.method, path: c.path, body: c.body})
		w.want(c.then, read)
	}
}

// TestADeskIsItsTenantsAlone: the same person in the other tenant is somebody else.
func TestADeskIsItsTenantsAlone(t *testing.T) {
	w := newWorld(t)
	w.want(404, question{as: "gary", method: "DELETE", path: "/orders/staff/home:max"})
	w.want(404, question{as: "gary", method: "DELETE", path: "/orders/carriers/home:swift"})
	w.want(201, question{as: "gary", method: "PUT", path: "/orders/staff/home:max", body: asSupport}) // globex's max
	w.want(201, question{as: "gary", method: "PUT", path: "/orders/carriers/home:swift", body: `{"carrier":"glide-parcel"}`})
	w.want(200, question{as: "max", method: "POST", path: "/orders/o-bob-free/refund"})
	w.want(200, question{as: "swift", path: "/orders/o-swift"})
	subjects := func(who, path string) (all []string) {
		for _, row := range w.want(200, question{as: who, path: path}).rows(t) {
			all = append(all, row["subject"].(string))
		}
		return slices.Sorted(slices.Values(all))
	}
	for _, c := range []struct {
		who, path string
		want      []string
	}{
		{"tom", "/orders/staff", []string{"home:max", "home:olive", "home:tom", "home:vera"}},
		{"gary", "/orders/staff", []string{"home:gary", "home:gina", "home:glen", "home:gus", "home:max"}},
		{"tom", "/orders/carriers", []string{"home:other", "home:swift"}},
		{"gary", "/orders/carriers", []string{"home:glide", "home:swift"}},
	} {
		if got := subjects(c.who, c.path); !slices.Equal(got, c.want) {
			t.Errorf("%s: %s: %v, want %v", c.who, c.path, got, c.want)
		}
	}
}

// TestADesksListGoesOnWhereItsPageEnded, for the same admin only.
func TestADesksListGoesOnWhereItsPageEnded(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/orders/staff", "/orders/carriers"} {
		var whole, paged []any
		for _, row := range w.want(200, question{as: "tom", path: path}).rows(t) {
			whole = append(whole, row["subject"])
		}
		for cursor := ""; ; {
			page := w.want(200, question{as: "tom", path: path + "?limit=1" + cursor})
			for _, row := range page.rows(t) {
				paged = append(paged, row["subject"])
			}
			next, more := page.object(t)["next"].(string)
			if !more {
				break
			}
			cursor = "&cursor=" + next
			w.want(400, question{as: "gary", path: path + "?limit=1" + cursor})
		}
		if !slices.Equal(whole, paged) || len(whole) < 2 {
			t.Errorf("%s: in pages %v, at once %v", path, paged, whole)
		}
		for _, query := range []string{"?limit=0", "?limit=201", "?cursor=x", "?tenant=globex", "?role=admin"} {
			w.want(400, question{as: "tom", path: path + query})
		}
	}
}

// TestWhatAnAdminIsShownOfAPerson: the whole row and nothing else, and the version to insist on.
func TestWhatAnAdminIsShownOfAPerson(t *testing.T) {
	w := newWorld(t)
	put := question{as: "tom", method: "PUT", path: "/orders/staff/home:eve", body: `{"role":"manager","limit":100,"currency":"EUR"}`}
	put.match = `"1"`
	w.want(412, put) // there is none to insist on
	put.match = ""
	a := w.want(201, put)
	row := a.object(t)
	if keys := slices.Sorted(maps.Keys(row)); !slices.Equal(keys, []string{"created_at", "currency", "limit", "role", "subject", "updated_at", "version"}) {
		t.Errorf("shown %v", keys)
	}
	if row["subject"] != "home:eve" || row["role"] != "manager" || row["limit"] != 100.0 || row["currency"] != "EUR" || a.header.Get("ETag") != `"1"` {
		t.Errorf("shown %s, %s", a.body, a.header.Get("ETag"))
	}
	put.match = `"2"`
	w.want(412, put)
	put.match = `"1"`
	if tag := w.want(200, put).header.Get("ETag"); tag != `"2"` {
		t.Errorf("ETag %s after the change", tag)
	}
	w.want(412, question{as: "tom", method: "DELETE", path: put.path, match: `"1"`})
	w.want(204, question{as: "tom", method: "DELETE", path: put.path, match: `"2"`})

	courier := w.want(201, question{as: "tom", method: "PUT", path: "/orders/carriers/home:eve", body: toSwift})
	if keys := slices.Sorted(maps.Keys(courier.object(t))); !slices.Equal(keys, []string{"carrier", "created_at", "subject", "updated_at", "version"}) {
		t.Errorf("shown %v", keys)
	}
}

// TestALimitThatDoesNotFitIsToldToAdminsOnly.
func TestALimitThatDoesNotFitIsToldToAdminsOnly(t *testing.T) {
	w := newWorld(t)
	for body, status := range map[string]int{
		`{"role":"manager","limit":1}`:                   422,
		`{"role":"manager","currency":"EUR"}`:            422,
		`{"role":"manager","limit":-1,"currency":"EUR"}`: 422,
	} {
		w.want(403, question{as: "max", method: "PUT", path: "/orders/staff/home:eve", body: body})
		w.want(status, question{as: "tom", method: "PUT", path: "/orders/staff/home:eve", body: body})
	}
	if n := w.number(`SELECT count(*) FROM staff WHERE subject = 'home:eve'`); n != 0 {
		t.Error("eve has a role")
	}
	w.want(201, question{as: "tom", method: "PUT", path: "/orders/staff/home:eve", body: `{"role":"manager","limit":1,"currency":"EUR"}`})
}

// TestWhatAnAdminDidIsOnRecord, refusals too.
func TestWhatAnAdminDidIsOnRecord(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		q                     question
		status                int
		action, outcome, rule string
		object                string
	}{
		{question{as: "weak", path: "/orders/staff"}, 401, "staff:read", "step_up", "admin", ""},
		{question{as: "max", path: "/orders/staff"}, 403, "staff:read", "forbidden", "", ""},
		{question{as: "max", method: "PUT", path: "/orders/staff/home:eve", body: asSupport}, 403, "staff:change", "hidden", "", "home:eve"},
		{question{as: "tom", method: "PUT", path: "/orders/staff/home:tom", body: asSupport}, 403, "staff:change", "forbidden", "own-row", "home:tom"},
		{question{as: "tom", method: "PUT", path: "/orders/staff/home:eve", body: asSupport}, 201, "staff:change", "allowed", "admin", "home:eve"},
		{question{as: "tom", method: "DELETE", path: "/orders/carriers/home:swift"}, 204, "carriers:change", "allowed", "admin", "home:swift"},
		{question{as: "tom", method: "DELETE", path: "/orders/carriers/home:swift"}, 404, "carriers:change", "allowed", "admin", "home:swift"},
	} {
		txn := w.want(c.status, c.q).header.Get("Txn-Id")
		rows := w.want(200, question{as: "vera", path: "/orders/decisions?txn=" + txn}).rows(t)
		if len(rows) != 1 {
			t.Errorf("%s %s: %d records", c.q.as, c.q.path, len(rows))
			continue
		}
		r := rows[0]
		object, _ := r["object"].(string)
		if r["action"] != c.action || r["outcome"] != c.outcome || r["rule"] != c.rule || object != c.object || r["status"] != float64(c.status) {
			t.Errorf("%s %s %s: recorded %v", c.q.as, c.q.method, c.q.path, r)
		}
	}
}
