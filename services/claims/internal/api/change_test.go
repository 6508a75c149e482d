package api

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/principal/principaltest"
)

func filed(order string, amount int, currency string) string {
	return fmt.Sprintf(`{"order":%q,"description":"acme: it broke","amount":%d,"currency":%q,"contact":{"name":"A","email":"a@acme.example","phone":"1"}}`,
		order, amount, currency)
}

// expiry is the body of a share that ends in so many days.
func expiry(days float64) string {
	return fmt.Sprintf(`{"expires_at":%d}`, time.Now().Add(time.Duration(days*float64(24*time.Hour))).UnixMilli())
}

func TestAClaimCanOnlyBeFiledOnOnesOwnDeliveredOrderInTime(t *testing.T) {
	w := newWorld(t)
	who := fields("bob")
	who.Txn = "the-same"
	token := principaltest.Token(t, w.signer, who)
	foreign := w.send(w.asking, token, "POST", "/claims", filed("o-alice-free", 100, "EUR"))
	absent := w.send(w.asking, token, "POST", "/claims", filed("o-nowhere-at", 100, "EUR"))
	for _, a := range []answer{foreign, absent} {
		a.header.Del("Date")
	}
	if foreign.status != 404 || foreign.body != absent.body || !maps.EqualFunc(foreign.header, absent.header, slices.Equal) {
		t.Errorf("another's order %+v, no order %+v", foreign, absent)
	}
	w.expect(403, "alice", "POST", "/claims", filed("o-alice-placed", 100, "EUR"))
	w.expect(403, "alice", "POST", "/claims", filed("o-alice-old", 100, "EUR"))
	w.expect(403, "alice", "POST", "/claims", filed("o-alice-old", 99999, "USD")) // refused before it is unfit
	w.expect(422, "alice", "POST", "/claims", filed("o-alice-free", 20001, "EUR"))
	w.expect(422, "alice", "POST", "/claims", filed("o-alice-free", 100, "USD"))
	w.expect(422, "alice", "POST", "/claims", filed("o-alice-free", 0, "EUR"))
	w.expect(409, "alice", "POST", "/claims", filed("o-alice", 100, "EUR"))
	w.orders.down.Store(true)
	if a := w.expect(503, "alice", "POST", "/claims", filed("o-alice-free", 100, "EUR")); a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	w.orders.down.Store(false)
	if n := w.number("SELECT count(*) FROM claims WHERE order_id LIKE 'o-alice-%' AND order_id <> 'o-alice-draft'"); n != 0 {
		t.Fatalf("%d claims were made by what was refused", n)
	}

	made := w.expect(201, "alice", "POST", "/claims", filed("o-alice-free", 20000, "EUR"))
	c := made.object(t)
	if c["status"] != "draft" || c["owner"] != "home:alice" || c["tenant"] != "acme" || c["region"] != "eu" || c["order_amount"] != float64(20000) {
		t.Errorf("made %v", c)
	}
	if made.header.Get("Location") != "/claims/"+c["id"].(string) || made.header.Get("ETag") != `"1"` {
		t.Errorf("made %v", made.header)
	}
	w.expect(404, "bob", "GET", made.header.Get("Location"), "")
	w.expect(200, "alice", "GET", made.header.Get("Location"), "")
	w.expect(409, "alice", "POST", "/claims", filed("o-alice-free", 100, "EUR"))
	record := w.expect(200, "vera", "GET", "/claims/decisions?rule=order-covered", "").items(t)
	if len(record) != 2 || record[0]["subject"] != "home:bob" || record[0]["action"] != "claims:file" {
		t.Errorf("orders' refusals are recorded as %v", record)
	}
}

func TestWhatABodyMayNotSayIsMalformedAndNothingIsWritten(t *testing.T) {
	w := newWorld(t)
	good := filed("o-alice-free", 100, "EUR")
	for _, bad := range []string{
		strings.Replace(good, "{", `{"owner":"home:bob",`, 1),
		strings.Replace(good, "{", `{"tenant":"globex",`, 1),
		strings.Replace(good, "{", `{"status":"approved",`, 1),
		strings.Replace(good, "{", `{"order":"o-bob-free",`, 1),
		strings.Replace(good, `"order"`, `"ORDER"`, 1),
		strings.Replace(good, `"description"`, `"deſcription"`, 1),
		strings.Replace(good, "100", "100.5", 1),
		strings.Replace(good, "100", "9007199254740993", 1),
		strings.Replace(good, "o-alice-free", "../o-alice-free", 1),
		strings.Replace(good, "EUR", "eur", 1),
		good + good, good[1:], "null", "[]", `"o-alice-free"`,
	} {
		w.expect(400, "alice", "POST", "/claims", bad)
	}
	w.expect(415, "alice", "POST", "/claims", good, "Content-Type", "text/plain")
	w.expect(400, "alice", "POST", "/claims/c-alice-draft/submit", `{"status":"approved"}`)
	w.expect(400, "alice", "POST", "/claims/c-alice-draft/submit?tenant=globex", "")
	if n := w.number("SELECT count(*) FROM claims WHERE order_id = 'o-alice-free'") + w.orders.asked.Load(); n != 0 {
		t.Errorf("%d rows written or questions asked", n)
	}
	w.expect(201, "alice", "POST", "/claims", good)
}

