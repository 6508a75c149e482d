package api_test

import (
	"slices"
	"strings"
	"testing"
)

// TestEveryDecisionIsOnRecord: vera finds what one request caused by its transaction, allowed and refused alike.
func TestEveryDecisionIsOnRecord(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		q                             question
		status                        int
		action, outcome, rule, object string
	}{
		{question{as: "alice", path: "/orders/o-alice"}, 200, "orders:read", "allowed", "owner", "o-alice"},
		{question{as: "bob", path: "/orders/o-alice"}, 404, "orders:read", "hidden", "", "o-alice"},
		{question{as: "bob", path: "/orders/o-nothing"}, 404, "orders:read", "hidden", "same-tenant", "o-nothing"},
		{question{as: "narrow", path: "/orders/o-alice"}, 403, "orders:read", "forbidden", "", "o-alice"},
		{question{as: "alice", method: "POST", path: "/orders/o-swift/ship"}, 403, "orders:ship", "forbidden", "", "o-swift"},
		{question{as: "swift", method: "POST", path: "/orders/o-swift/deliver"}, 409, "orders:deliver", "allowed", "carrier", "o-swift"},
		{question{as: "swift", method: "POST", path: "/orders/o-swift/ship"}, 200, "orders:ship", "allowed", "carrier", "o-swift"},
		{question{as: "alice", peer: "claims", path: covered}, 200, "orders:coverage", "allowed", "owner", "o-alice"},
		{question{as: "alice", path: "/orders?status=placed"}, 200, "orders:read", "allowed", "", ""},
	} {
		txn := w.want(c.status, c.q).header.Get("Txn-Id")
		rows := w.want(200, question{as: "vera", path: "/orders/decisions?txn=" + txn}).rows(t)
		if txn == "" || len(rows) != 1 {
			t.Errorf("%s %s: %d records of transaction %q", c.q.as, c.q.path, len(rows), txn)
			continue
		}
		r := rows[0]
		object, _ := r["object"].(string)
		if r["action"] != c.action || r["outcome"] != c.outcome || object != c.object || r["status"] != float64(c.status) {
			t.Errorf("%s %s: recorded %v", c.q.as, c.q.path, r)
		}
		if c.rule != "" && r["rule"] != c.rule {
			t.Errorf("%s %s: rule %v, want %s", c.q.as, c.q.path, r["rule"], c.rule)
		}
		if r["subject"] != string(cast[c.q.as].ID) || r["tenant"] != "acme" || r["evidence"] == nil || r["policy"] == "" {
			t.Errorf("%s %s: recorded %v", c.q.as, c.q.path, r)
		}
		one := w.want(200, question{as: "vera", path: "/orders/decisions/" + r["id"].(string)})
		if one.object(t)["txn"] != txn {
			t.Errorf("%v is another decision: %s", r["id"], one.body)
		}
	}
}

// TestAnAuditorSeesTheDecisionsOfHerTenantOnly, and is on record herself.
func TestAnAuditorSeesTheDecisionsOfHerTenantOnly(t *testing.T) {
	w := newWorld(t)
	ours := w.want(200, question{as: "alice", path: "/orders/o-alice"}).header.Get("Txn-Id")
	theirs := w.want(200, question{as: "mallory", path: "/orders/o-alice"}).header.Get("Txn-Id")
	id := w.get("vera", "/orders/decisions?txn="+ours).ids(t)[0]

	w.want(404, question{as: "gina", path: "/orders/decisions/" + id})
	w.want(403, question{as: "alice", path: "/orders/decisions/" + id}) // her own, but she is no auditor
	w.want(403, question{as: "alice", path: "/orders/decisions/nothing"})
	w.want(404, question{as: "vera", path: "/orders/decisions/nothing"})
	for _, long := range []string{strings.Repeat("x", 65), "a%20text"} { // else whoever asks writes it into the records
		w.want(400, question{as: "alice", path: "/orders/decisions/" + long})
	}
	for who, txn := range map[string]string{"gina": ours, "vera": theirs} {
		if rows := w.want(200, question{as: who, path: "/orders/decisions?txn=" + txn}).rows(t); len(rows) != 0 {
			t.Errorf("%s sees the other tenant's %v", who, rows)
		}
	}
	for _, who := range []string{"vera", "gina"} {
		a := w.want(200, question{as: who, path: "/orders/decisions?limit=200"})
		for _, row := range a.rows(t) {
			if row["tenant"] != string(cast[who].Context.Tenant) {
				t.Errorf("%s sees %v", who, row)
			}
		}
	}
	if rows := w.get("vera", "/orders/decisions?action=orders:audit&subject=home:vera").rows(t); len(rows) < 4 {
		t.Errorf("vera's own look-ups are %d records", len(rows))
	}
	if rows := w.get("vera", "/orders/decisions?action=orders:audit&subject=home:alice").rows(t); len(rows) != 2 {
		t.Errorf("alice's refused look-ups are %d records", len(rows))
	}
}

func TestDecisionsAreFoundByEachQuestion(t *testing.T) {
	w := newWorld(t)
	w.want(200, question{as: "alice", path: "/orders/o-alice"})
	w.want(404, question{as: "bob", path: "/orders/o-alice"})
	w.want(200, question{as: "olive", path: "/orders/o-bob"})
	for query, want := range map[string]int{
		"object=o-alice&subject=home:bob":   1,
		"object=o-alice&action=orders:read": 2,
		"subject=home:olive":                1,
		"rule=support&action=orders:read":   1,
		"rule=owner&subject=home:alice":     1,
		"rule=owner&subject=home:bob":       0,
	} {
		if rows := w.want(200, question{as: "vera", path: "/orders/decisions?" + query}).rows(t); len(rows) != want {
			t.Errorf("%s: %d records, want %d: %v", query, len(rows), want, rows)
		}
	}
	w.want(400, question{as: "vera", path: "/orders/decisions?tenant=globex"})
	w.want(400, question{as: "vera", path: "/orders/decisions?txn=a&txn=b"})
}

// TestTheListsRecordHoldsTheIdsOfThePage: who saw what is answered for lists too.
func TestTheListsRecordHoldsTheIdsOfThePage(t *testing.T) {
	w := newWorld(t)
	a := w.want(200, question{as: "alice", path: "/orders?status=placed"})
	rows := w.get("vera", "/orders/decisions?txn="+a.header.Get("Txn-Id")).rows(t)
	ids := rows[0]["ids"].(map[string]any)["owner"].([]any)
	var got []string
	for _, id := range ids {
		got = append(got, id.(string))
	}
	if !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(a.ids(t)))) {
		t.Errorf("recorded %v of %v", got, a.ids(t))
	}
	if filter, _ := rows[0]["filter"].(string); !strings.Contains(filter, "placed") {
		t.Errorf("recorded the filter %q", filter)
	}
}

// TestWhatOperatorsDidIsOnRecord: seeding went through no door, but not unseen.
func TestWhatOperatorsDidIsOnRecord(t *testing.T) {
	w := newWorld(t)
	rows := w.want(200, question{as: "vera", path: "/orders/decisions?subject=operator:seed&object=o-alice"}).rows(t)
	if len(rows) != 1 || rows[0]["action"] != "operator:seed" || rows[0]["tenant"] != "acme" {
		t.Errorf("recorded %v", rows)
	}
}
