package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"innerdoor.example/e2e/cast"
	"innerdoor.example/e2e/harness"
)

// Who may do what, as people meet it, through the front door.

func status(t testing.TB, answer harness.Answer) any { return object(t, answer)["status"] }

func TestAboveFiveThousandTwoDifferentPeopleApprove(t *testing.T) {
	huge := post(inReview(t, cast.Bob, 5_000_01)+"/approve", nil)
	expect(t, http.StatusForbidden, sys.As(cast.Ada), huge) // above her limit
	if o := object(t, expect(t, http.StatusOK, sys.As(cast.Sam), huge)); o["status"] != "in_review" || o["first_approver"] != "home:sam" {
		t.Errorf("after the first: %v", o)
	}
	bracketed(t, huge, http.StatusForbidden, as(cast.Sam, cast.Ada, cast.Bob), sys.As(cast.Sue))
	o := object(t, expect(t, http.StatusOK, sys.As(cast.Bob), get(strings.TrimSuffix(huge.path, "/approve"))))
	if o["status"] != "approved" || o["first_approver"] != "home:sam" || o["second_approver"] != "home:sue" {
		t.Errorf("after the second: %v", o)
	}

	exactly := post(inReview(t, cast.Bob, 5_000_00)+"/approve", nil)
	if got := status(t, expect(t, http.StatusOK, sys.As(cast.Sue), exactly)); got != "approved" {
		t.Errorf("5,000.00 by one: %v", got)
	}
	expect(t, http.StatusConflict, sys.As(cast.Sam), exactly)
}

func TestASupervisorApprovesWithASecondFactorOnly(t *testing.T) {
	approve := post(inReview(t, cast.Bob, 700_00)+"/approve", nil)
	refusals := bracketed(t, approve, http.StatusUnauthorized, callers{sys.As(cast.Sam).Weak(), sys.As(cast.Sue).Weak()}, sys.As(cast.Sam))
	for _, refusal := range refusals {
		challenge := refusal.Header.Get("WWW-Authenticate")
		for _, part := range []string{`error="insufficient_user_authentication"`, `acr_values="urn:innerdoor:acr:mfa"`} {
			if !strings.HasPrefix(challenge, "Bearer ") || !strings.Contains(challenge, part) {
				t.Errorf("challenged by %q, without %s", challenge, part)
			}
		}
	}
	// A stronger login is not asked for where it would not help.
	own := post(inReview(t, cast.Sam, 100_00)+"/approve", nil)
	expect(t, http.StatusForbidden, sys.As(cast.Sam).Weak(), own)
	expect(t, http.StatusNotFound, sys.As(cast.Gus).Weak(), own)
	expect(t, http.StatusNotFound, sys.As(cast.Tom).Weak(), own)
	expect(t, http.StatusOK, sys.As(cast.Sue), own)
}

func TestNobodyDecidesAboutTheirOwnClaim(t *testing.T) {
	sams := inReview(t, cast.Sam, 100_00)
	bracketed(t, post(sams+"/approve", nil), http.StatusForbidden, as(cast.Sam), sys.As(cast.Sue))

	expect(t, http.StatusForbidden, sys.As(cast.Ada), post(submitted(t, cast.Ada, 100_00)+"/take", nil))
	expect(t, http.StatusForbidden, sys.As(cast.Ada), post("/claims/c-ada/approve", nil)) // in her region, assigned to her, within her limit
	like := submitted(t, cast.Bob, 100_00)
	expect(t, http.StatusOK, sys.As(cast.Ada), post(like+"/take", nil))
	expect(t, http.StatusOK, sys.As(cast.Ada), post(like+"/approve", nil))
}

