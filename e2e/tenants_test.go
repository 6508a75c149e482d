package e2e

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"innerdoor.example/e2e/cast"
	"innerdoor.example/e2e/harness"
)

var (
	ofAcme   = []cast.Person{cast.Alice, cast.Bob, cast.Ada, cast.Ursula, cast.Sam, cast.Sue, cast.Olive, cast.Vera, cast.Tom, cast.Max, cast.Dora}
	ofGlobex = []cast.Person{cast.Mallory, cast.Grace, cast.Gus, cast.Glen, cast.Gina, cast.Gary}
)

// onOne are the requests about one claim or order.
func onOne(path string) []ask {
	if strings.HasPrefix(path, "/orders/") {
		return []ask{get(path), put(path+"/carrier", map[string]any{"carrier": "swift-parcel"}), post(path+"/ship", nil), post(path+"/deliver", nil)}
	}
	return []ask{
		get(path), get(path + "/delegates"), get(path + "/delegates?limit=1"),
		get(path + "/notes"), get(path + "/notes/n-public"), get(path + "/notes/n-internal"),
		post(path+"/submit", nil), post(path+"/take", nil), post(path+"/approve", nil), post(path+"/withdraw", nil), post(path+"/reject", nil),
		patch(path, map[string]any{"amount": 1}), put(path+"/assignee", map[string]any{"subject": "home:ada"}),
		post(path+"/notes", map[string]any{"kind": "public", "body": "x"}), post(path+"/notes", map[string]any{"kind": "internal", "body": "x"}),
		put(path+"/delegates/home:dora", sharedFor(time.Hour)), remove(path + "/delegates/home:dora"),
	}
}

func TestNoRoleReachesIntoTheOtherTenant(t *testing.T) {
	for path, c := range map[string]struct {
		foreign  []cast.Person
		entitled cast.Person
	}{
		"/claims/c-bob":           {ofGlobex, cast.Bob},
		"/claims/c-bob-submitted": {ofGlobex, cast.Sam},
		"/orders/o-bob":           {ofGlobex, cast.Max},
		"/orders/o-swift":         {append(ofGlobex, cast.Glide), cast.Swift},
		"/claims/c-mallory":       {ofAcme, cast.Gus},
		"/orders/o-mallory":       {ofAcme, cast.Gina},
		"/orders/o-glide":         {append(ofAcme, cast.Swift), cast.Glide},
	} {
		bracketed(t, get(path), http.StatusNotFound, as(c.foreign...), sys.As(c.entitled))
		for _, a := range onOne(path)[1:] {
			for _, p := range c.foreign {
				if p.Client { // other scopes than these verbs': see the bypass tests
					continue
				}
				expect(t, http.StatusNotFound, sys.As(p), a)
			}
		}
	}
}

func TestTheSameIDInTheOtherTenantIsAnotherObject(t *testing.T) {
	for _, path := range []string{"/claims/c-alice", "/orders/o-alice"} {
		own := map[string][]cast.Person{
			cast.Acme:   {cast.Alice, cast.Olive, cast.Vera},
			cast.Globex: {cast.Mallory, cast.Gus, cast.Glen, cast.Gina},
		}
		for tenant, people := range own {
			foreign := map[string]string{cast.Acme: cast.Globex, cast.Globex: cast.Acme}[tenant]
			for _, p := range people {
				answer := expect(t, http.StatusOK, sys.As(p), get(path))
				if !bytes.Contains(answer.Body, []byte(tenant+":")) && !bytes.Contains(answer.Body, []byte(tenant+" ")) || bytes.Contains(answer.Body, []byte(foreign)) {
					t.Errorf("%s of %s is shown %s", p.Name, tenant, answer)
				}
			}
		}
	}
}

func TestNoListHoldsARowOfTheOtherTenant(t *testing.T) {
	for _, people := range [][]cast.Person{ofAcme, ofGlobex} {
		for _, p := range people {
			for _, path := range []string{"/claims", "/orders"} {
				rows := rowsOf(t, sys.As(p), path+"?limit=100")
				for _, row := range rows {
					if row["tenant"] != p.Tenant {
						t.Errorf("%s of %s is listed %v", p.Name, p.Tenant, row)
					}
				}
				if n := counted(t, sys.As(p), path+"/count"); n != len(rows) {
					t.Errorf("%s counts %d and lists %d of %s", p.Name, n, len(rows), path)
				}
			}
		}
	}
	for _, p := range []cast.Person{cast.Sam, cast.Gus} { // the widest roles of both
		if n := counted(t, sys.As(p), "/claims/count"); n == 0 {
			t.Errorf("%s, a supervisor, counts no claim", p.Name)
		}
	}
}

