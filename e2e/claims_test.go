package e2e

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"innerdoor.example/e2e/cast"
	"innerdoor.example/e2e/harness"
)

// Patterns of authorization that only claims have, each through the front door.

func note(kind, body string) map[string]any { return map[string]any{"kind": kind, "body": body} }

func TestAnInternalNoteDoesNotExistForWhomItIsNotMeant(t *testing.T) {
	path := inReview(t, cast.Bob, 100_00)
	demand(t, http.StatusCreated, sys.As(cast.Bob), put(path+"/delegates/home:dora", sharedFor(time.Hour)))
	public := demand(t, http.StatusCreated, sys.As(cast.Ada), post(path+"/notes", note("public", "acme: please send a picture"))).Header.Get("Location")
	internal := demand(t, http.StatusCreated, sys.As(cast.Ada), post(path+"/notes", note("internal", "acme: between us"))).Header.Get("Location")

	outside := as(cast.Bob, cast.Dora, cast.Olive)
	for _, who := range outside {
		hidden, missing := expect(t, http.StatusNotFound, who, get(internal)), expect(t, http.StatusNotFound, who, get(path+"/notes/"+absent("n-00000000000000000000000000")))
		if difference := alike(hidden, missing); difference != "" {
			t.Errorf("%s: an internal note differs from none in %s", who, difference)
		}
		if rows := rowsOf(t, who, path+"/notes"); len(rows) != 1 || rows[0]["kind"] != "public" {
			t.Errorf("%s is listed %v", who, rows)
		}
		if all := rowsOf(t, who, path+"/notes?limit=1"); len(all) != 1 {
			t.Errorf("%s: page by page %v", who, all)
		}
	}
	for _, p := range []cast.Person{cast.Ada, cast.Sam, cast.Vera} {
		if rows := rowsOf(t, sys.As(p), path+"/notes"); len(rows) != 2 {
			t.Errorf("%s is listed %v", p.Name, rows)
		}
	}
	bracketed(t, get(internal), http.StatusNotFound, append(outside, as(cast.Alice, cast.Ursula, cast.Tom, cast.Gus)...), sys.As(cast.Vera))
	bracketed(t, get(public), http.StatusNotFound, as(cast.Alice, cast.Ursula, cast.Tom, cast.Gus), sys.As(cast.Dora))
	// A note is found under its own claim only.
	expect(t, http.StatusNotFound, sys.As(cast.Ada), get("/claims/c-alice"+strings.TrimPrefix(public, path)))
}

func TestNobodyReadsOrWritesInternalNotesOnTheirOwnClaim(t *testing.T) {
	for owner, other := range map[cast.Person]cast.Person{cast.Ada: cast.Sam, cast.Sam: cast.Ada} {
		path := submitted(t, owner, 100_00)
		bracketed(t, post(path+"/notes", note("internal", "acme: between us")), http.StatusForbidden, as(owner), sys.As(other))
		rows := rowsOf(t, sys.As(other), path+"/notes")
		if len(rows) != 1 || rows[0]["kind"] != "internal" {
			t.Fatalf("%s is listed %v", other.Name, rows)
		}
		bracketed(t, get(path+"/notes/"+rows[0]["id"].(string)), http.StatusNotFound, as(owner), sys.As(other))
		if rows := rowsOf(t, sys.As(owner), path+"/notes"); len(rows) != 0 {
			t.Errorf("%s is listed what others say about their claim: %v", owner.Name, rows)
		}
		expect(t, http.StatusCreated, sys.As(owner), post(path+"/notes", note("public", "acme: hello")))
	}
}

