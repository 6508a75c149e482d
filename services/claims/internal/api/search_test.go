package api

import (
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"innerdoor.example/shared/principal/principaltest"
)

func TestASearchFindsWholeWordsInWhatItsCallerMayRead(t *testing.T) {
	w := newWorld(t)
	for _, query := range []string{"text=", "text=.", "text=%00%20", "text=a+b+c+d+e+f+g+h+i", "text=" + strings.Repeat("x", 65), "text=a&text=b"} {
		w.expect(400, "sam", "GET", "/claims?"+query, "")
		w.expect(400, "sam", "GET", "/claims/count?"+query, "")
	}
	for query, found := range map[string]map[string][]string{
		"kettle":             {"bob": {}, "alice": {"c-alice"}, "ada": {"c-alice"}, "sam": {"c-alice"}, "ursula": {}, "tom+": {}, "mallory": {}, "gus": {}},
		"KETTLE+broken":      {"alice": {"c-alice"}, "sam": {"c-alice"}, "olive": {"c-alice"}, "gus": {}},
		"kettle+lamp":        {"alice": {}, "sam": {}},
		"kett":               {"alice": {}, "sam": {}},
		"lamp":               {"dora": {"c-bob"}, "eddy": {}, "bob": {"c-bob"}, "vera": {"c-bob"}},
		"lid":                {"sam": {}, "alice": {"c-alice-draft"}},
		"cup":                {"ursula": {"c-bob-us"}, "ada": {}},
		"fan":                {"gus": {"c-alice"}, "sam": {}},
		"globex":             {"sam": {}, "vera": {}, "mallory": {"c-alice", "c-mallory"}},
		"acme&status=draft":  {"sam": {}, "alice": {"c-alice-draft"}},
		"the&region=us":      {"sam": {"c-bob-us"}, "ada": {}},
		"kettle%27+OR+1%3D1": {"sam": {}},
	} {
		for name, want := range found {
			if got := ids(w.expect(200, name, "GET", "/claims?text="+query, "").items(t)); !slices.Equal(got, want) {
				t.Errorf("%s finds %v with %s, want %v", name, got, query, want)
			}
			if got := w.expect(200, name, "GET", "/claims/count?text="+query, "").object(t)["count"]; got != float64(len(want)) {
				t.Errorf("%s counts %v with %s, want %d", name, got, query, len(want))
			}
		}
	}
}

func TestTheCursorOfASearchIsGoodForItsWordsOnly(t *testing.T) {
	w := newWorld(t)
	next, _ := w.expect(200, "sam", "GET", "/claims?text=acme&limit=4", "").object(t)["next"].(string)
	for _, query := range []string{"", "text=the&", "text=acme+the&"} {
		w.expect(400, "sam", "GET", "/claims?"+query+"cursor="+next, "")
	}
	w.expect(400, "sue", "GET", "/claims?text=acme&cursor="+next, "")
	if got := len(w.expect(200, "sam", "GET", "/claims?text=acme&cursor="+next, "").items(t)); got != 7 {
		t.Errorf("%d on the next page, want 7", got)
	}
}

// lines are the claims of an export.
func (a answer) lines(t *testing.T) (all []map[string]any) {
	t.Helper()
	for line := range strings.Lines(a.body) {
		var one map[string]any
		must(t, json.Unmarshal([]byte(line), &one))
		all = append(all, one)
	}
	return all
}

func TestOnlySupervisorsAndAuditorsExportWithASecondFactorFromInside(t *testing.T) {
	w := newWorld(t)
	const export = "/claims/export"
	for _, name := range []string{"alice", "ada", "olive", "tom+", "max+", "mallory", "grace", "glen", "narrow"} {
		w.expect(403, name, "GET", export, "")
	}
	for _, name := range []string{"sam", "vera", "gus", "gina"} {
		w.expect(401, name, "GET", export, "")
	}
	for address, status := range map[string]int{"198.51.100.1": 403, "": 403, "2001:db8::1": 403, "127.0.0.9": 200} {
		who := fields("sam+")
		who.Request.Address = address
		if a := w.send(w.asking, principaltest.Token(t, w.signer, who), "GET", export, ""); a.status != status {
			t.Errorf("from %q: %d, want %d", address, a.status, status)
		}
	}
	for scope, want := range map[string]string{"claims:export": "claims:read", "claims:read": "claims:export"} {
		who := fields("sam+")
		who.Scope = scope
		a := w.send(w.asking, principaltest.Token(t, w.signer, who), "GET", export, "")
		if challenge := a.header.Get("WWW-Authenticate"); a.status != 403 || !strings.Contains(challenge, `scope="`+want+`"`) {
			t.Errorf("with %s alone: %d, challenged by %q", scope, a.status, challenge)
		}
	}
	for _, query := range []string{"?format=xml", "?tenant=globex", "?limit=1", "?status=open"} {
		w.expect(400, "sam+", "GET", export+query, "")
	}
	for _, name := range []string{"sam+", "vera+", "gus+", "gina+"} {
		var got []string
		for _, row := range w.expect(200, name, "GET", export, "").lines(t) {
			if row["tenant"] != string(fields(name).Context.Tenant) {
				t.Errorf("%s exports %v", name, row)
			}
			got = append(got, row["id"].(string))
		}
		slices.Sort(got)
		if want := ids(w.expect(200, name, "GET", "/claims?limit=200", "").items(t)); !slices.Equal(got, want) || len(want) == 0 {
			t.Errorf("%s exports %v and is listed %v", name, got, want)
		}
	}
}