func TestAClaimIsSubmittedByItsOwnerAndTakenInItsRegion(t *testing.T) {
	w := newWorld(t)
	const draft = "/claims/c-alice-draft"
	for _, name := range []string{"bob", "ada", "sam+", "mallory", "vera"} {
		w.expect(404, name, "POST", draft+"/submit", "")
		w.expect(404, name, "POST", draft+"/take", "")
	}
	w.expect(403, "alice", "POST", draft+"/take", "")
	w.expect(200, "alice", "POST", draft+"/submit", "")
	w.expect(409, "alice", "POST", draft+"/submit", "")
	w.expect(403, "ada", "POST", draft+"/submit", "")

	for name, status := range map[string]int{"alice": 403, "sam+": 403, "vera": 403, "olive": 403, "ursula": 404, "bob": 404, "tom+": 404, "grace": 404} {
		w.expect(status, name, "POST", draft+"/take", "")
	}
	taken := w.expect(200, "ada", "POST", draft+"/take", "").object(t)
	if taken["status"] != "in_review" || taken["assignee"] != "home:ada" || taken["version"] != float64(3) {
		t.Errorf("taken: %v", taken)
	}
	w.expect(409, "ada", "POST", draft+"/take", "")
}

func TestAClaimIsApprovedWithinTheLimitAndNeverByItsOwner(t *testing.T) {
	w := newWorld(t)
	w.expect(403, "ada", "POST", "/claims/c-bob-big/approve", "") // 700.00, her limit is 500.00
	w.expect(403, "ada", "POST", "/claims/c-ada/approve", "")     // her own, assigned to her
	w.expect(403, "sam+", "POST", "/claims/c-sam/approve", "")    // his own
	w.expect(403, "sam+", "POST", "/claims/c-bob-us/approve", "") // 10.00, but USD
	w.expect(403, "bob", "POST", "/claims/c-bob/approve", "")
	w.expect(403, "dora", "POST", "/claims/c-bob/approve", "")
	w.expect(403, "vera", "POST", "/claims/c-bob/approve", "")
	w.expect(404, "eddy", "POST", "/claims/c-bob/approve", "")
	w.expect(404, "gus+", "POST", "/claims/c-bob/approve", "")
	w.expect(409, "sam+", "POST", "/claims/c-bob-submitted/approve", "")

	if a := w.expect(200, "ada", "POST", "/claims/c-bob/approve", "").object(t); a["status"] != "approved" || a["first_approver"] != "home:ada" {
		t.Errorf("approved: %v", a)
	}
	w.expect(200, "sue+", "POST", "/claims/c-ada/approve", "")
	w.expect(200, "sue+", "POST", "/claims/c-sam/approve", "")
}

func TestASupervisorNeedsASecondFactorToApprove(t *testing.T) {
	w := newWorld(t)
	a := w.expect(401, "sam", "POST", "/claims/c-bob-big/approve", "")
	challenge := a.header.Get("WWW-Authenticate")
	if !strings.Contains(challenge, "insufficient_user_authentication") || !strings.Contains(challenge, "urn:innerdoor:acr:mfa") {
		t.Errorf("challenged by %q", challenge)
	}
	w.expect(200, "sam+", "POST", "/claims/c-bob-big/approve", "")
}

func TestAboveFiveThousandItTakesTwo(t *testing.T) {
	w := newWorld(t)
	const huge = "/claims/c-bob-huge"
	w.expect(401, "sam", "POST", huge+"/approve", "")
	if a := w.expect(200, "sam+", "POST", huge+"/approve", "").object(t); a["status"] != "in_review" || a["first_approver"] != "home:sam" {
		t.Errorf("after the first: %v", a)
	}
	w.expect(403, "sam+", "POST", huge+"/approve", "")
	if a := w.expect(200, "sue+", "POST", huge+"/approve", "").object(t); a["status"] != "approved" || a["second_approver"] != "home:sue" {
		t.Errorf("after the second: %v", a)
	}
}