func TestASupervisorAssignsOnlyToWhoMayDecideThere(t *testing.T) {
	path := submitted(t, cast.Bob, 100_00)
	to := func(p cast.Person) ask { return put(path+"/assignee", map[string]any{"subject": p.ID()}) }
	for _, p := range []cast.Person{cast.Bob, cast.Ursula, cast.Olive, cast.Vera, cast.Tom, cast.Alice, cast.Grace} {
		expect(t, http.StatusUnprocessableEntity, sys.As(cast.Sam), to(p))
		expect(t, http.StatusNotFound, sys.As(cast.Alice), to(p))
	}
	bracketed(t, to(cast.Ada), http.StatusForbidden, as(cast.Bob, cast.Ada, cast.Olive, cast.Vera), sys.As(cast.Sam))
	if got := object(t, expect(t, http.StatusOK, sys.As(cast.Ada), get(path))); got["status"] != "in_review" || got["assignee"] != cast.Ada.ID() {
		t.Errorf("after it was assigned: %v", got)
	}
	// To whom it is not assigned any more, it is not theirs to approve.
	expect(t, http.StatusOK, sys.As(cast.Sue), to(cast.Sue))
	bracketed(t, post(path+"/approve", nil), http.StatusForbidden, as(cast.Ada), sys.As(cast.Sam))
	expect(t, http.StatusConflict, sys.As(cast.Sam), to(cast.Ada))
}

func TestAnAdminGivesAndTakesRolesAndTheNextRequestKnows(t *testing.T) {
	path := submitted(t, cast.Bob, 100_00)
	max := "/claims/staff/" + cast.Max.ID()
	appoint := put(max, map[string]any{"role": "adjuster", "regions": []string{"eu"}, "limit": 500_00, "currency": "EUR"})
	expect(t, http.StatusForbidden, sys.As(cast.Tom), put("/claims/staff/"+cast.Tom.ID(), map[string]any{"role": "supervisor"}))
	expect(t, http.StatusForbidden, sys.As(cast.Tom), remove("/claims/staff/"+cast.Tom.ID()))
	expect(t, http.StatusUnauthorized, sys.As(cast.Tom).Weak(), appoint)
	expect(t, http.StatusNotFound, sys.As(cast.Max), get(path))

	bracketed(t, appoint, http.StatusForbidden, as(cast.Max, cast.Alice, cast.Sam, cast.Vera), sys.As(cast.Tom))
	expect(t, http.StatusOK, sys.As(cast.Max), get(path))
	expect(t, http.StatusNotFound, sys.As(cast.Max), get("/claims/c-mallory")) // tom's word is worth nothing in globex
	expect(t, http.StatusNotFound, sys.As(cast.Gary), remove(max))
	expect(t, http.StatusNoContent, sys.As(cast.Tom), remove(max))
	expect(t, http.StatusNotFound, sys.As(cast.Max), get(path)) // with the same token, still valid
	expect(t, http.StatusNotFound, sys.As(cast.Tom), get(path)) // an admin reads no claim
}

func TestASearchFindsWholeWordsOfWhatOneMayRead(t *testing.T) {
	path := drafted(t, cast.Bob, 100_00)
	word := strings.ToLower(claimID(path)[2:14])
	demand(t, http.StatusOK, sys.As(cast.Bob), patch(path, map[string]any{"description": "acme: the " + strings.ToUpper(word) + " is broken"}))
	find := "/claims?text=" + word
	for _, p := range []cast.Person{cast.Alice, cast.Ada, cast.Sam, cast.Vera, cast.Olive, cast.Mallory, cast.Gus} {
		if rows := rowsOf(t, sys.As(p), find); len(rows) != 0 {
			t.Errorf("%s finds bob's draft: %v", p.Name, rows)
		}
		if n := counted(t, sys.As(p), "/claims/count?text="+word); n != 0 {
			t.Errorf("%s counts %d", p.Name, n)
		}
	}
	for query, want := range map[string]int{word: 1, "the+" + word: 1, word[:6]: 0, word + "+acmee": 0} {
		if n := counted(t, sys.As(cast.Bob), "/claims/count?text="+query); n != want {
			t.Errorf("bob counts %d with %s, want %d", n, query, want)
		}
		if rows := rowsOf(t, sys.As(cast.Bob), "/claims?text="+query); len(rows) != want {
			t.Errorf("bob finds %d with %s, want %d", len(rows), query, want)
		}
	}
	demand(t, http.StatusOK, sys.As(cast.Bob), post(path+"/submit", nil))
	for _, p := range []cast.Person{cast.Ada, cast.Sam, cast.Vera, cast.Olive} {
		if rows := rowsOf(t, sys.As(p), find); len(rows) != 1 || rows[0]["id"] != claimID(path) {
			t.Errorf("%s finds %v", p.Name, rows)
		}
	}
}