func TestALimitHoldsToTheCentAndInItsCurrencyOnly(t *testing.T) {
	expect(t, http.StatusOK, sys.As(cast.Ada), post(inReview(t, cast.Bob, 500_00)+"/approve", nil))
	bracketed(t, post(inReview(t, cast.Bob, 500_01)+"/approve", nil), http.StatusForbidden, as(cast.Ada), sys.As(cast.Sam))

	expect(t, http.StatusOK, sys.As(cast.Sam), post(inReview(t, cast.Bob, 10_000_00)+"/approve", nil))
	above := post(inReview(t, cast.Bob, 10_000_01)+"/approve", nil)
	for _, who := range as(cast.Sam, cast.Sue, cast.Ada) {
		expect(t, http.StatusForbidden, who, above)
	}

	american := placing(cast.Bob, 10_00)
	american["region"], american["currency"] = "us", "USD"
	order := object(t, demand(t, http.StatusCreated, sys.As(cast.Bob), post("/orders", american)))["id"].(string)
	deliver(t, cast.Acme, order)
	dollars := demand(t, http.StatusCreated, sys.As(cast.Bob), filingIn(order, 10_00, "USD")).Header.Get("Location")
	expect(t, http.StatusOK, sys.As(cast.Bob), post(dollars+"/submit", nil))
	bracketed(t, post(dollars+"/take", nil), http.StatusNotFound, as(cast.Ada), sys.As(cast.Ursula)) // not her region
	bracketed(t, post(dollars+"/approve", nil), http.StatusForbidden, as(cast.Sam, cast.Sue), sys.As(cast.Ursula))
}

func TestADraftIsItsOwnersAlone(t *testing.T) {
	path := drafted(t, cast.Bob, 100_00)
	staff := as(cast.Ada, cast.Sam, cast.Sue, cast.Olive, cast.Vera)
	bracketed(t, get(path), http.StatusNotFound, staff, sys.As(cast.Bob))
	for _, verb := range []string{"/take", "/approve", "/submit"} {
		for _, who := range append(staff, sys.As(cast.Sam).Weak()) { // not 401 and not 409 either
			expect(t, http.StatusNotFound, who, post(path+verb, nil))
		}
	}
	expect(t, http.StatusOK, sys.As(cast.Bob), post(path+"/submit", nil))
	for _, who := range staff {
		expect(t, http.StatusOK, who, get(path))
	}
}

func TestADelegationEndsWhenItExpires(t *testing.T) {
	path := drafted(t, cast.Bob, 100_00)
	expect(t, http.StatusNotFound, sys.As(cast.Eddy), get(path))
	before := counted(t, sys.As(cast.Eddy), "/claims/count")
	end := time.Now().Add(2 * time.Second)
	expect(t, http.StatusCreated, sys.As(cast.Bob), put(path+"/delegates/home:eddy", map[string]any{"expires_at": end.UnixMilli()}))
	expect(t, http.StatusOK, sys.As(cast.Eddy), get(path))
	time.Sleep(time.Until(end))
	expect(t, http.StatusNotFound, sys.As(cast.Eddy), get(path))
	if n := counted(t, sys.As(cast.Eddy), "/claims/count"); n != before {
		t.Errorf("eddy counts %d claims, before it %d", n, before)
	}
	expect(t, http.StatusOK, sys.As(cast.Bob), put(path+"/delegates/home:eddy", sharedFor(time.Hour))) // it can begin anew
	expect(t, http.StatusOK, sys.As(cast.Eddy), get(path))
	expect(t, http.StatusNoContent, sys.As(cast.Bob), remove(path+"/delegates/home:eddy"))
}

func TestADelegationTakenAwayIsGoneOnTheNextRequest(t *testing.T) {
	path := drafted(t, cast.Bob, 100_00)
	for range 5 {
		expect(t, http.StatusCreated, sys.As(cast.Bob), put(path+"/delegates/home:eddy", sharedFor(time.Hour)))
		expect(t, http.StatusOK, sys.As(cast.Eddy), get(path))
		expect(t, http.StatusNoContent, sys.As(cast.Bob), remove(path+"/delegates/home:eddy"))
		expect(t, http.StatusNotFound, sys.As(cast.Eddy), get(path)) // with the same token, still valid
	}
}

