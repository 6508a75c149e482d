package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"innerdoor.example/e2e/cast"
	"innerdoor.example/e2e/harness"
)

// "Why was this user able to access this data?" has one answer for every decision.

// a decision that is to be found: who asked for what, and what was decided.
type expected struct {
	who                            *harness.Caller
	ask                            ask
	status                         int
	service, action, outcome, rule string
	result, object, subject        string
}

func (e expected) check(t *testing.T) {
	t.Helper()
	answer := expect(t, e.status, e.who, e.ask)
	found := decided(t, cast.Vera, e.service, e.action, answer)
	if found.Outcome != e.outcome || found.Rule != e.rule || found.Result != e.result || found.Status != e.status || found.Object != e.object || found.Subject != e.subject {
		t.Errorf("%s: %s: %s is recorded as: %s", e.who, e.ask, answer, found)
	}
	if found.Service != e.service || found.Tenant != cast.Acme || found.Peer != "gateway" || found.Policy == "" || found.Build == "" || found.Type == "" || !ours(found.Address) {
		t.Errorf("%s: %s: the record is not whole: %+v", e.who, e.ask, found)
	}
	if len(found.Evidence) < 5 {
		t.Errorf("%s: %s: the evidence is %v", e.who, e.ask, found.Evidence)
	}
	var said struct{ Decision string }
	if answer.Status >= 400 && answer.JSON(&said) == nil && said.Decision != "" && said.Decision != found.ID {
		t.Errorf("%s: %s: the client is told of decision %s, the record is %s", e.who, e.ask, said.Decision, found.ID)
	}
	if again := object(t, expect(t, http.StatusOK, sys.As(cast.Vera), get("/"+e.service+"/decisions/"+found.ID))); again["txn"] != answer.Txn() {
		t.Errorf("%s: %s: by its id it is %v", e.who, e.ask, again)
	}
}

func TestEveryDecisionAboutAClaimHasOneRecordThatSaysWhy(t *testing.T) {
	bobs := inReview(t, cast.Bob, 100_00)
	id := claimID(bobs)
	demand(t, http.StatusCreated, sys.As(cast.Bob), put(bobs+"/delegates/home:dora", sharedFor(time.Hour)))
	read := func(p cast.Person, status int, outcome, rule, result string) expected {
		return expected{who: sys.As(p), ask: get(bobs), status: status, action: "claims:read", outcome: outcome, rule: rule, result: result, subject: p.ID()}
	}
	verb := func(who *harness.Caller, p cast.Person, name, action string, status int, outcome, rule, result string) expected {
		return expected{who: who, ask: post(bobs+name, nil), status: status, action: action, outcome: outcome, rule: rule, result: result, subject: p.ID()}
	}
	for _, e := range []expected{
		read(cast.Bob, 200, "allowed", "owner", "done"),
		read(cast.Ada, 200, "allowed", "assignee", "done"),
		read(cast.Sam, 200, "allowed", "supervisor", "done"),
		read(cast.Vera, 200, "allowed", "auditor", "done"),
		read(cast.Olive, 200, "allowed", "support", "done"),
		read(cast.Dora, 200, "allowed", "delegate", "done"),
		read(cast.Alice, 404, "hidden", "", "refused"),
		read(cast.Ursula, 404, "hidden", "", "refused"),
		read(cast.Tom, 404, "hidden", "", "refused"),
		read(cast.Swift, 403, "forbidden", "", "refused"),
		verb(sys.As(cast.Alice), cast.Alice, "/approve", "claims:approve", 404, "hidden", "", "refused"),
		verb(sys.As(cast.Bob), cast.Bob, "/approve", "claims:approve", 403, "forbidden", "own-claim", "refused"),
		verb(sys.As(cast.Vera), cast.Vera, "/approve", "claims:approve", 403, "forbidden", "", "refused"),
		verb(sys.As(cast.Sam).Weak(), cast.Sam, "/approve", "claims:approve", 401, "step_up", "supervisor-within-limit", "refused"),
		verb(sys.As(cast.Bob), cast.Bob, "/submit", "claims:submit", 409, "allowed", "owner", "conflict"),
		verb(sys.As(cast.Ada), cast.Ada, "/approve", "claims:approve", 200, "allowed", "adjuster-within-limit", "done"),
		verb(sys.As(cast.Sam), cast.Sam, "/approve", "claims:approve", 409, "allowed", "supervisor-within-limit", "conflict"),
	} {
		e.service, e.object = "claims", id
		e.check(t)
	}
	stale := expect(t, http.StatusPreconditionFailed, sys.As(cast.Bob).With("If-Match", `"1"`), post(bobs+"/submit", nil))
	if d := decided(t, cast.Vera, "claims", "claims:submit", stale); d.Result != "stale" {
		t.Errorf("a stale change is recorded as %s", d)
	}
}

