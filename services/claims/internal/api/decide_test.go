package api

import (
	"fmt"
	"testing"
)

func TestASupervisorAssignsToWhoMayDecideThereAndNotToTheOwner(t *testing.T) {
	w := newWorld(t)
	to := func(name string) string { return fmt.Sprintf(`{"subject":"home:%s"}`, name) }
	const path = "/claims/c-bob-submitted/assignee"
	for name, status := range map[string]int{"bob": 403, "ada": 403, "olive": 403, "vera": 403, "alice": 404, "ursula": 404, "dora": 404, "tom+": 404, "gus+": 404, "mallory": 404} {
		w.expect(status, name, "PUT", path, to("ada"))
		w.expect(status, name, "PUT", path, to("nobody"))
	}
	for _, unsuited := range []string{"bob", "ursula", "olive", "vera", "tom", "alice", "grace", "gus", "nobody"} {
		w.expect(422, "sam", "PUT", path, to(unsuited))
	}
	w.expect(403, "sam", "PUT", "/claims/c-sam/assignee", to("ada"))
	w.expect(422, "sam", "PUT", "/claims/c-ada/assignee", to("ada"))
	w.expect(404, "sam", "PUT", "/claims/c-alice-draft/assignee", to("ada"))
	for _, done := range []string{"approved", "rejected", "withdrawn"} {
		w.expect(409, "sam", "PUT", "/claims/c-bob-"+done+"/assignee", to("ada"))
	}

	if got := w.expect(200, "sam", "PUT", path, to("ada")).object(t); got["status"] != "in_review" || got["assignee"] != "home:ada" {
		t.Errorf("assigned: %v", got)
	}
	w.expect(200, "sam", "PUT", path, to("sue"))
	w.expect(403, "ada", "POST", "/claims/c-bob-submitted/approve", "")
	w.expect(200, "sue+", "PUT", "/claims/c-sam/assignee", to("ada"))
	w.expect(200, "sam", "PUT", path, to("ada"))
	w.expect(200, "ada", "POST", "/claims/c-bob-submitted/approve", "")
}

func TestAClaimIsRejectedInReviewAndNeverByItsOwner(t *testing.T) {
	w := newWorld(t)
	for name, status := range map[string]int{"bob": 403, "dora": 403, "olive": 403, "vera": 403, "sam": 401, "alice": 404, "ursula": 404, "tom+": 404, "gus+": 404} {
		w.expect(status, name, "POST", "/claims/c-bob/reject", "")
	}
	w.expect(403, "ada", "POST", "/claims/c-ada/reject", "")
	w.expect(403, "sam+", "POST", "/claims/c-sam/reject", "")
	w.expect(409, "ada", "POST", "/claims/c-bob-submitted/reject", "")
	w.expect(404, "ada", "POST", "/claims/c-alice-draft/reject", "")
	if got := w.expect(200, "ada", "POST", "/claims/c-bob/reject", "").object(t); got["status"] != "rejected" {
		t.Errorf("rejected: %v", got)
	}
	w.expect(409, "sam+", "POST", "/claims/c-bob/reject", "")
	w.expect(200, "sam+", "POST", "/claims/c-bob-huge/reject", "")
}

func TestAClaimIsWithdrawnByItsOwnerBeforeItIsDecided(t *testing.T) {
	w := newWorld(t)
	for name, status := range map[string]int{"ada": 403, "sam+": 403, "dora": 403, "olive": 403, "vera": 403, "alice": 404, "tom+": 404, "mallory": 404} {
		w.expect(status, name, "POST", "/claims/c-bob/withdraw", "")
	}
	for _, path := range []string{"/claims/c-bob-approved", "/claims/c-bob-rejected", "/claims/c-bob-withdrawn"} {
		w.expect(409, "bob", "POST", path+"/withdraw", "")
	}
	w.expect(409, "alice", "POST", "/claims/c-alice-draft/withdraw", "")
	w.expect(200, "bob", "POST", "/claims/c-bob/withdraw", "")
	if got := w.expect(200, "bob", "POST", "/claims/c-bob-submitted/withdraw", "").object(t); got["status"] != "withdrawn" {
		t.Errorf("withdrawn: %v", got)
	}
	w.expect(409, "ada", "POST", "/claims/c-bob/approve", "")
	// The order can be claimed for again.
	w.expect(200, "alice", "POST", "/claims/c-alice/withdraw", "")
	w.expect(201, "alice", "POST", "/claims", filed("o-alice", 100, "EUR"))
}

func TestADraftIsEditedByItsOwnerAndByNobodyElse(t *testing.T) {
	w := newWorld(t)
	const said = `{"description":"acme: it is green"}`
	for _, name := range []string{"bob", "ada", "sam+", "olive", "vera", "tom+", "mallory", "gus+"} {
		w.expect(404, name, "PATCH", "/claims/c-alice-draft", said)
	}
	for name, status := range map[string]int{"ada": 403, "dora": 403, "sam+": 403, "alice": 404} {
		w.expect(status, name, "PATCH", "/claims/c-bob", said)
	}
	w.expect(403, "narrow", "PATCH", "/claims/c-alice-draft", said)
	w.expect(412, "alice", "PATCH", "/claims/c-alice-draft", said, "If-Match", `"2"`)
	edited := w.expect(200, "alice", "PATCH", "/claims/c-alice-draft", said, "If-Match", `"1"`)
	if got := edited.object(t); got["description"] != "acme: it is green" || got["amount"] != float64(3000) || edited.header.Get("ETag") != `"2"` {
		t.Errorf("edited: %v %v", edited.header, got)
	}
	if got := ids(w.expect(200, "alice", "GET", "/claims?text=green", "").items(t)); len(got) != 1 {
		t.Errorf("it is found by its new words: %v", got)
	}
	if got := ids(w.expect(200, "alice", "GET", "/claims?text=lid", "").items(t)); len(got) != 0 {
		t.Errorf("it is found by its old words: %v", got)
	}
}
