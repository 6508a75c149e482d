package api

import (
	"os"
	"strings"
	"testing"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/services/claims/internal/store"
)

// The permission matrix names each rule that permits reading: each has a view, and
// there is no view for a rule that nobody knows.
func TestEachRuleThatPermitsReadingHasItsViewAndNoOtherHas(t *testing.T) {
	matrix, err := os.ReadFile("../policy/testdata/matrix.txt")
	must(t, err)
	rules := map[string]bool{}
	for line := range strings.Lines(string(matrix)) {
		words := strings.Fields(line)
		if len(words) > 2 && words[0] == string(claim.Read) && words[len(words)-2] == "allowed" {
			rules[words[len(words)-1]] = true
		}
	}
	if len(rules) < 7 {
		t.Fatalf("the matrix names only %v", rules)
	}
	for rule := range rules {
		if views[rule] == nil {
			t.Errorf("%s has no view", rule)
		}
	}
	for rule := range views {
		if !rules[rule] {
			t.Errorf("%s has a view and permits nothing", rule)
		}
	}
	for _, rule := range []string{"", "Owner", "for-oneself"} {
		if v, err := view(store.Granted{By: rule, Row: claim.Claim{Description: "secret"}}); err == nil || v != nil {
			t.Errorf("%q shows %v", rule, v)
		}
	}
}
