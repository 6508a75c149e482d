package api

import (
	"encoding/json"
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

// Staff and the owner see all; support sees how much, but not how to reach anybody; a delegate sees neither.
func TestEachRuleShowsWhatIsItsOwnAndNoMore(t *testing.T) {
	row := claim.Claim{ID: "c-1", Description: "what happened", Amount: 12_345, ContactName: "a-name", ContactEmail: "an-address", ContactPhone: "a-number"}
	for rule, shows := range map[string]string{
		"owner": "amount contact", "assignee": "amount contact", "adjuster-in-region": "amount contact",
		"supervisor": "amount contact", "auditor": "amount contact", "support": "amount", "delegate": "",
	} {
		v, err := view(store.Granted{By: rule, Row: row})
		must(t, err)
		text, err := json.Marshal(v)
		must(t, err)
		for part, words := range map[string][]string{"amount": {"12345"}, "contact": {"a-name", "an-address", "a-number"}} {
			for _, word := range words {
				if strings.Contains(string(text), word) != strings.Contains(shows, part) {
					t.Errorf("%s is shown %s, of which %q is wrong", rule, text, word)
				}
			}
		}
		if !strings.Contains(string(text), "what happened") {
			t.Errorf("%s is not shown what happened: %s", rule, text)
		}
	}
}