func TestAChangeIsMadeToTheVersionThatItsMakerSaw(t *testing.T) {
	w := newWorld(t)
	seen := w.expect(200, "ada", "GET", "/claims/c-bob", "").header.Get("ETag")
	w.expect(412, "ada", "POST", "/claims/c-bob/approve", "", "If-Match", `"9"`)
	w.expect(412, "ada", "POST", "/claims/c-bob/approve", "", "If-Match", `W/`+seen)
	w.expect(400, "ada", "POST", "/claims/c-bob/approve", "", "If-Match", `"1", "2"`)
	w.expect(403, "bob", "POST", "/claims/c-bob/approve", "", "If-Match", `"9"`)
	w.expect(404, "alice", "POST", "/claims/c-bob/approve", "", "If-Match", `"9"`)
	w.expect(200, "ada", "POST", "/claims/c-bob/approve", "", "If-Match", seen)
}

func TestOnlyTheOwnerSharesAClaimAndOnlyForAWhile(t *testing.T) {
	w := newWorld(t)
	const max = "/claims/c-bob/delegates/home:max"
	for name, status := range map[string]int{"dora": 403, "ada": 403, "sam+": 403, "olive": 403, "alice": 404, "eddy": 404, "max": 404, "tom+": 404, "mallory": 404, "gus+": 404} {
		w.expect(status, name, "GET", "/claims/c-bob/delegates", "")
		w.expect(status, name, "PUT", max, expiry(1))
		w.expect(status, name, "DELETE", "/claims/c-bob/delegates/home:dora", "")
	}
	w.expect(400, "bob", "PUT", "/claims/c-bob/delegates/max", expiry(1))
	w.expect(422, "bob", "PUT", max, `{}`)
	w.expect(422, "bob", "PUT", max, expiry(-1))
	w.expect(422, "bob", "PUT", max, expiry(90.01))
	w.expect(422, "bob", "PUT", "/claims/c-bob/delegates/home:bob", expiry(1))
	w.expect(404, "max", "GET", "/claims/c-bob", "")

	w.expect(201, "bob", "PUT", max, expiry(89.99))
	w.expect(200, "max", "GET", "/claims/c-bob", "")
	w.expect(403, "max", "POST", "/claims/c-bob/approve", "")
	again := w.expect(200, "bob", "PUT", max, expiry(1))
	if again.header.Get("ETag") != `"2"` {
		t.Errorf("renewed: %v %s", again.header, again.body)
	}
	if got := len(w.expect(200, "bob", "GET", "/claims/c-bob/delegates", "").items(t)); got != 3 {
		t.Errorf("%d delegates, want dora, eddy and max", got)
	}
	if got := len(w.expect(200, "alice", "GET", "/claims/c-alice/delegates", "").items(t)); got != 0 {
		t.Errorf("alice's claim has %d delegates of bob's", got)
	}
	w.expect(412, "bob", "DELETE", max, "", "If-Match", `"1"`)
	w.expect(204, "bob", "DELETE", max, "", "If-Match", `"2"`)
	w.expect(404, "bob", "DELETE", max, "")
	w.expect(404, "max", "GET", "/claims/c-bob", "")
	w.expect(200, "dora", "GET", "/claims/c-bob", "")
}

func TestAShareIsOverAtItsVeryMoment(t *testing.T) {
	w := newWorld(t)
	w.expect(200, "dora", "GET", "/claims/c-bob", "")
	w.sql("UPDATE delegations SET expires_at = ? WHERE subject = 'home:dora'", time.Now().UnixMilli())
	w.expect(404, "dora", "GET", "/claims/c-bob", "")
	w.expect(200, "bob", "PUT", "/claims/c-bob/delegates/home:dora", expiry(1))
	w.expect(200, "dora", "GET", "/claims/c-bob", "")
}