func TestAnExportHoldsWhatItsCallerMayReadAndAnswersNobodyElse(t *testing.T) {
	inReview(t, cast.Bob, 100_00)
	for _, p := range []cast.Person{cast.Sam, cast.Vera, cast.Gus} {
		answer := expect(t, http.StatusOK, sys.As(p), get("/claims/export"))
		var got, want []string
		for line := range bytes.Lines(answer.Body) {
			var row struct{ ID, Tenant string }
			if err := json.Unmarshal(line, &row); err != nil || row.Tenant != p.Tenant {
				t.Fatalf("%s: %s (%v)", p.Name, line, err)
			}
			got = append(got, row.ID)
		}
		for _, row := range rowsOf(t, sys.As(p), "/claims?limit=200") {
			want = append(want, row["id"].(string))
		}
		if len(want) == 0 || !slices.Equal(got, want) {
			t.Errorf("%s exports %d claims and is listed %d", p.Name, len(got), len(want))
		}
		table, err := csv.NewReader(bytes.NewReader(expect(t, http.StatusOK, sys.As(p).With("Accept", "text/csv"), get("/claims/export")).Body)).ReadAll()
		if err != nil || len(table) != len(want)+1 || table[0][0] != "id" {
			t.Errorf("%s: a table of %d rows (%v)", p.Name, len(table), err)
		}
	}
	expect(t, http.StatusUnauthorized, sys.As(cast.Sam).Weak(), get("/claims/export"))
	bracketed(t, get("/claims/export"), http.StatusForbidden, as(cast.Ada, cast.Olive, cast.Tom, cast.Bob, cast.Grace), sys.As(cast.Vera))
	unread := cast.Sam
	unread.Scopes = "claims:export"
	challenge := expect(t, http.StatusForbidden, sys.As(unread), get("/claims/export")).Header.Get("WWW-Authenticate")
	if !strings.Contains(challenge, `scope="claims:read"`) {
		t.Errorf("who may not read is challenged by %q", challenge)
	}
}

func TestTheSameRequestAgainDoesNothingAgain(t *testing.T) {
	order := delivered(t, cast.Bob, 100_00)
	file := filing(order, 50_00)
	bob := sys.As(cast.Bob).With("Idempotency-Key", `"`+order+`"`)
	first := object(t, demand(t, http.StatusCreated, bob, file))
	if again := object(t, expect(t, http.StatusCreated, bob, file)); again["id"] != first["id"] {
		t.Errorf("again: %v", again)
	}
	expect(t, http.StatusUnprocessableEntity, bob, filing(order, 60_00))
	expect(t, http.StatusConflict, sys.As(cast.Bob), file)
	path := "/claims/" + first["id"].(string)
	submit := post(path+"/submit", nil)
	for _, who := range []*harness.Caller{bob, bob} {
		if got := status(t, expect(t, http.StatusOK, who, submit)); got != "submitted" {
			t.Errorf("submitted: %v", got)
		}
	}
	expect(t, http.StatusConflict, sys.As(cast.Bob), submit)
	expect(t, http.StatusNotFound, sys.As(cast.Alice).With("Idempotency-Key", `"`+order+`"`), submit) // the key is bob's
}
