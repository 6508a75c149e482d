package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"innerdoor.example/e2e/cast"
	"innerdoor.example/e2e/harness"
)

// OWASP API1:2023, broken object level authorization: every way in which a valid
// token could reach a claim or an order that is another user's.

func TestAValidTokenCannotReadAnotherUsersClaim(t *testing.T) {
	bracketed(t, get("/claims/c-alice"), http.StatusNotFound,
		as(cast.Bob, cast.Dora, cast.Eddy, cast.Ursula, cast.Tom, cast.Max), sys.As(cast.Alice))
	bracketed(t, get("/claims/c-alice-draft"), http.StatusNotFound,
		as(cast.Bob, cast.Ada, cast.Ursula, cast.Sam, cast.Sue, cast.Olive, cast.Vera, cast.Tom), sys.As(cast.Alice))
	bracketed(t, get("/claims/c-bob-big"), http.StatusNotFound, as(cast.Alice, cast.Narrow, cast.Dora, cast.Eddy), sys.As(cast.Bob))
	bracketed(t, get("/claims/c-alice/delegates"), http.StatusNotFound, as(cast.Bob, cast.Dora, cast.Tom), sys.As(cast.Alice))
}

func TestNoListAndNoCountShowsAnotherUsersClaim(t *testing.T) {
	for _, p := range []cast.Person{cast.Alice, cast.Bob, cast.Narrow, cast.Mallory} {
		who := sys.As(p)
		for _, filter := range []string{"", "&status=in_review", "&status=draft", "&region=eu", "&order=o-alice", "&order=o-bob"} {
			rows := rowsOf(t, who, "/claims?limit=2"+filter)
			for _, row := range rows {
				if row["owner"] != p.ID() || row["tenant"] != p.Tenant {
					t.Errorf("%s is listed %v of %v in %v (%s)", p.Name, row["id"], row["owner"], row["tenant"], filter)
				}
			}
			path := "/claims/count?" + strings.TrimPrefix(filter, "&")
			if n := counted(t, who, strings.TrimSuffix(path, "?")); n != len(rows) {
				t.Errorf("%s counts %d claims and lists %d (%s)", p.Name, n, len(rows), filter)
			}
		}
	}
	for path, owner := range map[string]cast.Person{"?order=o-alice": cast.Alice, "?order=o-bob": cast.Bob} {
		other := cast.Bob
		if owner.Name == other.Name {
			other = cast.Alice
		}
		if n := counted(t, sys.As(other), "/claims/count"+path); n != 0 {
			t.Errorf("%s counts %d claims with %s", other.Name, n, path)
		}
		if n := counted(t, sys.As(owner), "/claims/count"+path); n != 1 {
			t.Errorf("%s, whose it is, counts %d claims with %s", owner.Name, n, path)
		}
	}
}

func TestADelegateIsListedOneClaimWithoutAmountAndContact(t *testing.T) {
	path := drafted(t, cast.Bob, 100_00)
	if rows := notOwn(rowsOf(t, sys.As(cast.Eddy), "/claims"), cast.Eddy); len(rows) != 0 {
		t.Errorf("eddy, whose delegation has expired, is listed %v", rows)
	}
	demand(t, http.StatusCreated, sys.As(cast.Bob), put(path+"/delegates/home:max", sharedFor(time.Hour)))
	rows := notOwn(rowsOf(t, sys.As(cast.Max), "/claims"), cast.Max)
	if len(rows) != 1 || rows[0]["id"] != claimID(path) {
		t.Fatalf("max is listed %v, want the one claim that bob shares with him", rows)
	}
	for _, row := range []map[string]any{rows[0], object(t, expect(t, http.StatusOK, sys.As(cast.Max), get(path)))} {
		for _, hidden := range []string{"amount", "currency", "order_amount", "contact"} {
			if _, shown := row[hidden]; shown {
				t.Errorf("the delegate is shown %s: %v", hidden, row)
			}
		}
	}
	whole := object(t, expect(t, http.StatusOK, sys.As(cast.Bob), get(path)))
	if whole["amount"] != float64(100_00) || whole["contact"] == nil {
		t.Errorf("the owner is shown %v", whole)
	}
	expect(t, http.StatusNoContent, sys.As(cast.Bob), remove(path+"/delegates/home:max"))
}

