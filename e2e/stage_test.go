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

// objectsOf are the kinds of objects that a route is tried with.
func objectsOf(route string) []string {
	switch of(route) {
	case "decision":
		return []string{"acme's", "globex's", "absent"}
	case "staff":
		return []string{"own", "somebody", "absent"}
	case "note":
		return []string{"bob's", "bob's*", "twin", "twin*", "absent"}
	case "claim":
		return []string{"mine", "bob's", "glen's", "twin", "draft", "absent"}
	case "order", "order to claim":
		return []string{"mine", "bob's", "glen's", "twin", "absent"}
	}
	return []string{"-"}
}

// of is what a route's object is; "": it has none.
func of(route string) string {
	_, path, _ := strings.Cut(route, " ")
	switch {
	case route == "POST /claims":
		return "order to claim"
	case strings.Contains(path, "/decisions/{"):
		return "decision"
	case strings.Contains(path, "/staff/{"), strings.Contains(path, "/carriers/{"):
		return "staff"
	case strings.HasSuffix(path, "/notes/{note}"):
		return "note"
	case strings.HasPrefix(path, "/claims/{"):
		return "claim"
	case strings.HasPrefix(path, "/orders/{"):
		return "order"
	}
	return ""
}

// stage holds the objects that the matrix is about: the seeded ones, and by what they
// are and whose, those that had to be made. Nobody may change them.
type stage struct {
	ids map[string]map[string]string // noun → object, or account for "mine" → id
}

func newStage(t testing.TB) *stage {
	s := &stage{map[string]map[string]string{
		"claim":          {"bob's": "c-bob", "glen's": claimID(inReview(t, cast.Glen, 300_00)), "twin": "c-alice", "draft": "c-alice-draft"},
		"note":           {"bob's": "c-bob", "bob's*": "c-bob", "twin": "c-alice", "twin*": "c-alice"}, // the claim; which note, says the cell
		"order":          {"bob's": carried(t, cast.Bob), "glen's": carried(t, cast.Glen), "twin": "o-alice"},
		"order to claim": {"bob's": "o-bob-free", "glen's": delivered(t, cast.Glen, 300_00), "twin": "o-alice"},
		"claims/decision": {
			"acme's":   recordOf(t, cast.Alice, "claims", "/claims/c-alice"),
			"globex's": recordOf(t, cast.Mallory, "claims", "/claims/c-alice"),
		},
		"orders/decision": {
			"acme's":   recordOf(t, cast.Alice, "orders", "/orders/o-alice"),
			"globex's": recordOf(t, cast.Mallory, "orders", "/orders/o-alice"),
		},
	}}
	for _, p := range cast.Everyone() {
		switch {
		case p.Client:
			s.ids["order"][p.Account()] = carried(t, customer(p))
		case p.Name == p.Account():
			s.ids["order"][p.Account()] = placed(t, p, 300_00)
			s.ids["claim"][p.Account()] = claimID(drafted(t, p, 300_00))
		}
	}
	return s
}

// recordOf is the id of the record of somebody's reading.
func recordOf(t testing.TB, p cast.Person, service, path string) string {
	t.Helper()
	auditor := map[string]cast.Person{cast.Acme: cast.Vera, cast.Globex: cast.Gina}[p.Tenant]
	return decided(t, auditor, service, service+":read", demand(t, http.StatusOK, sys.As(p), get(path))).ID
}

// customer is whose orders the carrier carries.
func customer(carrier cast.Person) cast.Person {
	if carrier.Tenant == cast.Globex {
		return cast.Mallory
	}
	return cast.Alice
}

func parcels(tenant string) string {
	return map[string]string{cast.Acme: "swift-parcel", cast.Globex: "glide-parcel"}[tenant]
}

// carried is a new order of owner's for the tenant's carrier.
func carried(t testing.TB, owner cast.Person) string {
	t.Helper()
	manager := map[string]cast.Person{cast.Acme: cast.Max, cast.Globex: cast.Gus}[owner.Tenant]
	id := placed(t, owner, 300_00)
	demand(t, http.StatusOK, sys.As(manager), put("/orders/"+id+"/carrier", map[string]any{"carrier": parcels(owner.Tenant)}))
	return id
}