func TestEveryDecisionAboutAnOrderHasOneRecordThatSaysWhy(t *testing.T) {
	id := placed(t, cast.Bob, 100_00)
	path := "/orders/" + id
	assign := put(path+"/carrier", map[string]any{"carrier": "swift-parcel"})
	for _, e := range []expected{
		{who: sys.As(cast.Bob), ask: get(path), status: 200, action: "orders:read", outcome: "allowed", rule: "owner", result: "done", subject: "home:bob"},
		{who: sys.As(cast.Max), ask: get(path), status: 200, action: "orders:read", outcome: "allowed", rule: "manager", result: "done", subject: "home:max"},
		{who: sys.As(cast.Alice), ask: get(path), status: 404, action: "orders:read", outcome: "hidden", result: "refused", subject: "home:alice"},
		{who: sys.As(cast.Bob), ask: assign, status: 403, action: "orders:assign", outcome: "forbidden", result: "refused", subject: "home:bob"},
		{who: sys.As(cast.Swift), ask: post(path+"/ship", nil), status: 404, action: "orders:ship", outcome: "hidden", result: "refused", subject: "home:swift"},
		{who: sys.As(cast.Max), ask: assign, status: 200, action: "orders:assign", outcome: "allowed", rule: "manager", result: "done", subject: "home:max"},
		{who: sys.As(cast.Swift), ask: post(path+"/deliver", nil), status: 409, action: "orders:deliver", outcome: "allowed", rule: "carrier", result: "conflict", subject: "home:swift"},
		{who: sys.As(cast.Swift), ask: post(path+"/ship", nil), status: 200, action: "orders:ship", outcome: "allowed", rule: "carrier", result: "done", subject: "home:swift"},
	} {
		e.service, e.object = "orders", id
		e.check(t)
	}
}

func TestARecordOfAListHoldsTheIdsOfThePageAndWhyEachWasShown(t *testing.T) {
	answer := demand(t, http.StatusOK, sys.As(cast.Bob), get("/claims?limit=3&region=eu"))
	var p page
	if err := answer.JSON(&p); err != nil {
		t.Fatal(err)
	}
	d := decided(t, cast.Vera, "claims", "claims:read", answer)
	var shown []string
	for _, row := range p.Items {
		shown = append(shown, row["id"].(string))
	}
	recorded := slices.Clone(d.IDs["owner"])
	slices.Sort(shown)
	slices.Sort(recorded)
	if !slices.Equal(shown, recorded) || len(d.IDs) != 1 || d.Count != len(shown) || !strings.Contains(d.Filter, "eu") {
		t.Errorf("shown %v, recorded %v of %d, filter %q", shown, d.IDs, d.Count, d.Filter)
	}
	counted := demand(t, http.StatusOK, sys.As(cast.Bob), get("/claims/count"))
	if d := decided(t, cast.Vera, "claims", "claims:read", counted); float64(d.Count) != object(t, counted)["count"] || d.Count == 0 {
		t.Errorf("counted %s, recorded %d", counted, d.Count)
	}
}

// One transaction through two services, each with a record of its own decision.
func TestFilingIsRecordedByBothServicesUnderOneTransaction(t *testing.T) {
	order := delivered(t, cast.Alice, 100_00)
	refused := expect(t, http.StatusNotFound, sys.As(cast.Bob), filing(order, 100_00))
	if d := decided(t, cast.Vera, "claims", "claims:file", refused); d.Rule != "order-covered" || d.Result != "refused" || d.Subject != "home:bob" || d.Status != 404 {
		t.Errorf("claims: %s", d)
	}
	if d := decided(t, cast.Vera, "orders", "orders:coverage", refused); d.Outcome != "hidden" || d.Peer != "claims" || d.Subject != "home:bob" || d.Object != order {
		t.Errorf("orders: %s", d)
	}
	filed := expect(t, http.StatusCreated, sys.As(cast.Alice), filing(order, 100_00))
	if d := decided(t, cast.Vera, "claims", "claims:file", filed); d.Rule != "for-oneself" || d.Result != "done" || d.Object != object(t, filed)["id"] {
		t.Errorf("claims: %s", d)
	}
	if d := decided(t, cast.Vera, "orders", "orders:coverage", filed); d.Rule != "owner" || d.Peer != "claims" || d.Route != "POST /claims" {
		t.Errorf("orders: %s", d)
	}
}

func TestAuditorsOfTheOtherTenantSeeNoneOfIt(t *testing.T) {
	for _, service := range []string{"claims", "orders"} {
		answer := demand(t, http.StatusOK, sys.As(cast.Alice), get("/"+service+"?limit=1"))
		if found := decisions(t, cast.Gina, service, "txn="+answer.Txn()); len(found) != 0 {
			t.Errorf("gina sees %v", found)
		}
		for _, query := range []string{"subject=home:alice", "object=c-bob", "object=o-bob", "rule=owner", "action=" + service + ":read"} {
			for _, d := range decisions(t, cast.Gina, service, query) {
				if d.Tenant != cast.Globex {
					t.Errorf("gina sees %s", d)
				}
			}
		}
		decided(t, cast.Vera, service, service+":read", answer)
		expect(t, http.StatusForbidden, sys.As(cast.Gary), get("/"+service+"/decisions?txn="+answer.Txn()))
		expect(t, http.StatusForbidden, sys.As(cast.Gary), get("/"+service+"/decisions"))
		own := demand(t, http.StatusOK, sys.As(cast.Mallory), get("/"+service+"?limit=1"))
		decided(t, cast.Gina, service, service+":read", own)
	}
}

