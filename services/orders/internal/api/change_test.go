package api_test

import (
	"strings"
	"testing"
)

// TestAChangeInsistsOnItsVersion: If-Match and ETag.
func TestAChangeInsistsOnItsVersion(t *testing.T) {
	w := newWorld(t)
	assign := question{as: "max", method: "PUT", path: "/orders/o-alice-placed/carrier", body: toSwift}
	for _, tag := range []string{`"2"`, `W/"1"`, `"x"`} {
		stale := assign
		stale.match = tag
		w.want(412, stale)
	}
	if got := w.get("max", "/orders/o-alice-placed").header.Get("ETag"); got != `"1"` {
		t.Errorf("ETag %s before the change", got)
	}
	assign.match = `"1"`
	if got := w.want(200, assign).header.Get("ETag"); got != `"2"` {
		t.Errorf("ETag %s after the change", got)
	}
	w.want(412, assign)
	assign.as = "bob"
	w.want(404, assign)
}

// TestWhatDoesNotFitIsToldToThoseOnlyWhoMay: status and carrier.
func TestWhatDoesNotFitIsToldToThoseOnlyWhoMay(t *testing.T) {
	w := newWorld(t)
	put := func(who, path, carrier string) question {
		return question{as: who, method: "PUT", path: path, body: `{"carrier":"` + carrier + `"}`}
	}
	for _, c := range []struct {
		q      question
		status int
	}{
		{put("alice", "/orders/o-alice-placed/carrier", "no-such-parcel"), 403},
		{put("bob", "/orders/o-alice-placed/carrier", "no-such-parcel"), 404},
		{put("max", "/orders/o-alice-placed/carrier", "no-such-parcel"), 422},
		{put("max", "/orders/o-alice-placed/carrier", "glide-parcel"), 422}, // the other tenant's
		{put("max", "/orders/o-alice-placed/carrier", "Not A Name"), 400},
		{put("alice", "/orders/o-alice/carrier", "swift-parcel"), 403},
		{put("max", "/orders/o-alice/carrier", "swift-parcel"), 409}, // delivered
		{question{as: "alice", method: "POST", path: "/orders/o-swift/deliver"}, 403},
		{question{as: "swift", method: "POST", path: "/orders/o-swift/deliver"}, 409}, // not shipped
		{question{as: "swift", method: "POST", path: "/orders/o-alice/ship"}, 409},    // delivered
		{question{as: "swift", method: "POST", path: "/orders/o-alice/cancel"}, 403},
		{question{as: "bob", method: "POST", path: "/orders/o-alice/cancel"}, 404},
		{question{as: "alice", method: "POST", path: "/orders/o-alice/cancel"}, 409}, // delivered
		{question{as: "max", method: "POST", path: "/orders/o-bob-cancelled/cancel"}, 409},
		{question{as: "bob", method: "POST", path: "/orders/o-bob-refunded/refund"}, 403},
		{question{as: "max", method: "POST", path: "/orders/o-bob-refunded/refund"}, 409},
		{question{as: "max", method: "POST", path: "/orders/o-other/refund"}, 409}, // placed
		{question{as: "faint", method: "POST", path: "/orders/o-other/refund"}, 401},
	} {
		w.want(c.status, c.q)
	}
	if n := w.number(`SELECT count(*) FROM orders WHERE version <> 1`); n != 0 {
		t.Errorf("%d orders were changed", n)
	}
	w.want(200, put("max", "/orders/o-alice-placed/carrier", "swift-parcel"))
}

const kettle = `{"items":[{"name":"kettle","quantity":2,"price":2500}],"currency":"EUR","region":"eu","ship_to":"1 acme street","contact":{"name":"A","email":"a@acme.example","phone":"1"}}`

func TestAnOrderIsPlacedForOneselfOnly(t *testing.T) {
	w := newWorld(t)
	before := w.number(`SELECT count(*) FROM orders`)
	for body, status := range map[string]int{
		strings.Replace(kettle, `{"items"`, `{"owner":"home:bob","items"`, 1):      400,
		strings.Replace(kettle, `{"items"`, `{"tenant":"globex","items"`, 1):       400,
		strings.Replace(kettle, `{"items"`, `{"amount":1,"items"`, 1):              400,
		strings.Replace(kettle, `{"items"`, `{"status":"delivered","items"`, 1):    400,
		strings.Replace(kettle, `"currency"`, `"CURRENCY"`, 1):                     400,
		strings.Replace(kettle, `"region":"eu"`, `"region":"eu","region":"us"`, 1): 400,
		strings.Replace(kettle, `"quantity":2`, `"quantity":2.5`, 1):               400,
		strings.Replace(kettle, `"price":2500`, `"price":9007199254740993`, 1):     400,
		kettle + kettle: 400,
		`[]`:            400,
		strings.Replace(kettle, `"EUR"`, `"euro"`, 1):              400,
		strings.Replace(kettle, `"quantity":2`, `"quantity":0`, 1): 422,
		strings.Replace(kettle, `1 acme street`, ``, 1):            422,
	} {
		w.want(status, question{as: "alice", method: "POST", path: "/orders", body: body})
	}
	w.want(400, question{as: "alice", method: "POST", path: "/orders?tenant=globex", body: kettle})
	w.want(403, question{as: "swift", method: "POST", path: "/orders", body: kettle})
	w.want(401, question{as: "nobody", method: "POST", path: "/orders", body: kettle})
	if after := w.number(`SELECT count(*) FROM orders`); after != before {
		t.Fatalf("%d orders were written", after-before)
	}
	made := w.want(201, question{as: "alice", method: "POST", path: "/orders", body: kettle})
	order := made.object(t)
	if order["owner"] != "home:alice" || order["tenant"] != "acme" || order["amount"] != 50_00.0 || order["status"] != "placed" {
		t.Errorf("placed %s", made.body)
	}
	place := made.header.Get("Location")
	w.want(404, question{as: "bob", path: place})
	w.want(404, question{as: "mallory", path: place})
	if again := w.want(200, question{as: "alice", path: place}); again.body != made.body {
		t.Errorf("placed %s\nread %s", made.body, again.body)
	}
}

// TestWhoMayPlaceButNotReadIsShownNothing: the answer to a change is a read of it.
func TestWhoMayPlaceButNotReadIsShownNothing(t *testing.T) {
	w := newWorld(t)
	if a := w.want(204, question{as: "writer", method: "POST", path: "/orders", body: kettle}); a.body != "" || a.header.Get("Location") != "" {
		t.Errorf("writer was shown %q at %q", a.body, a.header.Get("Location"))
	}
	if n := len(w.get("alice", "/orders").ids(t)); n != 6 {
		t.Errorf("alice has %d orders, want 6", n)
	}
}

func TestAVerbTakesNoBodyThatSaysMore(t *testing.T) {
	w := newWorld(t)
	w.want(400, question{as: "swift", method: "POST", path: "/orders/o-swift/ship", body: `{"tenant":"globex"}`})
	w.want(400, question{as: "swift", method: "POST", path: "/orders/o-swift/ship?tenant=globex"})
	w.want(400, question{as: "max", method: "PUT", path: "/orders/o-swift/carrier", body: `{"carrier":"swift-parcel","status":"delivered"}`})
	w.want(200, question{as: "swift", method: "POST", path: "/orders/o-swift/ship", body: `{}`})
}
