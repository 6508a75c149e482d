package api_test

import (
	"strings"
	"testing"
)

// TestARefundStaysWithinTheManagersLimit: to the cent, in its currency only, with a second factor, and never to oneself.
func TestARefundStaysWithinTheManagersLimit(t *testing.T) {
	w := newWorld(t)
	refund := func(who, id string) question {
		return question{as: who, method: "POST", path: "/orders/" + id + "/refund"}
	}
	w.sql(`UPDATE orders SET owner = 'home:max' WHERE tenant = 'acme' AND id = 'o-ada'`)
	for id, why := range map[string]string{
		"o-bob":       "far above the limit",
		"o-bob-above": "one cent above it",
		"o-bob-us":    "less than it, but in another currency",
		"o-ada":       "his own",
	} {
		for _, who := range []string{"max", "faint"} { // a stronger login is not asked for where it would not help
			if a := w.want(403, refund(who, id)); !strings.Contains(a.body, `"decision"`) {
				t.Errorf("%s, %s: %s", id, why, a.body)
			}
		}
	}
	challenge := w.want(401, refund("faint", "o-bob-at")).header.Get("WWW-Authenticate")
	if !strings.Contains(challenge, `error="insufficient_user_authentication"`) || !strings.Contains(challenge, `acr_values="`+stepUpACR+`"`) {
		t.Errorf("challenged by %s", challenge)
	}
	if n := w.number(`SELECT count(*) FROM orders WHERE version <> 1`); n != 0 {
		t.Errorf("%d orders were changed", n)
	}
	if got := w.want(200, refund("max", "o-bob-at")).object(t)["status"]; got != "refunded" {
		t.Errorf("exactly the limit: the order is %v", got)
	}
	w.want(409, refund("max", "o-bob-at")) // once

	w.want(200, question{as: "tom", method: "PUT", path: "/orders/staff/home:max", body: `{"role":"manager","limit":1000,"currency":"USD"}`})
	w.want(403, refund("max", "o-bob-free"))
	w.want(200, refund("max", "o-bob-us"))
}

// TestACancelledOrderStaysCancelled: nobody ships it any more.
func TestACancelledOrderStaysCancelled(t *testing.T) {
	w := newWorld(t)
	if got := w.want(200, question{as: "alice", method: "POST", path: "/orders/o-swift/cancel"}).object(t)["status"]; got != "cancelled" {
		t.Errorf("the order is %v", got)
	}
	w.want(409, question{as: "swift", method: "POST", path: "/orders/o-swift/ship"})
	w.want(409, question{as: "max", method: "PUT", path: "/orders/o-swift/carrier", body: toSwift})
	w.want(409, question{as: "max", method: "POST", path: "/orders/o-swift/cancel"})
}

// TestAPostWithAKeyIsDoneOnce: placing and every verb; the key is its person's own, and good for one body.
func TestAPostWithAKeyIsDoneOnce(t *testing.T) {
	w := newWorld(t)
	for _, c := range []question{
		{as: "alice", path: "/orders", body: kettle},
		{as: "alice", path: "/orders/o-alice-placed/cancel"},
		{as: "swift", path: "/orders/o-swift/ship"},
		{as: "swift", path: "/orders/o-swift/deliver"},
		{as: "max", path: "/orders/o-bob-free/refund"},
	} {
		c.method, c.key = "POST", `"again"`
		before := w.number(`SELECT count(*) * 1000 + sum(version) FROM orders`)
		first := w.ask(c)
		done := w.number(`SELECT count(*) * 1000 + sum(version) FROM orders`)
		second := w.ask(c)
		if first.status/100 != 2 || second.status != first.status || second.body != first.body || second.header.Get("Location") != first.header.Get("Location") {
			t.Errorf("%s: %d %s, and again: %d %s", c.path, first.status, first.body, second.status, second.body)
		}
		if after := w.number(`SELECT count(*) * 1000 + sum(version) FROM orders`); before == done || after != done {
			t.Errorf("%s: %d, once done %d, twice %d", c.path, before, done, after)
		}
	}
	other := question{as: "alice", method: "POST", path: "/orders", key: `"again"`, body: strings.Replace(kettle, "kettle", "lamp", 1)}
	w.want(422, other)
	other.as = "bob"
	w.want(201, other) // his own key
	other.key = "again"
	w.want(400, other)
}