func TestACursorOpensNobodyElsesList(t *testing.T) {
	for _, service := range []string{"claims", "orders"} {
		first := object(t, demand(t, http.StatusOK, sys.As(cast.Alice), get("/"+service+"?limit=1")))
		cursor, _ := first["next"].(string)
		if cursor == "" {
			t.Fatalf("alice has more than one of %s, and there is no cursor: %v", service, first)
		}
		next := get("/" + service + "?limit=1&cursor=" + cursor)
		bracketed(t, next, http.StatusBadRequest, as(cast.Bob, cast.Sam, cast.Vera, cast.Mallory, cast.Gina), sys.As(cast.Alice))
		for _, bent := range []string{
			"/" + service + "?limit=1&region=eu&cursor=" + cursor, // not the list it was made for
			"/" + service + "?limit=1&cursor=" + cursor[:len(cursor)-2] + strings.Repeat("A", 2),
			"/" + service + "?limit=1&cursor=" + strings.Repeat("A", len(cursor)),
		} {
			expect(t, http.StatusBadRequest, sys.As(cast.Alice), get(bent))
		}
		other := map[string]string{"claims": "orders", "orders": "claims"}[service]
		expect(t, http.StatusBadRequest, sys.As(cast.Alice), get("/"+other+"?limit=1&cursor="+cursor))
	}
}

func TestNoVerbReachesAnotherUsersClaim(t *testing.T) {
	path := drafted(t, cast.Alice, 100_00)
	strangers := as(cast.Bob, cast.Dora, cast.Ursula, cast.Tom, cast.Mallory, cast.Grace, cast.Gus)
	share := put(path+"/delegates/home:bob", sharedFor(time.Hour))
	before := object(t, demand(t, http.StatusOK, sys.As(cast.Alice), get(path)))

	for _, a := range append(onOne(path), share) {
		for _, who := range strangers {
			expect(t, http.StatusNotFound, who, a)
			expect(t, http.StatusNotFound, who.With("If-Match", `"99"`), a) // a version that does not match tells nothing either
		}
	}
	if after := object(t, expect(t, http.StatusOK, sys.As(cast.Alice), get(path))); after["version"] != before["version"] || after["status"] != "draft" {
		t.Errorf("refusals changed %v to %v", before, after)
	}

	bracketed(t, share, http.StatusNotFound, strangers, sys.As(cast.Alice))
	expect(t, http.StatusOK, sys.As(cast.Bob), get(path)) // now he is a delegate, who reads and no more
	for _, a := range []ask{post(path+"/submit", nil), share, get(path + "/delegates"), remove(path + "/delegates/home:bob")} {
		expect(t, http.StatusForbidden, sys.As(cast.Bob), a)
	}
	bracketed(t, remove(path+"/delegates/home:bob"), http.StatusForbidden, as(cast.Bob), sys.As(cast.Alice))
	bracketed(t, post(path+"/submit", nil), http.StatusNotFound, strangers, sys.As(cast.Alice))
	bracketed(t, post(path+"/take", nil), http.StatusNotFound, strangers, sys.As(cast.Ada))
	bracketed(t, post(path+"/approve", nil), http.StatusNotFound, strangers, sys.As(cast.Ada))
}

func TestAnotherUsersOrderIsOutOfReachToo(t *testing.T) {
	strangers := as(cast.Bob, cast.Ada, cast.Ursula, cast.Sam, cast.Tom, cast.Mallory, cast.Glide)
	id := placed(t, cast.Alice, 100_00)
	path := "/orders/" + id
	bracketed(t, get(path), http.StatusNotFound, append(strangers, sys.As(cast.Swift)), sys.As(cast.Alice))
	assign := put(path+"/carrier", map[string]any{"carrier": "swift-parcel"})
	customers := as(cast.Bob, cast.Ada, cast.Ursula, cast.Sam, cast.Tom, cast.Mallory, cast.Gus)
	bracketed(t, assign, http.StatusNotFound, customers, sys.As(cast.Max))
	for _, verb := range []string{"/ship", "/deliver"} {
		bracketed(t, post(path+verb, nil), http.StatusNotFound, strangers, sys.As(cast.Swift))
	}
	for _, row := range rowsOf(t, sys.As(cast.Bob), "/orders?limit=3") {
		if row["owner"] != cast.Bob.ID() {
			t.Errorf("bob is listed %v of %v", row["id"], row["owner"])
		}
	}
	if n, rows := counted(t, sys.As(cast.Bob), "/orders/count"), rowsOf(t, sys.As(cast.Bob), "/orders"); n != len(rows) {
		t.Errorf("bob counts %d orders and lists %d", n, len(rows))
	}
}

