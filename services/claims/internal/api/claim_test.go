package api

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/principal/principaltest"
)

func TestOnlyTheEntitledCanReadAClaim(t *testing.T) {
	w := newWorld(t)
	for path, people := range map[string]struct{ refused, shown []string }{
		"/claims/c-alice":       {[]string{"bob", "ursula", "tom", "dora", "max"}, []string{"alice", "narrow", "ada", "sam", "sue", "olive", "vera"}},
		"/claims/c-alice-draft": {[]string{"bob", "ada", "sam", "olive", "vera", "tom", "mallory", "grace"}, []string{"alice"}},
		"/claims/c-bob":         {[]string{"alice", "ursula", "eddy", "tom", "mallory", "grace", "gus"}, []string{"bob", "ada", "sam", "dora"}},
		"/claims/c-bob-us":      {[]string{"alice", "ada", "dora"}, []string{"bob", "ursula", "sam"}},
		"/claims/c-mallory":     {[]string{"alice", "bob", "ada", "sam", "vera"}, []string{"mallory", "grace", "gus", "glen", "gina"}},
	} {
		for _, name := range people.refused {
			w.expect(404, name, "GET", path, "")
		}
		for _, name := range people.shown {
			w.expect(200, name, "GET", path, "")
		}
	}
}

func TestTheSameIDInTheOtherTenantIsAnotherClaim(t *testing.T) {
	w := newWorld(t)
	for name, tenants := range map[string][2]string{"alice": {"acme", "globex"}, "ada": {"acme", "globex"}, "mallory": {"globex", "acme"}, "gus": {"globex", "acme"}} {
		body := w.expect(200, name, "GET", "/claims/c-alice", "").body
		if !strings.Contains(body, tenants[0]) || strings.Contains(body, tenants[1]) {
			t.Errorf("%s is shown %s", name, body)
		}
	}
}

// operations are all that can be asked of one claim.
var operations = []struct{ method, path, body string }{
	{"GET", "", ""},
	{"PATCH", "", `{"amount":999999}`},
	{"POST", "/submit", ""},
	{"POST", "/withdraw", ""},
	{"POST", "/take", ""},
	{"PUT", "/assignee", `{"subject":"home:nobody"}`},
	{"POST", "/approve", ""},
	{"POST", "/reject", ""},
	{"GET", "/notes", ""},
	{"GET", "/notes/n-public", ""},
	{"POST", "/notes", `{"kind":"public","body":""}`},
	{"POST", "/notes", `{"kind":"internal","body":""}`},
	{"GET", "/delegates", ""},
	{"PUT", "/delegates/home:bob", `{"expires_at":1}`},
	{"DELETE", "/delegates/home:bob", ""},
}

func TestAHiddenClaimIsAbsentToTheLastByte(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"bob", "ursula", "tom", "tom+", "mallory", "grace"} {
		who := fields(name)
		who.Txn = "the-same"
		token := principaltest.Token(t, w.signer, who)
		for _, op := range operations {
			for _, match := range []string{"", `"7"`} {
				header := []string{}
				if match != "" {
					header = []string{"If-Match", match}
				}
				hidden := w.send(w.asking, token, op.method, "/claims/c-alice-draft"+op.path, op.body, header...)
				absent := w.send(w.asking, token, op.method, "/claims/c-nowhere-here"+op.path, op.body, header...)
				for _, a := range []answer{hidden, absent} {
					a.header.Del("Date")
				}
				if hidden.status != 404 || hidden.body != absent.body || !maps.EqualFunc(hidden.header, absent.header, slices.Equal) {
					t.Errorf("%s: %s %s: hidden %+v, absent %+v", name, op.method, op.path, hidden, absent)
				}
			}
		}
	}
	w.expect(200, "alice", "GET", "/claims/c-alice-draft", "")
	w.expect(200, "alice", "POST", "/claims/c-alice-draft/submit", "")
}

func TestATokenWithoutTheScopeIsRefusedForEveryIDAlike(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"c-alice", "c-alice-draft", "c-bob", "c-mallory", "c-nowhere"} {
		a := w.expect(403, "narrow", "POST", "/claims/"+id+"/submit", "")
		if got := a.header.Get("WWW-Authenticate"); !strings.Contains(got, "insufficient_scope") || !strings.Contains(got, "claims:write") {
			t.Errorf("%s: %q", id, got)
		}
	}
	w.expect(403, "narrow", "POST", "/claims", `{"order":"o-alice-free","description":"d","amount":1,"currency":"EUR","contact":{}}`)
	if n := w.orders.asked.Load(); n != 0 {
		t.Errorf("orders was asked %d times for somebody who may not file", n)
	}
	w.expect(200, "alice", "POST", "/claims/c-alice-draft/submit", "")
}

