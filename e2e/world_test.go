package e2e

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"innerdoor.example/e2e/cast"
	"innerdoor.example/e2e/harness"
)

// ask is one request, so that the very same one can be made by several people.
type ask struct {
	method, path string
	body         any
}

func get(path string) ask             { return ask{http.MethodGet, path, nil} }
func post(path string, body any) ask  { return ask{http.MethodPost, path, body} }
func put(path string, body any) ask   { return ask{http.MethodPut, path, body} }
func patch(path string, body any) ask { return ask{http.MethodPatch, path, body} }
func remove(path string) ask          { return ask{http.MethodDelete, path, nil} }

func (a ask) String() string { return a.method + " " + a.path }

// by asks as who. The tests of a whole minute ask more than a person may, so it waits
// where the gateway says that it is too much.
func (a ask) by(who *harness.Caller) harness.Answer {
	for {
		answer := a.once(who)
		seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
		if answer.Status != http.StatusTooManyRequests || err != nil {
			return answer
		}
		time.Sleep(time.Duration(seconds) * time.Second)
	}
}

// once asks as who, and takes what comes.
func (a ask) once(who *harness.Caller) harness.Answer { return who.Do(a.method, a.path, a.body) }

// callers are people as the cast logs them in.
type callers []*harness.Caller

func as(people ...cast.Person) callers {
	var all callers
	for _, p := range people {
		all = append(all, sys.As(p))
	}
	return all
}

// expect asks and fails unless the answer has the status.
func expect(t testing.TB, status int, who *harness.Caller, a ask) harness.Answer {
	t.Helper()
	asked := a.by
	if status == http.StatusTooManyRequests {
		asked = a.once
	}
	answer := asked(who)
	if answer.Status != status {
		t.Errorf("%s: %s: %s; want %d", who, a, answer, status)
	}
	return answer
}

// demand is expect for what the rest of the test rests on.
func demand(t testing.TB, status int, who *harness.Caller, a ask) harness.Answer {
	t.Helper()
	answer := expect(t, status, who, a)
	if answer.Status != status {
		t.FailNow()
	}
	return answer
}

// bracketed asks the very same thing of many: first those who are to be refused,
// then somebody entitled, who must succeed. Without that the refusals would prove
// nothing.
func bracketed(t testing.TB, a ask, status int, refused callers, entitled *harness.Caller) []harness.Answer {
	t.Helper()
	var answers []harness.Answer
	for _, who := range refused {
		answers = append(answers, expect(t, status, who, a))
	}
	if answer := a.by(entitled); answer.Status/100 != 2 {
		t.Errorf("%s is entitled: %s: %s", entitled, a, answer)
	}
	return answers
}

// page is a page of any list.
type page struct {
	Items []map[string]any `json:"items"`
	Next  string           `json:"next"`
}

// rowsOf walks all pages of a list.
func rowsOf(t testing.TB, who *harness.Caller, path string) []map[string]any {
	t.Helper()
	var all []map[string]any
	at := path
	for range 1000 {
		var p page
		if err := demand(t, http.StatusOK, who, get(at)).JSON(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p.Items...)
		if p.Next == "" {
			return all
		}
		at = path + join(path) + "cursor=" + p.Next
	}
	t.Fatalf("%s: %s has no end", who, path)
	return nil
}

// notOwn are the rows that somebody is listed of other people's. Own ones may be left
// from earlier tests.
func notOwn(rows []map[string]any, p cast.Person) []map[string]any {
	return slices.DeleteFunc(rows, func(row map[string]any) bool { return row["owner"] == p.ID() })
}

func join(path string) string {
	if strings.Contains(path, "?") {
		return "&"
	}
	return "?"
}

func counted(t testing.TB, who *harness.Caller, path string) int {
	t.Helper()
	var c struct {
		Count *int `json:"count"`
	}
	if err := demand(t, http.StatusOK, who, get(path)).JSON(&c); err != nil || c.Count == nil {
		t.Fatalf("%s: %s: no count (%v)", who, path, err)
	}
	return *c.Count
}

func object(t testing.TB, answer harness.Answer) map[string]any {
	t.Helper()
	var o map[string]any
	if err := answer.JSON(&o); err != nil {
		t.Fatalf("%s: %v", answer, err)
	}
	return o
}

// placing is what owner says to place an order over so many cents.
func placing(owner cast.Person, cents int) map[string]any {
	return map[string]any{
		"items":    []map[string]any{{"name": owner.Tenant + " thing", "quantity": 1, "price": cents}},
		"currency": "EUR", "region": "eu", "ship_to": "1 " + owner.Tenant + " street",
		"contact": map[string]any{"name": owner.Name, "email": owner.Name + "@" + owner.Tenant + ".example", "phone": "1"},
	}
}

