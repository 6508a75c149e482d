package e2e

import (
	"crypto/rand"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"innerdoor.example/e2e/cast"
)

// The rules about orders as people meet them, through the front door.

func TestARefundTakesASecondFactorAndALimitThatReaches(t *testing.T) {
	refund := post("/orders/"+delivered(t, cast.Bob, 1_000_00)+"/refund", nil)
	for _, refusal := range bracketed(t, refund, http.StatusUnauthorized, callers{sys.As(cast.Max).Weak()}, sys.As(cast.Max)) {
		challenge := refusal.Header.Get("WWW-Authenticate")
		if !strings.Contains(challenge, `error="insufficient_user_authentication"`) || !strings.Contains(challenge, `acr_values="urn:innerdoor:acr:mfa"`) {
			t.Errorf("challenged by %q", challenge)
		}
	}
	expect(t, http.StatusConflict, sys.As(cast.Max), refund) // once
	above := post("/orders/"+delivered(t, cast.Bob, 1_000_01)+"/refund", nil)
	for _, who := range (callers{sys.As(cast.Max), sys.As(cast.Max).Weak(), sys.As(cast.Bob), sys.As(cast.Olive)}) {
		expect(t, http.StatusForbidden, who, above)
	}
	own := post("/orders/"+delivered(t, cast.Max, 10_00)+"/refund", nil)
	expect(t, http.StatusForbidden, sys.As(cast.Max), own)
	expect(t, http.StatusNotFound, sys.As(cast.Gus), own)
}

func TestAnOrderIsCancelledByItsOwnerOrAManagerBeforeItIsShipped(t *testing.T) {
	for _, entitled := range []cast.Person{cast.Bob, cast.Max} {
		id := carried(t, cast.Bob)
		cancel := post("/orders/"+id+"/cancel", nil)
		bracketed(t, cancel, http.StatusNotFound, as(cast.Alice, cast.Tom, cast.Mallory, cast.Gus), sys.As(entitled))
		expect(t, http.StatusConflict, sys.As(cast.Swift), post("/orders/"+id+"/ship", nil))
		expect(t, http.StatusConflict, sys.As(entitled), cancel)
	}
	expect(t, http.StatusConflict, sys.As(cast.Bob), post("/orders/"+delivered(t, cast.Bob, 10_00)+"/cancel", nil))
}

// Eddy is nobody to orders, and is made somebody for a moment.
func TestWhatAnAdminOfOrdersSaysCountsOnTheNextRequest(t *testing.T) {
	id := delivered(t, cast.Bob, 10_00)
	row, order, tom := "/orders/staff/"+cast.Eddy.ID(), get("/orders/"+id), sys.As(cast.Tom)
	refused := as(cast.Eddy, cast.Max, cast.Alice, cast.Gus, cast.Swift)
	bracketed(t, put(row, map[string]any{"role": "support"}), http.StatusForbidden, refused, tom)
	expect(t, http.StatusUnauthorized, sys.As(cast.Tom).Weak(), remove(row))
	expect(t, http.StatusOK, sys.As(cast.Eddy), order)
	bracketed(t, remove(row), http.StatusForbidden, refused, tom)
	expect(t, http.StatusNotFound, sys.As(cast.Eddy), order)

	ship := post("/orders/"+carried(t, cast.Bob)+"/ship", nil)
	row = "/orders/carriers/" + cast.Eddy.ID()
	bracketed(t, put(row, map[string]any{"carrier": "swift-parcel"}), http.StatusForbidden, refused, tom)
	expect(t, http.StatusNoContent, tom, remove(row))
	expect(t, http.StatusNotFound, sys.As(cast.Eddy), ship)
	expect(t, http.StatusCreated, tom, put(row, map[string]any{"carrier": "swift-parcel"}))
	expect(t, http.StatusOK, sys.As(cast.Eddy), ship)
	expect(t, http.StatusNoContent, tom, remove(row))
}

func TestAnAdminOfOrdersChangesNoRowOfTheirOwn(t *testing.T) {
	for _, own := range []ask{
		put("/orders/staff/"+cast.Tom.ID(), map[string]any{"role": "manager"}), remove("/orders/staff/" + cast.Tom.ID()),
		put("/orders/carriers/"+cast.Tom.ID(), map[string]any{"carrier": "swift-parcel"}), remove("/orders/carriers/" + cast.Tom.ID()),
	} {
		expect(t, http.StatusForbidden, sys.As(cast.Tom), own)
	}
	// The same person in the other tenant is somebody else.
	expect(t, http.StatusNotFound, sys.As(cast.Gary), remove("/orders/staff/"+cast.Tom.ID()))
	expect(t, http.StatusOK, sys.As(cast.Tom), get("/orders/staff"))
}

func TestAnOrderSentTwiceWithOneKeyIsPlacedOnce(t *testing.T) {
	twice := post("/orders", placing(cast.Dora, 10_00))
	key := strconv.Quote(rand.Text()) // a run before this one had others
	dora := sys.As(cast.Dora).With("Idempotency-Key", key)
	before := counted(t, sys.As(cast.Dora), "/orders/count")
	first, second := demand(t, http.StatusCreated, dora, twice), demand(t, http.StatusCreated, dora, twice)
	if string(first.Body) != string(second.Body) || first.Txn() == second.Txn() {
		t.Errorf("first %s, then %s", first, second)
	}
	if after := counted(t, sys.As(cast.Dora), "/orders/count"); after != before+1 {
		t.Errorf("%d orders were placed", after-before)
	}
	expect(t, http.StatusUnprocessableEntity, dora, post("/orders", placing(cast.Dora, 11_00)))
	expect(t, http.StatusCreated, sys.As(cast.Eddy).With("Idempotency-Key", key), post("/orders", placing(cast.Eddy, 10_00)))
}
