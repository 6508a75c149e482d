package e2e

import (
	"os"
	"strings"
	"testing"
)

// Whoever reviews a change of a rule sees it in the docs' diff, too.
func TestTheDocsShowThePoliciesAsTheyAre(t *testing.T) {
	text, err := os.ReadFile("../docs/authorization.md")
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, service := range []string{"claims", "orders"} {
		printed, err := inside(t).Output(t.Context(), service, nil, "policy")
		if err != nil || !strings.Contains(printed, "permits") {
			t.Fatalf("%s policy: %v\n%s", service, err, printed)
		}
		want.WriteString("\n## " + service + "\n" + printed)
	}
	_, marked, _ := strings.Cut(string(text), "\n<!-- generated")
	if _, got, _ := strings.Cut(marked, "\n"); got != want.String() {
		t.Error("docs/authorization.md is stale: run make generate and commit what it writes")
	}
}

// The guides are for those who copy this. What they say is done, in a copy of the repository.
func TestARuleIsAddedAsTheGuideSays(t *testing.T)  { follow(t, "add-a-rule.md") }
func TestARouteIsAddedAsTheGuideSays(t *testing.T) { follow(t, "add-a-route.md") }