func TestAClaimIsSharedForAWhileAndNotWithOneself(t *testing.T) {
	path := drafted(t, cast.Bob, 100_00)
	for _, unfit := range []ask{
		put(path+"/delegates/home:eddy", sharedFor(90*24*time.Hour+time.Minute)),
		put(path+"/delegates/home:eddy", sharedFor(-time.Minute)),
		put(path+"/delegates/home:eddy", map[string]any{}),
		put(path+"/delegates/home:bob", sharedFor(time.Hour)),
	} {
		expect(t, http.StatusUnprocessableEntity, sys.As(cast.Bob), unfit)
		expect(t, http.StatusNotFound, sys.As(cast.Alice), unfit) // what does not fit is told to who may do it
	}
	expect(t, http.StatusNotFound, sys.As(cast.Eddy), get(path))
	expect(t, http.StatusCreated, sys.As(cast.Bob), put(path+"/delegates/home:eddy", sharedFor(90*24*time.Hour-time.Minute)))
	expect(t, http.StatusOK, sys.As(cast.Eddy), get(path))
	expect(t, http.StatusNoContent, sys.As(cast.Bob), remove(path+"/delegates/home:eddy"))
}

func TestAClaimIsFiledWithinItsWindowAndItsOrder(t *testing.T) {
	alice := sys.As(cast.Alice)
	expect(t, http.StatusForbidden, alice, filing("o-alice-old", 10_00)) // delivered 31 days ago; nothing else is wrong with it
	order := placed(t, cast.Alice, 100_00)
	claim := filing(order, 100_00)
	expect(t, http.StatusForbidden, alice, claim) // not delivered yet
	expect(t, http.StatusForbidden, alice, filing(order, 100_01))
	deliver(t, cast.Acme, order)
	for _, unfit := range []ask{filing(order, 100_01), filing(order, 0), filing(order, -1), filingIn(order, 1, "USD")} {
		expect(t, http.StatusUnprocessableEntity, alice, unfit)
		expect(t, http.StatusNotFound, sys.As(cast.Bob), unfit)
	}
	draft := object(t, expect(t, http.StatusCreated, alice, claim))
	if draft["status"] != "draft" || draft["owner"] != "home:alice" || draft["order"] != order || draft["amount"] != float64(100_00) {
		t.Errorf("filed: %v", draft)
	}
	expect(t, http.StatusConflict, alice, claim) // an order has one claim
	expect(t, http.StatusConflict, alice, filing(order, 1))
	expect(t, http.StatusNotFound, sys.As(cast.Bob), claim)
}

func TestWhatABodyMayNotSayChangesNothing(t *testing.T) {
	order := delivered(t, cast.Alice, 100_00)
	good := `{"order":"` + order + `","description":"d","amount":1,"currency":"EUR","contact":{"name":"n","email":"e","phone":"p"}}`
	for _, bad := range []string{
		strings.Replace(good, "{", `{"owner":"home:bob",`, 1), strings.Replace(good, "{", `{"tenant":"globex",`, 1),
		strings.Replace(good, "{", `{"status":"approved",`, 1), strings.Replace(good, "{", `{"order":"o-bob",`, 1),
		strings.Replace(good, `"order"`, `"Order"`, 1), strings.Replace(good, `"description"`, `"deſcription"`, 1),
		strings.Replace(good, `:1,`, `:1.5,`, 1), strings.Replace(good, `:1,`, `:9007199254740993,`, 1), good + good, good + "x", "null", "", "\xff",
	} {
		expect(t, http.StatusBadRequest, sys.As(cast.Alice), post("/claims", []byte(bad)))
	}
	if n := counted(t, sys.As(cast.Alice), "/claims/count?order="+order); n != 0 {
		t.Errorf("%d claims were made of what was refused", n)
	}
	expect(t, http.StatusCreated, sys.As(cast.Alice), post("/claims", []byte(good)))
}

