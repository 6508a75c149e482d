package api

import (
	"database/sql"
	"maps"
	"slices"
	"strings"
	"testing"

	"innerdoor.example/shared/principal"
)

// write is a request that changes something, by somebody who may. key is a member of its
// body, or "" where there is nothing to say.
type write struct{ name, path, body, key string }

// writes are the operations that change something, in an order in which all of them
// succeed: whatever is refused here is refused for what was sent.
var writes = []struct {
	route string
	write
}{
	{"POST /claims", write{"alice", "/claims", filed("o-alice-free", 100, "EUR"), "description"}},
	{"PATCH /claims/{id}", write{"alice", "/claims/c-alice-draft", `{"description":"acme: the lid is too small"}`, "description"}},
	{"POST /claims/{id}/submit", write{"alice", "/claims/c-alice-draft/submit", "", ""}},
	{"POST /claims/{id}/withdraw", write{"alice", "/claims/c-alice-draft/withdraw", "", ""}},
	{"POST /claims/{id}/take", write{"ada", "/claims/c-bob-submitted/take", "", ""}},
	{"PUT /claims/{id}/assignee", write{"sam", "/claims/c-bob-submitted/assignee", `{"subject":"home:sue"}`, "subject"}},
	{"POST /claims/{id}/approve", write{"ada", "/claims/c-bob/approve", "", ""}},
	{"POST /claims/{id}/reject", write{"ada", "/claims/c-bob-big/reject", "", ""}},
	{"POST /claims/{id}/notes", write{"bob", "/claims/c-bob/notes", `{"kind":"public","body":"acme: hello"}`, "kind"}},
	{"PUT /claims/{id}/delegates/{subject}", write{"bob", "/claims/c-bob/delegates/home:max", expiry(1), "expires_at"}},
	{"DELETE /claims/{id}/delegates/{subject}", write{"bob", "/claims/c-bob/delegates/home:dora", "", ""}},
	{"PUT /claims/staff/{subject}", write{"tom+", "/claims/staff/home:max", `{"role":"adjuster","regions":["eu"],"limit":100,"currency":"EUR"}`, "role"}},
	{"DELETE /claims/staff/{subject}", write{"tom+", "/claims/staff/home:olive", "", ""}},
}

// spoilt are bodies made of a good one, or of {} where there is nothing to say, that must
// not be understood.
func spoilt(body, key string) map[string]string {
	with := func(members string) string {
		return strings.Replace(`{`+members+`,`+strings.TrimPrefix(body, `{`), ",}", "}", 1)
	}
	bodies := map[string]string{
		"names its owner":       with(`"owner":"home:bob"`),
		"names another tenant":  with(`"tenant":"globex"`),
		"names its own tenant":  with(`"tenant":"acme"`),
		"says how far it is":    with(`"status":"approved"`),
		"names an assignee":     with(`"assignee":"home:bob"`),
		"says its version":      with(`"version":7`),
		"twice the same":        with(`"owner":"home:alice","owner":"home:bob"`),
		"the same in two cases": with(`"owner":"home:alice","OWNER":"home:bob"`),
		"a long s":              with(`"ſtatus":"approved"`),
		"a Kelvin sign":         with("\"to\u212Aen\":\"1\""),
		"beyond 2^53":           with(`"a":9007199254740993`),
		"nested deeply":         with(`"a":` + strings.Repeat("[", 200) + strings.Repeat("]", 200)),
		"no UTF-8":              with("\"a\":\"\xff\""),
		"half a surrogate":      with(`"a":"\ud800"`),
		"the character U+0000":  with(`"a":"\u0000"`),
		"a second document":     body + body,
		"something behind it":   body + "x",
		"an array":              "[" + body + "]",
		"a string":              `"` + key + `"`,
		"null":                  "null",
		"cut short":             body[:len(body)-1],
		"a comment":             body + "//",
	}
	if key == "" {
		return bodies
	}
	member := `"` + key + `":`
	for name, other := range map[string]string{
		"its member in capitals":    `"` + strings.ToUpper(key) + `":`,
		"its member twice":          member + `null,` + member,
		"its member with a long s":  strings.Replace(member, "s", "ſ", 1),
		"a fraction for its member": member + `1.5,"b":`,
		"a list for its member":     member + `[[]],"b":`,
	} {
		if changed := strings.Replace(body, member, other, 1); changed != body {
			bodies[name] = changed
		}
	}
	return bodies
}