func TestLookingAtDecisionsIsItselfRecorded(t *testing.T) {
	for _, service := range []string{"claims", "orders"} {
		path := "/" + service + "/decisions"
		look := demand(t, http.StatusOK, sys.As(cast.Vera), get(path+"?limit=1"))
		d := decided(t, cast.Vera, service, service+":audit", look)
		if d.Subject != "home:vera" || d.Rule != "auditor" || d.Result != "done" {
			t.Errorf("vera's look: %s", d)
		}
		refused := expect(t, http.StatusForbidden, sys.As(cast.Bob), get(path+"/"+d.ID))
		if d := decided(t, cast.Vera, service, service+":audit", refused); d.Subject != "home:bob" || d.Result != "refused" || d.Status != 403 {
			t.Errorf("bob's look: %s", d)
		}
		one := demand(t, http.StatusOK, sys.As(cast.Vera), get(path+"/"+d.ID))
		decided(t, cast.Vera, service, service+":audit", one)
	}
}

// Who was turned away at the gateway is in its log under the transaction that the
// client was told: no service ever heard of it.
func TestWhoIsTurnedAwayAtTheGatewayIsInItsLogAndInNoRecord(t *testing.T) {
	answer := expect(t, http.StatusUnauthorized, sys.Anyone(), known)
	if found := decisions(t, cast.Vera, "claims", "txn="+answer.Txn()); len(found) != 0 {
		t.Errorf("recorded: %v", found)
	}
	let := expect(t, http.StatusOK, sys.As(cast.Alice), known)
	for txn, status := range map[string]float64{answer.Txn(): 401, let.Txn(): 200} {
		lines := 0
		for line := range strings.Lines(inside(t).Log("gateway")) {
			var entry map[string]any
			if json.Unmarshal([]byte(line), &entry) == nil && entry["txn"] == txn && entry["status"] == status {
				lines++
			}
		}
		if lines != 1 {
			t.Errorf("%d lines of %s with status %v in the gateway's log", lines, txn, status)
		}
	}
}

func TestARecordNamesTheRequesterAndHoldsNoTokenAndNoText(t *testing.T) {
	path := drafted(t, cast.Alice, 123_45)
	answer := demand(t, http.StatusOK, sys.As(cast.Alice), get(path))
	whole := object(t, answer)
	raw := demand(t, http.StatusOK, sys.As(cast.Vera), get("/claims/decisions?txn="+answer.Txn()))
	if !strings.Contains(string(raw.Body), `"subject":"home:alice"`) {
		t.Errorf("the record names %s", raw)
	}
	for _, text := range []string{"eyJ", "Bearer", whole["description"].(string), "somebody@mail.example", "+49"} {
		if strings.Contains(string(raw.Body), text) {
			t.Errorf("the record holds %q: %s", text, raw)
		}
	}
}

// Not in records, not in the databases and not in logs: whoever reads those is not
// thereby somebody else.
func TestNoTokenAndNoPasswordIsKeptOrLogged(t *testing.T) {
	access, err := sys.Token(t.Context(), cast.Alice, false)
	if err != nil {
		t.Fatal(err)
	}
	inner := stolen(t, cast.Alice)
	expect(t, http.StatusOK, sys.As(cast.Alice).With("Txn-Token", inner), known)
	expect(t, http.StatusUnauthorized, sys.Anyone().With("Authorization", "Bearer "+inner), known)
	if answer := (target{"gateway", "claims", "/claims/c-alice"}).with("gateway", txn(inner)); answer.Status != http.StatusOK {
		t.Fatal(answer)
	}
	secrets := map[string]string{
		"the access token": access, "its signature": access[strings.LastIndex(access, ".")+1:],
		"the Txn-Token's signature": inner[strings.LastIndex(inner, ".")+1:],
		"alice's password":          sys.Secrets.People["alice"].Password,
		"vera's TOTP secret":        sys.Secrets.People["vera"].TOTP,
		"swift's secret":            sys.Secrets.Clients["swift"].Secret,
	}
	if err := inside(t).Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, folder := range []string{"data", "logs"} {
		err := filepath.WalkDir(filepath.Join(inside(t).Dir, folder), func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			files++
			for name, secret := range secrets {
				if name == "vera's TOTP secret" && strings.Contains(path, "identity") {
					continue // identity must know it to check codes
				}
				if secret == "" || strings.Contains(string(text), secret) {
					t.Errorf("%s is in %s", name, path)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 7 {
		t.Errorf("only %d files were looked at", files)
	}
}