func TestSwiftMovesItsOwnOrdersAndSeesWhereToAndNoMore(t *testing.T) {
	id := placed(t, cast.Alice, 100_00)
	path := "/orders/" + id
	swift := as(cast.Swift)
	assign := func(carrier string) ask { return put(path+"/carrier", map[string]any{"carrier": carrier}) }

	expect(t, http.StatusNotFound, swift[0], get(path))
	bracketed(t, assign("other-parcel"), http.StatusForbidden, as(cast.Alice, cast.Olive), sys.As(cast.Max))
	expect(t, http.StatusUnprocessableEntity, sys.As(cast.Max), assign("nobody-parcel"))
	expect(t, http.StatusUnprocessableEntity, sys.As(cast.Max), assign("glide-parcel")) // the other tenant's
	for _, a := range []ask{get(path), post(path+"/ship", nil), post(path+"/deliver", nil), get("/orders/o-other"), post("/orders/o-other/ship", nil)} {
		expect(t, http.StatusNotFound, swift[0], a)
	}
	expect(t, http.StatusOK, sys.As(cast.Max), assign("swift-parcel"))

	shown := object(t, expect(t, http.StatusOK, swift[0], get(path)))
	if len(shown) != 4 || shown["id"] != id || shown["ship_to"] == nil || shown["status"] != "placed" || shown["region"] != "eu" {
		t.Errorf("the carrier is shown %v", shown)
	}
	for _, row := range rowsOf(t, swift[0], "/orders?limit=50") {
		if len(row) != 4 || row["items"] != nil || row["contact"] != nil {
			t.Errorf("the carrier is listed %v", row)
		}
	}
	expect(t, http.StatusConflict, swift[0], post(path+"/deliver", nil))
	bracketed(t, post(path+"/ship", nil), http.StatusForbidden, as(cast.Alice, cast.Max), swift[0])
	expect(t, http.StatusConflict, sys.As(cast.Max), assign("swift-parcel")) // it is on its way
	bracketed(t, post(path+"/deliver", nil), http.StatusForbidden, as(cast.Alice, cast.Max), swift[0])
	expect(t, http.StatusConflict, swift[0], post(path+"/deliver", nil))
	if got := status(t, expect(t, http.StatusOK, sys.As(cast.Alice), get(path))); got != "delivered" {
		t.Errorf("alice's order is %v", got)
	}
}

func TestSupportSeesEverythingButHowToReachSomebody(t *testing.T) {
	claim := inReview(t, cast.Bob, 100_00)
	order := "/orders/" + placed(t, cast.Bob, 100_00)
	for _, path := range []string{claim, order} {
		whole := object(t, expect(t, http.StatusOK, sys.As(cast.Bob), get(path)))["contact"].(map[string]any)
		masked := object(t, expect(t, http.StatusOK, sys.As(cast.Olive), get(path)))
		for name, value := range whole {
			if masked["contact"].(map[string]any)[name] == value {
				t.Errorf("%s: olive is shown the %s", path, name)
			}
		}
		if masked["amount"] != float64(100_00) {
			t.Errorf("%s: olive is shown %v", path, masked)
		}
	}
	for _, path := range []string{"/claims?limit=100", "/orders?limit=100"} {
		for _, row := range notOwn(rowsOf(t, sys.As(cast.Olive), path), cast.Olive) {
			if contact := row["contact"].(map[string]any); contact["email"] != "***" || contact["phone"] != "***" || contact["name"] != "***" {
				t.Errorf("olive is listed %v", row)
			}
		}
	}
}

func TestAChangeIsMadeToTheVersionThatItsMakerSaw(t *testing.T) {
	path := submitted(t, cast.Bob, 100_00)
	seen := expect(t, http.StatusOK, sys.As(cast.Ada), get(path)).Header.Get("ETag")
	take := post(path+"/take", nil)
	expect(t, http.StatusPreconditionFailed, sys.As(cast.Ada).With("If-Match", `"1"`), take)
	expect(t, http.StatusForbidden, sys.As(cast.Bob).With("If-Match", `"1"`), take)
	expect(t, http.StatusOK, sys.As(cast.Ada).With("If-Match", seen), take)
}