func TestWithoutExactlyOneGoodTokenThroughTheGatewayNothingIsAnswered(t *testing.T) {
	w := newWorld(t)
	token := principaltest.Token(t, w.signer, fields("alice"))
	anonymous := principaltest.Token(t, w.signer, principal.Fields{ID: principal.AnonymousID})
	foreign, _ := principaltest.Keys(t)
	before := w.number("SELECT count(*) FROM records")
	for name, bad := range map[string]string{"none": "", "anonymous": anonymous, "made up": "a.b.c",
		"signed by another": principaltest.Token(t, foreign, fields("alice"))} {
		if a := w.send(w.asking, bad, "GET", "/claims/c-alice", ""); a.status != 401 {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	for _, workload := range []principal.Workload{"orders", "claims", "identity"} {
		if a := w.send(w.through(workload), token, "GET", "/claims/c-alice", ""); a.status != 403 {
			t.Errorf("through %s: %d", workload, a.status)
		}
	}
	if after := w.number("SELECT count(*) FROM records"); after != before {
		t.Errorf("%d decisions were made for nobody", after-before)
	}
	if a := w.send(w.asking, token, "GET", "/claims/c-alice", ""); a.status != 200 {
		t.Errorf("through the gateway: %d", a.status)
	}
}

func ids(items []map[string]any) []string {
	all := []string{}
	for _, item := range items {
		all = append(all, item["id"].(string))
	}
	slices.Sort(all)
	return all
}

func TestAListHoldsWhatItsCallerMayReadAndNothingElse(t *testing.T) {
	w := newWorld(t)
	staff := []string{"c-ada", "c-alice", "c-bob", "c-bob-approved", "c-bob-big", "c-bob-huge", "c-bob-rejected", "c-bob-submitted", "c-bob-us", "c-bob-withdrawn", "c-sam"}
	for name, want := range map[string][]string{
		"max": {}, "tom+": {}, "eddy": {}, "gary+": {},
		"alice": {"c-alice", "c-alice-draft"}, "narrow": {"c-alice", "c-alice-draft"},
		"dora": {"c-bob"}, "ursula": {"c-bob-us"},
		"ada": slices.DeleteFunc(slices.Clone(staff), func(id string) bool { return id == "c-bob-us" }),
		"sam": staff, "olive": staff, "vera": staff,
		"mallory": {"c-alice", "c-mallory"}, "gina": {"c-alice", "c-mallory"},
	} {
		page := w.expect(200, name, "GET", "/claims", "")
		if got := ids(page.items(t)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		if fields(name).Context.Tenant == "acme" && strings.Contains(page.body, "globex") {
			t.Errorf("%s is shown the other tenant's: %s", name, page.body)
		}
		if got := w.expect(200, name, "GET", "/claims/count", "").object(t)["count"]; got != float64(len(want)) {
			t.Errorf("%s counts %v, want %d", name, got, len(want))
		}
	}
}

func TestAListIsNarrowedByItsFiltersAndByNothingElse(t *testing.T) {
	w := newWorld(t)
	for _, query := range []string{"owner=home:bob", "tenant=globex", "status=open", "region=EU", "status=draft&status=draft", "limit=0", "limit=99999", "cursor=made-up", "order=a/b", "status="} {
		w.expect(400, "sam", "GET", "/claims?"+query, "")
	}
	for query, want := range map[string][]string{
		"status=submitted":           {"c-bob-submitted", "c-bob-us"},
		"status=submitted&region=us": {"c-bob-us"},
		"order=o-alice":              {"c-alice"},
		"order=o-alice-draft":        {}, // alice's draft, which sam may not see
		"status=draft":               {},
	} {
		if got := ids(w.expect(200, "sam", "GET", "/claims?"+query, "").items(t)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
		if got := w.expect(200, "sam", "GET", "/claims/count?"+query, "").object(t)["count"]; got != float64(len(want)) {
			t.Errorf("%s: counted %v, want %d", query, got, len(want))
		}
	}
}

func TestACursorIsGoodForItsOwnerItsFilterAndNobodyElse(t *testing.T) {
	w := newWorld(t)
	first := w.expect(200, "sam", "GET", "/claims?limit=3", "")
	next, _ := first.object(t)["next"].(string)
	if next == "" {
		t.Fatal("there is no next page")
	}
	for _, name := range []string{"sue", "bob", "gus"} {
		w.expect(400, name, "GET", "/claims?cursor="+next, "")
	}
	w.expect(400, "sam", "GET", "/claims?status=in_review&cursor="+next, "")
	w.expect(400, "sam", "GET", "/claims?cursor=x"+next, "")

	got := ids(first.items(t))
	for next != "" {
		page := w.expect(200, "sam", "GET", "/claims?limit=3&cursor="+next, "")
		got = append(got, ids(page.items(t))...)
		next, _ = page.object(t)["next"].(string)
	}
	slices.Sort(got)
	if want := ids(w.expect(200, "sam", "GET", "/claims", "").items(t)); !slices.Equal(got, want) {
		t.Errorf("page by page %v, at once %v", got, want)
	}
}

func TestDelegatesSeeNoContactAndNoAmountAndSupportNoWayToReachAnybody(t *testing.T) {
	w := newWorld(t)
	for name, check := range map[string]func(body string, c map[string]any) error{
		"dora": func(body string, c map[string]any) error {
			for _, field := range []string{"contact", "amount", "currency", "order_amount"} {
				if _, shown := c[field]; shown {
					return fmt.Errorf("%s is shown", field)
				}
			}
			if strings.Contains(body, "@") || strings.Contains(body, "30000") {
				return fmt.Errorf("a contact or an amount is in %s", body)
			}
			return nil
		},
		"olive": func(body string, c map[string]any) error {
			if c["amount"] != float64(30000) || strings.Contains(body, "@") || strings.Contains(body, "+49") || strings.Contains(body, "bob of acme") {
				return fmt.Errorf("not masked, or no amount: %s", body)
			}
			return nil
		},
		"bob": func(_ string, c map[string]any) error {
			if contact, _ := c["contact"].(map[string]any); contact["email"] != "bob@acme.example" || c["amount"] != float64(30000) {
				return fmt.Errorf("not whole: %v", c)
			}
			return nil
		},
	} {
		detail := w.expect(200, name, "GET", "/claims/c-bob", "")
		if err := check(detail.body, detail.object(t)); err != nil {
			t.Errorf("%s, on its own: %v", name, err)
		}
		list := w.expect(200, name, "GET", "/claims?status=in_review", "")
		search := w.expect(200, name, "GET", "/claims?text=lamp", "")
		for _, c := range append(list.items(t), search.items(t)...) {
			if !maps.EqualFunc(c, detail.object(t), func(a, b any) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) && c["id"] == "c-bob" {
				t.Errorf("%s, in a list %v, on its own %v", name, c, detail.object(t))
			}
		}
		if !slices.Contains(ids(list.items(t)), "c-bob") || !slices.Equal(ids(search.items(t)), []string{"c-bob"}) {
			t.Errorf("%s does not see c-bob in the list, or finds %v", name, ids(search.items(t)))
		}
	}
}

func TestNothingIsShownOrDoneWithoutARecord(t *testing.T) {
	w := newWorld(t)
	w.sql("ALTER TABLE records RENAME TO elsewhere")
	for _, op := range []struct{ name, method, path, body string }{
		{"alice", "GET", "/claims/c-alice", ""},
		{"alice", "GET", "/claims", ""},
		{"alice", "GET", "/claims/count", ""},
		{"bob", "GET", "/claims/c-alice", ""},
		{"alice", "POST", "/claims/c-alice-draft/submit", ""},
		{"bob", "PUT", "/claims/c-bob/delegates/home:max", expiry(1)},
		{"alice", "POST", "/claims", filed("o-alice-free", 100, "EUR")},
		{"alice", "PATCH", "/claims/c-alice-draft", `{"amount":1}`},
		{"alice", "POST", "/claims/c-alice/notes", `{"kind":"public","body":"x"}`},
		{"alice", "GET", "/claims/c-alice/notes", ""},
		{"alice", "GET", "/claims/c-alice/notes/n-public", ""},
		{"bob", "GET", "/claims/c-alice/notes/n-public", ""},
		{"tom+", "GET", "/claims/staff", ""},
		{"tom+", "PUT", "/claims/staff/home:max", `{"role":"support"}`},
		{"sam+", "GET", "/claims/export", ""},
	} {
		a := w.expect(503, op.name, op.method, op.path, op.body)
		if a.header.Get("Retry-After") == "" || strings.Contains(a.body, "kettle") {
			t.Errorf("%s %s: %+v", op.method, op.path, a)
		}
	}
	w.sql("ALTER TABLE elsewhere RENAME TO records")
	draft := w.expect(200, "alice", "GET", "/claims/c-alice-draft", "").object(t)
	if draft["status"] != "draft" || draft["version"] != float64(1) {
		t.Errorf("changed without a record: %v", draft)
	}
	if n := w.number("SELECT count(*) FROM claims WHERE order_id = 'o-alice-free'") + w.number("SELECT count(*) FROM delegations WHERE subject = 'home:max'"); n != 0 {
		t.Errorf("%d rows were made without a record", n)
	}
	w.expect(200, "alice", "POST", "/claims/c-alice-draft/submit", "")
}

func TestAnUnknownPathOrMethodIsToldToWorkloadsOnly(t *testing.T) {
	w := newWorld(t)
	w.expect(http.StatusNotFound, "alice", "GET", "/claims/c-alice/secrets", "")
	w.expect(http.StatusMethodNotAllowed, "alice", "DELETE", "/claims/c-alice", "")
	w.expect(http.StatusOK, "alice", "GET", "/claims/c-alice", "")
}
