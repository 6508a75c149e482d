package api_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"innerdoor.example/services/orders/internal/api"
	"innerdoor.example/shared/principal"
)

// writes are the operations that change something, each asked by somebody who may: whatever is refused here is refused for
// what was sent. key is the first member of the body, which is "" where there is nothing to say.
var writes = map[string]struct {
	q   question
	key string
}{
	"POST /orders":                      {question{as: "alice", path: "/orders", body: kettle}, "items"},
	"PUT /orders/{id}/carrier":          {question{as: "max", path: "/orders/o-alice-placed/carrier", body: toSwift}, "carrier"},
	"POST /orders/{id}/cancel":          {question{as: "bob", path: "/orders/o-other/cancel"}, ""},
	"POST /orders/{id}/ship":            {question{as: "swift", path: "/orders/o-swift/ship"}, ""},
	"POST /orders/{id}/deliver":         {question{as: "rival", path: "/orders/o-bob-shipped/deliver"}, ""},
	"POST /orders/{id}/refund":          {question{as: "max", path: "/orders/o-bob-free/refund"}, ""},
	"PUT /orders/staff/{subject}":       {question{as: "tom", path: "/orders/staff/home:eve", body: `{"role":"support"}`}, "role"},
	"DELETE /orders/staff/{subject}":    {question{as: "tom", path: "/orders/staff/home:olive"}, ""},
	"PUT /orders/carriers/{subject}":    {question{as: "tom", path: "/orders/carriers/home:eve", body: toSwift}, "carrier"},
	"DELETE /orders/carriers/{subject}": {question{as: "tom", path: "/orders/carriers/home:swift"}, ""},
}

// spoilt are bodies made of a good one, or of {} where there is nothing to say, that must not be understood.
func spoilt(body, key string) map[string]string {
	with := func(members string) string { return `{` + members + `,` + strings.TrimPrefix(body, `{`) }
	bodies := map[string]string{
		"names its owner":       with(`"owner":"home:bob"`),
		"names another tenant":  with(`"tenant":"globex"`),
		"names its own tenant":  with(`"tenant":"acme"`),
		"says how far it is":    with(`"status":"delivered"`),
		"says its version":      with(`"version":7`),
		"twice the same":        with(`"owner":"home:alice","owner":"home:bob"`),
		"the same in two cases": with(`"owner":"home:alice","OWNER":"home:bob"`),
		"a long s":              with(`"ſtatus":"delivered"`),
		"a Kelvin sign":         with("\"to\u212Aen\":\"1\""),
		"beyond 2^53":           with(`"amount":9007199254740993`),
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
	for name, text := range bodies {
		bodies[name] = strings.Replace(text, ",}", "}", 1)
	}
	if key == "" {
		return bodies
	}
	member := `"` + key + `":`
	for name, other := range map[string]string{
		"its member in capitals":     `"` + strings.ToUpper(key) + `":`,
		"its member twice":           member + `null,` + member,
		"its member with a long s":   strings.Replace(member, "s", "ſ", 1),
		"its member with a Kelvin k": strings.Replace(member, "k", "\u212A", 1),
		"a number for its member":    member + `1,"b":`,
		"a fraction for its member":  member + `1.5,"b":`,
		"a list for its member":      member + `[[]],"b":`,
	} {
		if changed := strings.Replace(body, member, other, 1); changed != body {
			bodies[name] = changed
		}
	}
	bodies["without its member"] = "{}"
	return bodies
}

// TestWhatIsNotUnderstoodIsRefusedAndWritesNothing sends each operation that changes something what must not be understood,
// as somebody who may, and then the good request. The whole database is compared.
func TestWhatIsNotUnderstoodIsRefusedAndWritesNothing(t *testing.T) {
	for _, route := range (&api.API{Document: []byte("openapi: 3.1.0")}).Routes() {
		if name := route.String(); route.Method != "GET" && slices.Contains(route.From, principal.Gateway) && writes[name].q.path == "" {
			t.Errorf("%s changes something, and nobody says here what it is sent", name)
		}
	}
	w := newWorld(t)
	before, sent := w.contents(), 0
	refused := func(what string, q question) {
		t.Helper()
		sent++
		if a := w.ask(q); a.status != 400 {
			t.Errorf("%s %s, %s: %d, want 400: %s", q.method, q.path, what, a.status, a.body)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(writes)) {
		c := writes[name]
		c.q.method, _, _ = strings.Cut(name, " ")
		body := c.q.body
		if body == "" {
			body = "{}"
		}
		for what, text := range spoilt(body, c.key) {
			q := c.q
			q.body = text
			refused(what, q)
		}
		for _, query := range []string{"?tenant=globex", "?tenant=acme", "?owner=home:bob", "?%zz", "?a=1&a=2"} {
			q := c.q
			q.path += query
			refused(query, q)
		}
		if name != "POST /orders" { // which has no version yet
			twoTags := c.q
			twoTags.match = `"1", "2"`
			refused("two versions", twoTags)
		}
		large := c.q
		large.body = `{"a":"` + strings.Repeat("a", 65<<10) + `"}`
		w.want(413, large)
		form := c.q
		form.body, form.media = "a=1", "application/x-www-form-urlencoded"
		w.want(415, form)
	}
	for _, path := range []string{"/orders/o%00/ship", "/orders/ö/ship", "/orders/" + strings.Repeat("o", 65) + "/ship", "/orders/acme:o-swift/ship"} {
		refused("no id", question{as: "swift", method: "POST", path: path})
	}
	for _, path := range []string{"/orders/staff/eve", "/orders/staff/home:", "/orders/carriers/:eve", "/orders/staff/home:" + strings.Repeat("e", 200)} {
		refused("no person", question{as: "tom", method: "DELETE", path: path})
	}
	w.want(404, question{as: "swift", method: "POST", path: "/orders/globex/o-glide/ship"})
	if after := w.contents(); after != before {
		t.Error("something was written")
	}
	t.Logf("%d requests were not understood", sent)
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(writes))) { // so that DELETE comes last
		q := writes[name].q
		q.method, _, _ = strings.Cut(name, " ")
		if a := w.ask(q); a.status/100 != 2 {
			t.Errorf("%s: the good request is %d: %s", name, a.status, a.body)
		}
	}
	if after := w.contents(); after == before {
		t.Error("the database is compared, and no change is seen in it")
	}
}