func TestAnExportIsOfOneFormAndShowsWhatTheListShows(t *testing.T) {
	w := newWorld(t)
	w.sql("UPDATE claims SET description = '=HYPERLINK(1)' WHERE id = 'c-bob' AND tenant = 'acme'")
	detail := w.expect(200, "sam+", "GET", "/claims/c-bob", "").object(t)
	for _, a := range []answer{
		w.expect(200, "sam+", "GET", "/claims/export?status=in_review&region=eu&order=o-bob-1", ""),
		w.expect(200, "sam+", "GET", "/claims/export?order=o-bob-1&format=ndjson", "", "Accept", "text/csv"),
		w.expect(200, "sam+", "GET", "/claims/export?text=lamp", ""),
	} {
		rows := a.lines(t)
		if a.header.Get("Content-Type") != "application/x-ndjson" || len(rows) != 1 || len(rows[0]) != len(detail) || rows[0]["id"] != "c-bob" || rows[0]["amount"] != detail["amount"] {
			t.Errorf("%v: %v, on its own %v", a.header, rows, detail)
		}
	}
	for _, a := range []answer{
		w.expect(200, "sam+", "GET", "/claims/export?order=o-bob-1", "", "Accept", "text/csv;q=1, */*"),
		w.expect(200, "sam+", "GET", "/claims/export?order=o-bob-1&format=csv", ""),
	} {
		table, err := csv.NewReader(strings.NewReader(a.body)).ReadAll()
		must(t, err)
		if !strings.HasPrefix(a.header.Get("Content-Type"), "text/csv") || len(table) != 2 || !slices.Equal(table[0], columns) ||
			table[1][slices.Index(columns, "contact.email")] != "bob@acme.example" || table[1][slices.Index(columns, "description")] != "'=HYPERLINK(1)" {
			t.Errorf("%v: %v", a.header, table)
		}
	}
}

// Each member of the whole view is a column, and each column a member.
func TestTheTableOfAnExportLeavesNothingOut(t *testing.T) {
	w := newWorld(t)
	var members []string
	for name, value := range w.expect(200, "sam", "GET", "/claims/c-bob-approved", "").object(t) {
		if inner, ok := value.(map[string]any); ok {
			for part := range inner {
				members = append(members, name+"."+part)
			}
			continue
		}
		members = append(members, name)
	}
	members = append(members, "second_approver") // one was enough for this one
	slices.Sort(members)
	if want := slices.Sorted(slices.Values(columns)); !slices.Equal(members, want) {
		t.Errorf("members %v, columns %v", members, want)
	}
}

func TestWhatAnExportShowedIsOnRecord(t *testing.T) {
	w := newWorld(t)
	who := fields("vera+")
	who.Txn = "an-export"
	if a := w.send(w.asking, principaltest.Token(t, w.signer, who), "GET", "/claims/export", ""); a.status != 200 {
		t.Fatal(a.status)
	}
	found := w.expect(200, "vera", "GET", "/claims/decisions?txn=an-export", "").items(t)
	actions := map[string]bool{}
	for _, record := range found {
		actions[record["action"].(string)] = true
	}
	if len(found) != 2 || !actions["claims:export"] || !actions["claims:read"] {
		t.Errorf("recorded as %v", found)
	}
	if got := w.expect(200, "vera", "GET", "/claims/decisions?object=c-bob&txn=an-export", "").items(t); len(got) != 1 {
		t.Errorf("by the claim it is found as %v", got)
	}
}

func TestTheSameRequestAgainMakesNoSecondNoteAndNoSecondClaim(t *testing.T) {
	w := newWorld(t)
	key := []string{"Idempotency-Key", `"one"`}
	first := w.expect(201, "bob", "POST", "/claims/c-bob/notes", public, key...)
	again := w.expect(201, "bob", "POST", "/claims/c-bob/notes", public, key...)
	if first.body != again.body || first.header.Get("Location") != again.header.Get("Location") {
		t.Errorf("first %s, again %s", first.body, again.body)
	}
	w.expect(422, "bob", "POST", "/claims/c-bob/notes", strings.Replace(public, "picture", "photograph", 1), key...)
	w.expect(404, "alice", "POST", "/claims/c-bob/notes", public, key...)
	if n := w.number("SELECT count(*) FROM notes WHERE claim_id = 'c-bob' AND author = 'home:bob'"); n != 1 {
		t.Errorf("%d notes were made of one", n)
	}
	made := w.expect(201, "alice", "POST", "/claims", filed("o-alice-free", 100, "EUR"), key...)
	if repeated := w.expect(201, "alice", "POST", "/claims", filed("o-alice-free", 100, "EUR"), key...); repeated.body != made.body {
		t.Errorf("made %s, again %s", made.body, repeated.body)
	}
	w.expect(409, "alice", "POST", "/claims", filed("o-alice-free", 100, "EUR"))
	// What was permitted then is not permitted for ever.
	w.expect(200, "ada", "POST", "/claims/c-bob/approve", "", key...)
	w.expect(200, "ada", "POST", "/claims/c-bob/approve", "", key...)
	w.expect(204, "tom+", "DELETE", "/claims/staff/home:ada", "")
	if a := w.as("ada", "POST", "/claims/c-bob/approve", "", key...); a.status/100 == 2 {
		t.Errorf("ada, who is no adjuster any more, is answered %d %s", a.status, a.body)
	}
}
