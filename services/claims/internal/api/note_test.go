package api

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"innerdoor.example/shared/principal/principaltest"
)

const (
	public   = `{"kind":"public","body":"acme: please send a picture"}`
	internal = `{"kind":"internal","body":"acme: between us"}`
)

func TestAnInternalNoteIsForThoseWhoDecideAndNeverAboutOneself(t *testing.T) {
	w := newWorld(t)
	for path, people := range map[string]struct{ refused, shown []string }{
		"/claims/c-bob/notes/n-internal":   {[]string{"bob", "dora", "olive", "alice", "ursula", "eddy", "tom+", "mallory", "grace", "gus+", "gina+"}, []string{"ada", "sam", "vera"}},
		"/claims/c-bob/notes/n-public":     {[]string{"alice", "ursula", "eddy", "tom+", "mallory", "gus+"}, []string{"bob", "dora", "olive", "ada", "sam", "vera"}},
		"/claims/c-alice/notes/n-internal": {[]string{"alice", "narrow", "olive", "mallory", "glen"}, []string{"ada", "sam", "vera", "grace", "gus", "gina"}},
		"/claims/c-alice/notes/n-public":   {[]string{"bob", "ursula"}, []string{"alice", "narrow", "olive", "ada", "mallory", "glen"}},
	} {
		for _, name := range people.refused {
			w.expect(404, name, "GET", path, "")
		}
		for _, name := range people.shown {
			tenant := string(fields(name).Context.Tenant)
			if body := w.expect(200, name, "GET", path, "").body; !strings.Contains(body, tenant+": ") {
				t.Errorf("%s is shown %s", name, body)
			}
		}
	}
	// ada adjusts in eu, where her own claim is: what others say of it among themselves is not for her.
	w.expect(403, "ada", "POST", "/claims/c-ada/notes", internal)
	w.expect(201, "ada", "POST", "/claims/c-ada/notes", public)
	location := w.expect(201, "sam", "POST", "/claims/c-ada/notes", internal).header.Get("Location")
	w.expect(404, "ada", "GET", location, "")
	w.expect(200, "sam", "GET", location, "")
	if got := w.expect(200, "ada", "GET", "/claims/c-ada/notes", "").items(t); len(got) != 1 || got[0]["kind"] != "public" {
		t.Errorf("ada is listed %v", got)
	}
}

func TestAHiddenNoteIsAbsentToTheLastByte(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"bob", "dora", "olive", "alice", "mallory", "gus+"} {
		who := fields(name)
		who.Txn = "the-same"
		token := principaltest.Token(t, w.signer, who)
		hidden := w.send(w.asking, token, "GET", "/claims/c-bob/notes/n-internal", "")
		absent := w.send(w.asking, token, "GET", "/claims/c-bob/notes/n-whatever", "")
		elsewhere := w.send(w.asking, token, "GET", "/claims/c-nowhere/notes/n-internal", "")
		for _, a := range []answer{hidden, absent, elsewhere} {
			a.header.Del("Date")
		}
		for _, other := range []answer{absent, elsewhere} {
			if hidden.status != 404 || hidden.body != other.body || !maps.EqualFunc(hidden.header, other.header, slices.Equal) {
				t.Errorf("%s: hidden %+v, absent %+v", name, hidden, other)
			}
		}
	}
	w.expect(200, "sam", "GET", "/claims/c-bob/notes/n-internal", "")
}

func TestAListOfNotesShowsNoTraceOfInternalOnes(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"alice", "ursula", "eddy", "tom+", "mallory", "gus+"} {
		w.expect(404, name, "GET", "/claims/c-bob/notes", "")
	}
	for name, want := range map[string][]string{"bob": {"n-public"}, "dora": {"n-public"}, "olive": {"n-public"},
		"ada": {"n-internal", "n-public"}, "sam": {"n-internal", "n-public"}, "vera": {"n-internal", "n-public"}} {
		if got := ids(w.expect(200, name, "GET", "/claims/c-bob/notes", "").items(t)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		first := w.expect(200, name, "GET", "/claims/c-bob/notes?limit=1", "").object(t)
		if _, more := first["next"]; more != (len(want) > 1) {
			t.Errorf("%s: a page of one says %v", name, first)
		}
	}
	if got := w.expect(200, "alice", "GET", "/claims/c-alice-draft/notes", "").items(t); len(got) != 0 {
		t.Errorf("the draft has notes: %v", got)
	}
	w.expect(400, "bob", "GET", "/claims/c-bob/notes?kind=internal", "")
}

func TestWhoAddsWhichNote(t *testing.T) {
	w := newWorld(t)
	for name, status := range map[string][2]int{
		"bob": {201, 403}, "olive": {201, 403}, "dora": {403, 403}, "vera": {403, 403},
		"ada": {201, 201}, "sam": {201, 201},
		"alice": {404, 404}, "ursula": {404, 404}, "tom+": {404, 404}, "eddy": {404, 404}, "gus+": {404, 404}, "narrow": {403, 403},
	} {
		w.expect(status[1], name, "POST", "/claims/c-bob/notes", internal)
		a := w.expect(status[0], name, "POST", "/claims/c-bob/notes", public)
		if status[0] != 201 {
			continue
		}
		if got := a.object(t); got["author"] != "home:"+name || got["claim"] != "c-bob" || !strings.HasSuffix(a.header.Get("Location"), "/claims/c-bob/notes/"+got["id"].(string)) {
			t.Errorf("%s added %v at %s", name, got, a.header.Get("Location"))
		}
	}
	if n := w.number("SELECT count(*) FROM notes WHERE claim_id = 'c-bob' AND tenant = 'acme' AND id NOT IN ('c-bob/n-public', 'c-bob/n-internal')"); n != 6 {
		t.Errorf("%d notes were made, want 4 public and 2 internal", n)
	}
}