// alike says how the two answers differ. Only what names the very request may: the
// moment, its transaction, and what is left of the caller's own limit.
func alike(a, b harness.Answer) string {
	bare := func(x harness.Answer) (string, http.Header) {
		h := x.Header.Clone()
		for _, name := range []string{"Date", "Txn-Id", "Ratelimit"} {
			h[name] = make([]string, len(h[name]))
		}
		return string(bytes.ReplaceAll(x.Body, []byte(x.Txn()), nil)), h
	}
	bodyA, headerA := bare(a)
	bodyB, headerB := bare(b)
	switch {
	case a.Status != b.Status:
		return "the status"
	case bodyA != bodyB:
		return "the body"
	case !maps.EqualFunc(headerA, headerB, slices.Equal):
		return "the header"
	}
	return ""
}

func TestWhatOneMayNotSeeLooksLikeWhatIsNotThereByteForByte(t *testing.T) {
	draft, order := drafted(t, cast.Alice, 100_00), "/orders/"+placed(t, cast.Alice, 100_00)
	for path, people := range map[string][]cast.Person{
		draft:               {cast.Bob, cast.Ada, cast.Sam, cast.Vera, cast.Tom, cast.Dora, cast.Mallory, cast.Grace, cast.Gus, cast.Gina},
		"/claims/c-bob":     {cast.Alice, cast.Ursula, cast.Eddy, cast.Tom, cast.Mallory, cast.Grace, cast.Gus},
		"/claims/c-mallory": {cast.Alice, cast.Sam, cast.Vera},
		order:               {cast.Bob, cast.Ada, cast.Tom, cast.Mallory, cast.Gus, cast.Gina},
		"/orders/o-glide":   {cast.Alice, cast.Max, cast.Vera},
	} {
		noun, id, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
		nothing := "/" + noun + "/" + absent(id)
		foreign, missing := onOne(path), onOne(nothing)
		for _, p := range people {
			for i := range foreign {
				for _, who := range append(as(p), sys.As(p).With("If-Match", `"7"`)) {
					a, b := foreign[i].by(who), missing[i].by(who)
					if difference := alike(a, b); a.Status != http.StatusNotFound || difference != "" {
						t.Errorf("%s: %s: %s (%v)\nabsent: %s (%v)\nthey differ in %s", who, foreign[i], a, a.Header, b, b.Header, difference)
					}
				}
			}
		}
	}
	expect(t, http.StatusOK, sys.As(cast.Alice), get(draft))
	expect(t, http.StatusOK, sys.As(cast.Alice), get(order))
	expect(t, http.StatusOK, sys.As(cast.Mallory), get("/claims/c-mallory"))
}

func TestFilingOnAForeignOrderLooksLikeFilingOnNoOrder(t *testing.T) {
	order := delivered(t, cast.Alice, 100_00)
	for _, p := range []cast.Person{cast.Bob, cast.Max, cast.Mallory, cast.Gus} {
		for _, cents := range []int{100_00, 999_999_99, -1} {
			a, b := filing(order, cents).by(sys.As(p)), filing(absent(order), cents).by(sys.As(p))
			if difference := alike(a, b); a.Status != http.StatusNotFound || difference != "" {
				t.Errorf("%s: foreign %s, absent %s: they differ in %s", p.Name, a, b, difference)
			}
		}
	}
	expect(t, http.StatusCreated, sys.As(cast.Alice), filing(order, 100_00))
}

func TestADecisionOfTheOtherTenantLooksLikeNone(t *testing.T) {
	one := decided(t, cast.Vera, "claims", "claims:read", demand(t, http.StatusOK, sys.As(cast.Alice), get("/claims/c-alice")))
	path := "/claims/decisions/" + one.ID
	foreign := bracketed(t, get(path), http.StatusNotFound, as(cast.Gina), sys.As(cast.Vera))[0]
	missing := expect(t, http.StatusNotFound, sys.As(cast.Gina), get("/claims/decisions/"+strings.Repeat("0", len(one.ID))))
	if difference := alike(foreign, missing); difference != "" {
		t.Errorf("foreign %s, absent %s: they differ in %s", foreign, missing, difference)
	}
}