func TestAPersonHoldsAtMostAHundredLiveShares(t *testing.T) {
	w := newWorld(t)
	w.sql(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99)
		INSERT INTO claims SELECT 'acme', 'c-many-' || i, 'home:bob', 'o-many-' || i, 'eu', 1, 'EUR', 1, 'acme', '', '', '', 'draft', '', '', '', 0, 1, i, i FROM n`)
	w.sql(`INSERT INTO delegations SELECT 'acme', id || '/home:dora', id, 'home:dora', ?, 'home:bob', 1, 1, 1 FROM claims WHERE id LIKE 'c-many-%'`,
		time.Now().Add(time.Hour).UnixMilli())
	w.expect(422, "bob", "PUT", "/claims/c-bob-big/delegates/home:dora", expiry(1)) // she holds 99 and that of c-bob
	w.expect(200, "bob", "PUT", "/claims/c-bob/delegates/home:dora", expiry(1))     // to renew one is not to hold another
	w.expect(201, "bob", "PUT", "/claims/c-bob-big/delegates/home:max", expiry(1))
	w.expect(204, "bob", "DELETE", "/claims/c-bob/delegates/home:dora", "")
	w.expect(201, "bob", "PUT", "/claims/c-bob-big/delegates/home:dora", expiry(1))
}

func TestOnlyAuditorsLookAtDecisionsAndOnlyAtTheirTenants(t *testing.T) {
	w := newWorld(t)
	who := fields("bob")
	who.Txn = principal.NewTxn()
	w.send(w.asking, principaltest.Token(t, w.signer, who), "GET", "/claims/c-alice", "")
	look := "/claims/decisions?txn=" + who.Txn
	for _, name := range []string{"alice", "bob", "ada", "sam+", "olive", "tom+", "mallory", "narrow"} {
		w.expect(403, name, "GET", look, "")
		w.expect(403, name, "GET", "/claims/decisions/whatever", "")
	}
	for _, long := range []string{strings.Repeat("x", 65), "a%20text"} { // else whoever asks writes it into the records
		w.expect(400, "bob", "GET", "/claims/decisions/"+long, "")
	}
	if n := len(w.expect(200, "gina", "GET", look, "").items(t)); n != 0 {
		t.Errorf("globex's auditor sees %d decisions of acme", n)
	}
	found := w.expect(200, "vera", "GET", look, "").items(t)
	if len(found) != 1 || found[0]["subject"] != "home:bob" || found[0]["object"] != "c-alice" || found[0]["outcome"] != "hidden" || found[0]["status"] != float64(404) {
		t.Fatalf("the decision was recorded as %v", found)
	}
	one := "/claims/decisions/" + found[0]["id"].(string)
	w.expect(404, "gina", "GET", one, "")
	if got := w.expect(200, "vera", "GET", one, "").object(t); got["txn"] != who.Txn {
		t.Errorf("the decision: %v", got)
	}
	looks := w.expect(200, "vera", "GET", "/claims/decisions?action=claims:audit&subject=home:vera", "").items(t)
	if len(looks) != 2 {
		t.Errorf("%d looks at decisions were recorded, want 2", len(looks))
	}
	w.expect(400, "vera", "GET", "/claims/decisions?tenant=globex", "")
}

func TestOfManyWhoDoTheSameAtOnceOneSucceeds(t *testing.T) {
	w := newWorld(t)
	for path, c := range map[string]struct {
		name, body  string
		one, others int
	}{
		"/claims":                      {"alice", filed("o-alice-free", 100, "EUR"), 201, 409},
		"/claims/c-bob-submitted/take": {"ada", "", 200, 409},
		"/claims/c-alice-draft/submit": {"alice", "", 200, 409},
		"/claims/c-bob-huge/approve":   {"sam+", "", 200, 403},
		"/claims/c-bob-big/approve":    {"sue+", "", 200, 403},
	} {
		const many = 12
		token := principaltest.Token(t, w.signer, fields(c.name))
		answers := make(chan int, many)
		for range many {
			go func() { answers <- w.send(w.asking, token, "POST", path, c.body).status }()
		}
		got := map[int]int{}
		for range many {
			got[<-answers]++
		}
		if got[c.one] != 1 || got[c.others] != many-1 {
			t.Errorf("%s: %v", path, got)
		}
	}
}

func TestARecordHoldsWhyAndNeverWhat(t *testing.T) {
	w := newWorld(t)
	who := fields("ada")
	who.Txn = principal.NewTxn()
	token := principaltest.Token(t, w.signer, who)
	w.send(w.asking, token, "GET", "/claims/c-alice", "")
	w.send(w.asking, token, "GET", "/claims", "")
	w.send(w.asking, token, "POST", "/claims/c-bob/approve", "")
	found := w.expect(200, "vera", "GET", "/claims/decisions?txn="+who.Txn, "").items(t)
	if len(found) != 3 {
		t.Fatalf("%d records of three requests", len(found))
	}
	whole := fmt.Sprint(found)
	for _, text := range []string{"kettle", "@acme.example", "+49", token, token[strings.LastIndex(token, "."):]} {
		if strings.Contains(whole, text) {
			t.Errorf("the records hold %q", text)
		}
	}
	for _, record := range found {
		evidence, _ := record["evidence"].(map[string]any)
		if len(evidence) < 10 || record["policy"] == "" || record["peer"] != "gateway" || record["outcome"] != "allowed" {
			t.Errorf("the record: %v", record)
		}
	}
}