// The confused deputy: claims may ask orders about anything, but asks on behalf of
// the person.
func TestAClaimCannotBeFiledOnAnothersOrder(t *testing.T) {
	order := delivered(t, cast.Alice, 100_00)
	bracketed(t, filing(order, 100_00), http.StatusNotFound,
		as(cast.Bob, cast.Ada, cast.Sam, cast.Max, cast.Tom, cast.Mallory, cast.Gus), sys.As(cast.Alice))
	for _, who := range append(as(cast.Alice, cast.Bob, cast.Max, cast.Swift), sys.Anyone()) {
		expect(t, http.StatusNotFound, who, get("/internal/orders/"+order+"/coverage")) // the gateway has no such route
		expect(t, http.StatusNotFound, who, get("/orders/"+order+"/coverage"))
	}
}

func TestFiltersAreNoSideDoor(t *testing.T) {
	for _, path := range []string{"/claims", "/claims/count", "/orders", "/orders/count"} {
		for _, filter := range []string{
			"owner=home:alice", "tenant=acme", "tenant=globex", "subject=home:alice", "assignee=home:ada", "id=c-alice",
			"status=draft&status=submitted", "region=eu%27%20OR%201%3D1", "status=", "limit=-1", "limit=1e9", "as=home:alice",
		} {
			expect(t, http.StatusBadRequest, sys.As(cast.Bob), get(path+"?"+filter))
		}
		expect(t, http.StatusOK, sys.As(cast.Bob), get(path+"?region=eu"))
	}
}

func TestDecisionsAreNoSideDoor(t *testing.T) {
	for _, service := range []string{"claims", "orders"} {
		answer := demand(t, http.StatusOK, sys.As(cast.Alice), get(map[string]string{"claims": "/claims/c-alice", "orders": "/orders/o-alice"}[service]))
		one := decided(t, cast.Vera, service, service+":read", answer)
		others := as(cast.Alice, cast.Bob, cast.Ada, cast.Sam, cast.Olive, cast.Tom, cast.Max, cast.Mallory, cast.Narrow, cast.Swift)
		for _, path := range []string{"", "?object=" + one.Object, "?subject=home:alice", "?txn=" + answer.Txn(), "/" + one.ID} {
			bracketed(t, get("/"+service+"/decisions"+path), http.StatusForbidden, others, sys.As(cast.Vera))
		}
	}
}

// tells lists the words about alice's claim, and about how it was decided, that an
// answer holds. Ids that were drawn at random could hold any word.
func tells(answer harness.Answer) []string {
	text := string(answer.Body)
	for _, values := range answer.Header {
		text += " " + strings.Join(values, " ")
	}
	var drawn struct{ Decision string }
	_ = answer.JSON(&drawn) // not every answer has one
	text = strings.ToLower(strings.NewReplacer(answer.Txn(), "", `"decision":"`+drawn.Decision, "").Replace(text))
	words := []string{"alice", "kettle", "broken", "acme", "home:", "12000", "20000", "in_review", "draft", "owner",
		"adjuster", "supervisor", "same-tenant", "tenant", "sql", "policy", ".go:", "rule"}
	return slices.DeleteFunc(words, func(w string) bool { return !strings.Contains(text, w) })
}

func TestWhatIsRefusedSaysNothingOfWhatIsHidden(t *testing.T) {
	order := delivered(t, cast.Alice, 200_00)
	for _, a := range append(onOne("/claims/c-alice"),
		get("/orders/o-alice"), get("/claims/decisions"), get("/claims/export"), get("/claims/staff"),
		put("/orders/o-alice/carrier", map[string]any{"carrier": "swift-parcel"}), post("/orders/o-alice/ship", nil), filing(order, 999_999_99),
	) {
		answer := a.by(sys.As(cast.Bob))
		if answer.Status != http.StatusNotFound && answer.Status != http.StatusForbidden {
			t.Errorf("bob: %s: %s", a, answer)
		}
		if words := tells(answer); len(words) > 0 {
			t.Errorf("bob: %s tells %v: %s", a, words, answer)
		}
	}
	if words := tells(expect(t, http.StatusOK, sys.As(cast.Alice), get("/claims/c-alice"))); len(words) < 5 {
		t.Errorf("alice's own claim shows only %v: the words that are looked for are not the claim's", words)
	}
}