func TestWhatIsNotUnderstoodIsRefusedAndWritesNothing(t *testing.T) {
	routes := map[string]bool{}
	for _, route := range (&API{}).Routes() {
		if route.Method != "GET" && slices.Contains(route.From, principal.Gateway) {
			routes[route.String()] = true
		}
	}
	w := newWorld(t)
	before, sent := w.contents(), 0
	refused := func(x write, method, what, path, body string, header ...string) {
		t.Helper()
		sent++
		if a := w.as(x.name, method, path, body, header...); a.status != 400 {
			t.Errorf("%s %s, %s: %d, want 400: %s", method, path, what, a.status, a.body)
		}
	}
	for _, x := range writes {
		if !routes[x.route] {
			t.Errorf("%s is no route that changes something", x.route)
		}
		delete(routes, x.route)
		method, _, _ := strings.Cut(x.route, " ")
		body := x.body
		if body == "" {
			body = "{}"
		}
		for what, text := range spoilt(body, x.key) {
			refused(x.write, method, what, x.path, text)
		}
		for _, query := range []string{"?tenant=globex", "?tenant=acme", "?owner=home:bob", "?%zz", "?a=1&a=2"} {
			refused(x.write, method, query, x.path+query, x.body)
		}
		if method != "POST" || x.key == "" {
			refused(x.write, method, "two versions", x.path, x.body, "If-Match", `"1", "2"`)
		}
		if method == "POST" {
			refused(x.write, method, "a key without quotes", x.path, x.body, "Idempotency-Key", "k")
		}
		w.expect(413, x.name, method, x.path, `{"a":"`+strings.Repeat("a", 65<<10)+`"}`)
		w.expect(415, x.name, method, x.path, "a=1", "Content-Type", "application/x-www-form-urlencoded")
	}
	for route := range routes {
		t.Errorf("%s changes something, and nobody says here what it is sent", route)
	}
	for _, path := range []string{"/claims/c%00/submit", "/claims/ö/submit", "/claims/" + strings.Repeat("c", 65) + "/submit", "/claims/acme:c-alice/submit"} {
		refused(write{name: "alice"}, "POST", "no id", path, "")
	}
	for _, path := range []string{"/claims/staff/max", "/claims/staff/home:", "/claims/staff/home:" + strings.Repeat("e", 200), "/claims/c-bob/delegates/:max"} {
		refused(write{name: "tom+"}, "DELETE", "no person", path, "")
	}
	if after := w.contents(); after != before {
		t.Error("something was written")
	}
	t.Logf("%d requests were not understood", sent)
	for _, x := range writes {
		method, _, _ := strings.Cut(x.route, " ")
		if a := w.as(x.name, method, x.path, x.body); a.status/100 != 2 {
			t.Errorf("%s: the good request is %d: %s", x.route, a.status, a.body)
		}
	}
	if after := w.contents(); after == before {
		t.Error("the database is compared, and no change is seen in it")
	}
}

