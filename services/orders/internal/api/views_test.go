package api

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"innerdoor.example/services/orders/internal/order"
	"innerdoor.example/services/orders/internal/policy"
	"innerdoor.example/services/orders/internal/store"
)

// TestEachRuleThatPermitsReadingHasItsViewAndNoOtherHas: the policy's own table says which rules those are.
func TestEachRuleThatPermitsReadingHasItsViewAndNoOtherHas(t *testing.T) {
	var rules []string
	for line := range strings.Lines(policy.Orders.Table()) {
		cells := strings.Split(line, " | ")
		if cells[0] == "| "+string(order.Read) && cells[2] == "permits" {
			rules = append(rules, cells[3])
		}
	}
	slices.Sort(rules)
	if with := slices.Sorted(maps.Keys(views)); !slices.Equal(with, rules) {
		t.Errorf("views are for %v, and the rules are %v", with, rules)
	}
	for _, rule := range []string{"", "Owner", "for-oneself", "manager-within-limit"} {
		if v, err := view(store.Granted{By: rule, Row: order.Order{ShipTo: "secret"}}); err == nil || v != nil {
			t.Errorf("%q shows %v", rule, v)
		}
	}
}