// shared is how those who may read the shared objects see them.
func (s *stage) shared(t testing.TB) map[string]string {
	seen := map[string]string{}
	look := func(p cast.Person, path string) {
		seen[p.Name+" "+path] = string(demand(t, http.StatusOK, sys.As(p), get(path)).Body)
	}
	for noun, ids := range map[string]map[string]string{"claim": s.ids["claim"], "order": s.ids["order"]} {
		for _, p := range cast.Everyone() {
			if id := ids[p.Account()]; id != "" && p.Name == p.Account() {
				look(p, "/"+noun+"s/"+id)
			}
		}
		look(cast.Bob, "/"+noun+"s/"+ids["bob's"])
		look(cast.Glen, "/"+noun+"s/"+ids["glen's"])
		look(cast.Alice, "/"+noun+"s/"+ids["twin"])
		look(cast.Mallory, "/"+noun+"s/"+ids["twin"])
	}
	look(cast.Alice, "/claims/"+s.ids["claim"]["draft"])
	look(cast.Bob, "/claims/"+s.ids["claim"]["bob's"]+"/delegates")
	look(cast.Sam, "/claims/"+s.ids["claim"]["bob's"]+"/notes")
	look(cast.Tom, "/claims/staff")
	look(cast.Gary, "/claims/staff")
	for _, desk := range []string{"/orders/staff", "/orders/carriers"} {
		look(cast.Tom, desk)
		look(cast.Gary, desk)
	}
	return seen
}

// play sends the cell's request and compares.
func (s *stage) play(t *testing.T, c cell) {
	a := c.ask(s.idFor(t, c))
	answer := a.by(c.caller(t, a))
	if answer.Status != c.want {
		t.Errorf("%s: %s; want %d", a, answer, c.want)
	}
	c.marked(t, answer)
}

// caller is who sends the request, with all that must be so before it and after it.
// There is no other object like the twins, so nobody changes them for good.
func (c cell) caller(t testing.TB, a ask) *harness.Caller {
	who := sys.As(c.who)
	switch noun := of(c.route); {
	case c.object == "twin" && c.forGood():
		return who.With("If-Match", `"1000000"`) // not its version
	case c.changes() && a.method == http.MethodDelete:
		demand(t, http.StatusCreated, who, put(a.path, c.body(http.MethodPut, a.path)))
	case (c.object == "twin" || noun == "staff") && c.changes() && a.method == http.MethodPut:
		t.Cleanup(func() { expect(t, http.StatusNoContent, who, remove(a.path)) })
	}
	return who
}

// forGood says that the route does something that is not undone.
func (c cell) forGood() bool {
	return slices.Contains([]string{"approve", "reject", "withdraw", "assignee", "refund"}, c.route[strings.LastIndex(c.route, "/")+1:])
}

// marked fails if the other tenant's name is anywhere in the answer, or the person's own
// is not in what they are shown of an object. It stands in every seeded and made one.
func (c cell) marked(t testing.TB, answer harness.Answer) {
	other := map[string]string{cast.Acme: cast.Globex, cast.Globex: cast.Acme}[c.who.Tenant]
	body := string(answer.Body)
	if strings.Contains(body, other) {
		t.Errorf("%s of %s is shown something of %s: %s", c.who.Name, c.who.Tenant, other, answer)
	}
	_, path, _ := strings.Cut(c.route, " ")
	if one := path == "/claims/{id}" || path == "/orders/{id}" || of(c.route) == "note"; one && answer.Status == http.StatusOK && !strings.Contains(body, c.who.Tenant) {
		t.Errorf("%s is shown something that does not say that it is %s's: %s", c.who.Name, c.who.Tenant, answer)
	}
}

// idFor is the object that the cell asks for: the shared one, or one to change. A
// person's own claim is only shared with themselves, and no two cells change the same
// of it.
func (s *stage) idFor(t testing.TB, c cell) string {
	noun := of(c.route)
	own := noun == "claim" && c.object == "mine" && c.route != "PATCH /claims/{id}" && !c.forGood()
	switch {
	case noun == "", noun == "staff":
		return ""
	case c.changes() && c.object != "twin" && !own:
		return c.fresh(t)
	}
	ids := s.ids[noun]
	if noun == "decision" {
		ids = s.ids[strings.Split(c.route, "/")[1]+"/decision"]
	}
	switch id, absentID := ids[c.object], absent("c-00000000000000000000000000"); {
	case c.object == "mine" && ids[c.who.Account()] != "":
		return ids[c.who.Account()]
	case id != "":
		return id
	default: // "absent", and what a carrier or narrow calls theirs and cannot have
		return absentID
	}
}