func TestWhatIsWrittenInTheRightWayMayStillNotFit(t *testing.T) {
	w := newWorld(t)
	before := w.number("SELECT count(*) FROM staff") + w.number("SELECT count(*) FROM notes")
	for _, x := range []struct {
		status             int
		name, method, path string
		body               string
	}{
		{400, "alice", "PATCH", "/claims/c-alice-draft", `{}`},
		{400, "alice", "PATCH", "/claims/c-alice-draft", `{"amount":null}`},
		{400, "alice", "PATCH", "/claims/c-alice-draft", `{"contact":{"name":"x","fax":"1"}}`},
		{422, "alice", "PATCH", "/claims/c-alice-draft", `{"amount":6001}`},
		{422, "alice", "PATCH", "/claims/c-alice-draft", `{"amount":0}`},
		{422, "alice", "PATCH", "/claims/c-alice-draft", `{"description":""}`},
		{422, "alice", "PATCH", "/claims/c-alice-draft", `{"description":"` + strings.Repeat("ä", 4001) + `"}`},
		{422, "alice", "PATCH", "/claims/c-alice-draft", `{"contact":{"name":"` + strings.Repeat("ä", 201) + `"}}`},
		{409, "alice", "PATCH", "/claims/c-alice", `{"amount":1}`},
		{404, "bob", "PATCH", "/claims/c-alice-draft", `{"amount":6001}`},
		{403, "ada", "PATCH", "/claims/c-alice", `{"amount":6001}`},
		{400, "bob", "POST", "/claims/c-bob/notes", `{"kind":"secret","body":"x"}`},
		{400, "bob", "POST", "/claims/c-bob/notes", `{"body":"x"}`},
		{422, "bob", "POST", "/claims/c-bob/notes", `{"kind":"public","body":""}`},
		{422, "bob", "POST", "/claims/c-bob/notes", `{"kind":"public","body":"` + strings.Repeat("ä", 4001) + `"}`},
		{400, "tom+", "PUT", "/claims/staff/home:max", `{"role":"king"}`},
		{400, "tom+", "PUT", "/claims/staff/home:max", `{"role":"adjuster","regions":["EU"]}`},
		{400, "tom+", "PUT", "/claims/staff/home:max", `{"role":"adjuster","limit":1,"currency":"eur"}`},
		{422, "tom+", "PUT", "/claims/staff/home:max", `{"role":"adjuster","regions":["eu","eu"]}`},
		{422, "tom+", "PUT", "/claims/staff/home:max", `{"role":"adjuster","regions":["aa","ab","ac","ad","ae","af","ag","ah","ai"]}`},
		{422, "tom+", "PUT", "/claims/staff/home:max", `{"role":"adjuster","limit":1}`},
		{422, "tom+", "PUT", "/claims/staff/home:max", `{"role":"adjuster","currency":"EUR"}`},
		{422, "tom+", "PUT", "/claims/staff/home:max", `{"role":"adjuster","limit":-1,"currency":"EUR"}`},
		{400, "sam", "PUT", "/claims/c-bob/assignee", `{"subject":"ada"}`},
	} {
		w.expect(x.status, x.name, x.method, x.path, x.body)
	}
	if after := w.number("SELECT count(*) FROM staff") + w.number("SELECT count(*) FROM notes"); after != before {
		t.Errorf("%d rows were made", after-before)
	}
	changed := w.expect(200, "alice", "PATCH", "/claims/c-alice-draft", `{"amount":6000,"contact":{"name":"Alice"}}`).object(t)
	if contact, _ := changed["contact"].(map[string]any); changed["amount"] != float64(6000) || contact["name"] != "Alice" || contact["email"] != "" || changed["description"] != "acme: the lid does not fit" {
		t.Errorf("edited: %v", changed)
	}
}

// contents is every row of every table.
func (w *world) contents() string {
	w.t.Helper()
	file, err := sql.Open("sqlite", w.file)
	must(w.t, err)
	defer file.Close()
	column := func(query string, args ...any) (all []string) {
		rows, err := file.QueryContext(w.t.Context(), query, args...)
		must(w.t, err)
		defer rows.Close()
		for rows.Next() {
			var one string
			must(w.t, rows.Scan(&one))
			all = append(all, one)
		}
		must(w.t, rows.Err())
		return all
	}
	tables := map[string]string{}
	for _, table := range column("SELECT name FROM sqlite_master WHERE type = 'table'") {
		quoted := column("SELECT 'quote(' || name || ')' FROM pragma_table_info(?)", table)
		tables[table] = strings.Join(column("SELECT "+strings.Join(quoted, " || ',' || ")+" FROM "+table+" ORDER BY 1"), "\n")
	}
	var all strings.Builder
	for _, table := range slices.Sorted(maps.Keys(tables)) {
		all.WriteString(table + "\n" + tables[table] + "\n")
	}
	return all.String()
}
