package api

import (
	"strings"
	"testing"

	"innerdoor.example/shared/serve/servetest"
)

// writes are in an order in which all of them succeed.
var writes = []servetest.Write{
	{Route: "POST /claims", As: "alice", Path: "/claims", Body: filed("o-alice-free", 100, "EUR"), Key: "description"},
	{Route: "PATCH /claims/{id}", As: "alice", Path: "/claims/c-alice-draft", Body: `{"description":"acme: the lid is too small"}`, Key: "description"},
	{Route: "POST /claims/{id}/submit", As: "alice", Path: "/claims/c-alice-draft/submit"},
	{Route: "POST /claims/{id}/withdraw", As: "alice", Path: "/claims/c-alice-draft/withdraw"},
	{Route: "POST /claims/{id}/take", As: "ada", Path: "/claims/c-bob-submitted/take"},
	{Route: "PUT /claims/{id}/assignee", As: "sam", Path: "/claims/c-bob-submitted/assignee", Body: `{"subject":"home:sue"}`, Key: "subject"},
	{Route: "POST /claims/{id}/approve", As: "ada", Path: "/claims/c-bob/approve"},
	{Route: "POST /claims/{id}/reject", As: "ada", Path: "/claims/c-bob-big/reject"},
	{Route: "POST /claims/{id}/notes", As: "bob", Path: "/claims/c-bob/notes", Body: `{"kind":"public","body":"acme: hello"}`, Key: "kind"},
	{Route: "PUT /claims/{id}/delegates/{subject}", As: "bob", Path: "/claims/c-bob/delegates/home:max", Body: expiry(1), Key: "expires_at"},
	{Route: "DELETE /claims/{id}/delegates/{subject}", As: "bob", Path: "/claims/c-bob/delegates/home:dora"},
	{Route: "PUT /claims/staff/{subject}", As: "tom+", Path: "/claims/staff/home:max",
		Body: `{"role":"adjuster","regions":["eu"],"limit":100,"currency":"EUR"}`, Key: "role"},
	{Route: "DELETE /claims/staff/{subject}", As: "tom+", Path: "/claims/staff/home:olive"},
}

func TestWhatIsNotUnderstoodIsRefusedAndWritesNothing(t *testing.T) {
	w := newWorld(t)
	var bad []servetest.Write
	for _, id := range []string{"c%00", "ö", strings.Repeat("c", 65), "acme:c-alice"} {
		bad = append(bad, servetest.Write{Route: "POST", As: "alice", Path: "/claims/" + id + "/submit"})
	}
	for _, path := range []string{"staff/max", "staff/home:", "staff/home:" + strings.Repeat("e", 200), "c-bob/delegates/:max"} {
		bad = append(bad, servetest.Write{Route: "DELETE", As: "tom+", Path: "/claims/" + path})
	}
	servetest.CheckWrites(t, servetest.Service{Routes: (&API{}).Routes(), File: w.file,
		Send: func(as, method, path, body string, header ...string) (int, string) {
			a := w.as(as, method, path, body, header...)
			return a.status, a.body
		},
	}, writes, bad)
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