// fresh is an object of the cell's kind in the state that the change needs.
func (c cell) fresh(t testing.TB) string {
	owner := map[string]cast.Person{"mine": c.who, "bob's": cast.Bob, "glen's": cast.Glen, "draft": cast.Alice}[c.object]
	if owner.Client {
		owner = customer(owner)
	}
	const cents = 300_00
	switch c.route {
	case "POST /claims":
		return delivered(t, owner, cents)
	case "PATCH /claims/{id}", "POST /claims/{id}/submit", "PUT /claims/{id}/delegates/{subject}", "DELETE /claims/{id}/delegates/{subject}":
		return claimID(drafted(t, owner, cents))
	case "POST /claims/{id}/take", "POST /claims/{id}/withdraw":
		return claimID(submitted(t, owner, cents))
	case "POST /claims/{id}/notes":
		if c.object == "draft" {
			return claimID(drafted(t, owner, cents))
		}
		return claimID(inReview(t, owner, cents))
	case "POST /claims/{id}/approve", "POST /claims/{id}/reject", "PUT /claims/{id}/assignee":
		return claimID(inReview(t, owner, cents))
	case "POST /orders/{id}/refund":
		return delivered(t, owner, cents)
	case "PUT /orders/{id}/carrier", "POST /orders/{id}/ship", "POST /orders/{id}/cancel":
		return carried(t, owner)
	case "POST /orders/{id}/deliver":
		id := carried(t, owner)
		carrier := map[string]cast.Person{cast.Acme: cast.Swift, cast.Globex: cast.Glide}[owner.Tenant]
		demand(t, http.StatusOK, sys.As(carrier), post("/orders/"+id+"/ship", nil))
		return id
	}
	t.Fatalf("%s changes something, and nobody says what it needs", c.block)
	return ""
}

// ask is the cell's request.
func (c cell) ask(id string) ask {
	method, path, _ := strings.Cut(c.route, " ")
	note := "n-public"
	if strings.HasSuffix(c.object, "*") {
		note = "n-internal"
	}
	path = strings.NewReplacer("{id}", id, "{subject}", c.subject(method), "{note}", note).Replace(path)
	switch c.route {
	case "POST /claims":
		return filing(id, 10_00)
	case "POST /orders":
		return ask{method: method, path: path, body: placing(c.who, 10_00)}
	}
	return ask{method: method, path: path, body: c.body(method, path)}
}

// subject is the person whom the cell's request names.
func (c cell) subject(method string) string {
	switch {
	case c.object == "own":
		return c.who.ID()
	case c.object == "bob's" && !c.changes():
		return cast.Dora.ID() // whom bob shares it with
	}
	return "home:" + c.object[:1] + "-somebody-to-" + strings.ToLower(method) // so that one cell does not remove what another made
}

// body is what a request like this says.
func (c cell) body(method, path string) any {
	own := map[string]cast.Person{cast.Acme: cast.Ada, cast.Globex: cast.Grace}[c.who.Tenant]
	switch {
	case strings.HasSuffix(path, "/carrier"), strings.Contains(path, "/carriers/") && method == http.MethodPut:
		return map[string]any{"carrier": parcels(c.who.Tenant)}
	case strings.Contains(path, "/staff/") && method == http.MethodPut:
		return map[string]any{"role": "support"}
	case strings.HasSuffix(path, "/assignee"):
		return map[string]any{"subject": own.ID()}
	case strings.HasSuffix(path, "/notes") && method == http.MethodPost:
		return map[string]any{"kind": "public", "body": c.who.Tenant + ": said"}
	case method == http.MethodPatch:
		return map[string]any{"description": c.who.Tenant + ": said anew"}
	case method == http.MethodPut:
		return sharedFor(time.Hour)
	}
	return nil
}