// placed is a new order of owner's over so many cents: its id.
func placed(t testing.TB, owner cast.Person, cents int) string {
	t.Helper()
	return object(t, demand(t, http.StatusCreated, sys.As(owner), post("/orders", placing(owner, cents))))["id"].(string)
}

// delivered is a new order that has arrived.
func delivered(t testing.TB, owner cast.Person, cents int) string {
	t.Helper()
	id := placed(t, owner, cents)
	deliver(t, owner.Tenant, id)
	return id
}

// deliver brings an order of the tenant's from its placing to the door.
func deliver(t testing.TB, tenant, id string) {
	t.Helper()
	manager, carrier, parcels := cast.Max, cast.Swift, "swift-parcel"
	if tenant == cast.Globex {
		manager, carrier, parcels = cast.Gus, cast.Glide, "glide-parcel"
	}
	demand(t, http.StatusOK, sys.As(manager), put("/orders/"+id+"/carrier", map[string]any{"carrier": parcels}))
	demand(t, http.StatusOK, sys.As(carrier), post("/orders/"+id+"/ship", nil))
	demand(t, http.StatusOK, sys.As(carrier), post("/orders/"+id+"/deliver", nil))
}

// filing files a claim over so many cents on the order.
func filing(order string, cents int) ask { return filingIn(order, cents, "EUR") }

func filingIn(order string, cents int, currency string) ask {
	return post("/claims", map[string]any{
		"order": order, "description": "it arrived broken", "amount": cents, "currency": currency,
		"contact": map[string]any{"name": "somebody", "email": "somebody@mail.example", "phone": "2"},
	})
}

// drafted is a new claim of owner's: its path.
func drafted(t testing.TB, owner cast.Person, cents int) string {
	t.Helper()
	answer := demand(t, http.StatusCreated, sys.As(owner), filing(delivered(t, owner, cents), cents))
	return answer.Header.Get("Location")
}

// submitted is a new claim that staff see.
func submitted(t testing.TB, owner cast.Person, cents int) string {
	t.Helper()
	path := drafted(t, owner, cents)
	demand(t, http.StatusOK, sys.As(owner), post(path+"/submit", nil))
	return path
}

// inReview is a new claim that the adjuster of the region has taken.
func inReview(t testing.TB, owner cast.Person, cents int) string {
	t.Helper()
	path := submitted(t, owner, cents)
	adjuster := cast.Ada
	if owner.Tenant == cast.Globex {
		adjuster = cast.Grace
	}
	demand(t, http.StatusOK, sys.As(adjuster), post(path+"/take", nil))
	return path
}

// sharedFor is what the owner says to share a claim for so long.
func sharedFor(d time.Duration) map[string]any {
	return map[string]any{"expires_at": time.Now().Add(d).UnixMilli()}
}

// claimID is the id in a claim's path.
func claimID(path string) string { return strings.TrimPrefix(path, "/claims/") }

// absent is an id that nothing has, as long as like.
func absent(like string) string {
	prefix, _, _ := strings.Cut(like, "-")
	return prefix + "-" + strings.ToLower(rand.Text())[:len(like)-len(prefix)-1]
}

// decision is what an auditor is shown of a record.
type decision struct {
	ID, Txn, Service, Build, Policy      string
	Tenant, Subject, Peer, Client, Scope string
	Credential, ACR, Address, Route      string
	Action, Type, Object, Outcome, Rule  string
	Near, Lacks, Result, Filter          string
	Status                               int
	Count                                int
	Version                              int64
	IDs                                  map[string][]string
	Evidence                             map[string]any
}

func (d decision) String() string {
	return fmt.Sprintf("%s %s %s: %s by %q, %s %d", d.Subject, d.Action, d.Object, d.Outcome, d.Rule, d.Result, d.Status)
}

// decisions are the records that the auditor finds.
func decisions(t testing.TB, auditor cast.Person, service, query string) []decision {
	t.Helper()
	var all []decision
	path := "/" + service + "/decisions?limit=100&" + query
	for at := path; ; {
		var p struct {
			Items []decision
			Next  string
		}
		if err := demand(t, http.StatusOK, sys.As(auditor), get(at)).JSON(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p.Items...)
		if p.Next == "" {
			return all
		}
		at = path + "&cursor=" + p.Next
	}
}

// decided is the one record of that action in the answer's transaction.
func decided(t testing.TB, auditor cast.Person, service, action string, answer harness.Answer) decision {
	t.Helper()
	found := slices.DeleteFunc(decisions(t, auditor, service, "txn="+answer.Txn()), func(d decision) bool { return d.Action != action })
	if len(found) != 1 {
		t.Fatalf("%s: %d records of %s in transaction %s, want one: %v", answer, len(found), action, answer.Txn(), found)
	}
	return found[0]
}
