package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"innerdoor.example/e2e/cast"
)

// A scope says what the client may ask for on somebody's behalf. It is looked at
// before any row, so the answer is the same for every id.

// scoped are the operations of both services on these objects, by the scope that each asks for.
func scoped(claim, order string) map[string][]ask {
	decided := func(service string) []ask {
		return []ask{get("/" + service + "/decisions"), get("/" + service + "/decisions/whatever")}
	}
	return map[string][]ask{
		"claims:read": {get("/claims"), get("/claims/count"), get(claim), get(claim + "/delegates"), get(claim + "/notes"), get(claim + "/notes/n-public")},
		"claims:write": {filing("o-nowhere", 1), post(claim+"/submit", nil), post(claim+"/withdraw", nil), patch(claim, map[string]any{"amount": -1}),
			post(claim+"/notes", map[string]any{"kind": "public", "body": ""}), put(claim+"/delegates/home:eddy", sharedFor(-time.Hour)), remove(claim + "/delegates/home:eddy")},
		"claims:decide": {post(claim+"/take", nil), post(claim+"/approve", nil), post(claim+"/reject", nil), put(claim+"/assignee", map[string]any{"subject": "home:nobody"})},
		"claims:export": {get("/claims/export")},
		"claims:staff":  {get("/claims/staff"), put("/claims/staff/home:nobody", map[string]any{"role": "support"}), remove("/claims/staff/home:nobody")},
		"claims:audit":  decided("claims"),
		"orders:read":   {get("/orders"), get("/orders/count"), get(order)},
		"orders:write":  {post("/orders", placing(cast.Alice, -1)), post(order+"/cancel", nil)},
		"orders:manage": {put(order+"/carrier", map[string]any{"carrier": "nobody-parcel"}), post(order+"/refund", nil)},
		"orders:staff": {get("/orders/staff"), put("/orders/staff/home:nobody", map[string]any{"role": "support"}), remove("/orders/staff/home:nobody"),
			get("/orders/carriers"), put("/orders/carriers/home:nobody", map[string]any{"carrier": "nobody-parcel"}), remove("/orders/carriers/home:nobody")},
		"orders:ship":  {post(order+"/ship", nil), post(order+"/deliver", nil)},
		"orders:audit": decided("orders"),
	}
}

func TestEveryOperationAsksForItsOwnScopeWhateverItIsAbout(t *testing.T) {
	hers := [2]string{inReview(t, cast.Alice, 100_00), "/orders/" + delivered(t, cast.Alice, 200_00)} // some of it is done
	for _, ids := range [][2]string{hers, {"/claims/c-mallory", "/orders/o-mallory"}, {"/claims/c-nowhere", "/orders/o-nowhere"}} {
		for scope, asks := range scoped(ids[0], ids[1]) {
			without, only := cast.Alice, cast.Alice
			without.Scopes = strings.Join(strings.Fields(strings.ReplaceAll(cast.AllScopes, scope, "")), " ")
			only.Scopes = scope
			for _, a := range asks {
				refusal := expect(t, http.StatusForbidden, sys.As(without), a)
				challenge := refusal.Header.Get("WWW-Authenticate")
				if !strings.Contains(challenge, `error="insufficient_scope"`) || !strings.Contains(challenge, `scope="`+scope+`"`) {
					t.Errorf("without %s: %s: challenged by %q", scope, a, challenge)
				}
				// A delegation is decided after its claim, which takes the scope to read that.
				if answer := a.by(sys.As(only)); strings.Contains(answer.Header.Get("WWW-Authenticate"), `scope="`+scope+`"`) {
					t.Errorf("with %s: %s: %s", scope, a, answer)
				}
				if answer := a.by(sys.As(cast.Alice)); strings.Contains(answer.Header.Get("WWW-Authenticate"), "insufficient_scope") {
					t.Errorf("with all scopes: %s: %s", a, answer)
				}
			}
		}
	}
}

// Who could read the object but for the scope is told nothing of it when something
// else is refused.
func TestWithoutTheScopeToReadARefusalHidesTheObject(t *testing.T) {
	path := inReview(t, cast.Bob, 100_00)
	decides := cast.Bob
	decides.Scopes = "claims:decide"
	expect(t, http.StatusNotFound, sys.As(decides), post(path+"/approve", nil))
	expect(t, http.StatusForbidden, sys.As(cast.Bob), post(path+"/approve", nil))
	adas := cast.Ada
	adas.Scopes = "claims:decide"
	expect(t, http.StatusNoContent, sys.As(adas), post(path+"/approve", nil)) // she may, and is shown nothing
	if got := status(t, expect(t, http.StatusOK, sys.As(cast.Bob), get(path))); got != "approved" {
		t.Errorf("the claim is %v", got)
	}
}
