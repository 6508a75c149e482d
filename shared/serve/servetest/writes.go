package servetest

import (
	"cmp"
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/serve"
	"innerdoor.example/shared/web"
)

// Service is a service as its own tests run it.
type Service struct {
	Routes []serve.Route
	File   string // of its database
	// Send sends a request, with these names and values in its header, as somebody of the tests' cast.
	Send func(as, method, path, body string, header ...string) (status int, answer string)
}

// Write is a request that changes something, by somebody who may: what is refused of it is refused for what was sent.
type Write struct {
	Route string // "POST /claims/{id}/notes"
	As    string
	Path  string
	Body  string // empty where there is nothing to say
	Key   string // a member of Body
}

func (w Write) method() string {
	method, _, _ := strings.Cut(w.Route, " ")
	return method
}

// CheckWrites sends each write in every way that must not be understood, then the bad ones, and in the end each write as
// it is, in their order. It fails the test unless only the last changed anything in the database, and if an operation
// that changes something has no write.
func CheckWrites(t *testing.T, s Service, writes, bad []Write) {
	t.Helper()
	for _, route := range s.Routes {
		named := slices.ContainsFunc(writes, func(w Write) bool { return w.Route == route.String() })
		if route.Method != http.MethodGet && slices.Contains(route.From, principal.Gateway) && !named {
			t.Errorf("%s changes something, and nobody says here what it is sent", route)
		}
	}
	before := contents(t, s.File)
	var attempts []attempt
	for _, w := range writes {
		attempts = append(attempts, w.spoilt()...)
	}
	for _, w := range bad {
		attempts = append(attempts, attempt{w, "as it is", http.StatusBadRequest, nil})
	}
	for _, x := range attempts {
		if status, answer := s.Send(x.As, x.method(), x.Path, x.Body, x.header...); status != x.want {
			t.Errorf("%s %s, %s: %d, want %d: %s", x.method(), x.Path, x.what, status, x.want, answer)
		}
	}
	if contents(t, s.File) != before {
		t.Error("something was written")
	}
	t.Logf("%d requests were not understood", len(attempts))
	for _, w := range writes {
		if status, answer := s.Send(w.As, w.method(), w.Path, w.Body); status/100 != 2 {
			t.Errorf("%s: the good request is %d: %s", w.Route, status, answer)
		}
	}
	if contents(t, s.File) == before {
		t.Error("the database is compared, and no change is seen in it")
	}
}

// attempt is a write that is to be refused.
type attempt struct {
	Write
	what   string
	want   int
	header []string
}

func (w Write) spoilt() (all []attempt) {
	add := func(what string, want int, x Write, header ...string) {
		all = append(all, attempt{x, what, want, header})
	}
	with := func(body string) Write { w.Body = body; return w }
	good := w.Body
	for what, body := range bodies(cmp.Or(good, "{}"), w.Key) {
		add(what, http.StatusBadRequest, with(body))
	}
	add("too much", http.StatusRequestEntityTooLarge, with(`{"a":"`+strings.Repeat("a", web.MaxBody)+`"}`))
	add("a form", http.StatusUnsupportedMediaType, with("a=1"), "Content-Type", "application/x-www-form-urlencoded")
	w.Body = good
	if w.method() == http.MethodPost {
		add("a key without quotes", http.StatusBadRequest, w, "Idempotency-Key", "k")
	}
	if w.method() != http.MethodPost || w.Key == "" { // what is yet to be made has no version
		add("two versions", http.StatusBadRequest, w, "If-Match", `"1", "2"`)
	}
	path := w.Path
	for _, query := range []string{"?tenant=globex", "?tenant=acme", "?owner=home:bob", "?%zz", "?a=1&a=2"} {
		w.Path = path + query
		add("a query", http.StatusBadRequest, w)
	}
	return all
}

// bodies are made of a good one, and must not be understood.
func bodies(body, key string) map[string]string {
	with := func(members string) string {
		return strings.Replace("{"+members+","+strings.TrimPrefix(body, "{"), ",}", "}", 1)
	}
	all := map[string]string{
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
	member := `"` + key + `":`
	for what, other := range map[string]string{
		"its member in capitals":     strings.ToUpper(member),
		"its member twice":           member + `null,` + member,
		"its member with a long s":   strings.Replace(member, "s", "ſ", 1),
		"its member with a Kelvin k": strings.Replace(member, "k", "\u212A", 1),
		"a number for its member":    member + `1,"b":`,
		"a fraction for its member":  member + `1.5,"b":`,
		"a list for its member":      member + `[[]],"b":`,
	} {
		if changed := strings.Replace(body, member, other, 1); changed != body {
			all[what] = changed
		}
	}
	return all
}

// contents is every row of every table.
func contents(t *testing.T, file string) string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	column := func(query string, args ...any) (all []string) {
		rows, err := db.QueryContext(t.Context(), query, args...)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var one string
			if err := rows.Scan(&one); err != nil {
				t.Fatal(err)
			}
			all = append(all, one)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return all
	}
	var all strings.Builder
	for _, table := range column("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name") {
		columns := column("SELECT 'quote(' || name || ')' FROM pragma_table_info(?)", table)
		rows := column("SELECT " + strings.Join(columns, " || ',' || ") + " FROM " + table + " ORDER BY 1")
		fmt.Fprintf(&all, "%s\n%s\n", table, strings.Join(rows, "\n"))
	}
	return all.String()
}
