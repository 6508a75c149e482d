package source

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Whoever reviews a change of a rule sees it in the docs' diff, too.
func TestTheDocsShowThePoliciesAsTheyAre(t *testing.T) {
	text, err := os.ReadFile("../../docs/authorization.md")
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, service := range []string{"claims", "orders"} {
		policy := exec.CommandContext(t.Context(), "go", "run", ".", "policy")
		policy.Dir = filepath.Join("..", "..", "services", service)
		printed, err := policy.Output()
		if err != nil || !strings.Contains(string(printed), "permits") {
			t.Fatalf("%s policy: %v\n%s", service, err, printed)
		}
		want.WriteString("\n## " + service + "\n" + string(printed))
	}
	_, marked, _ := strings.Cut(string(text), "\n<!-- generated")
	if _, got, _ := strings.Cut(marked, "\n"); got != want.String() {
		t.Error("docs/authorization.md is stale: run make docs and commit what it writes")
	}
}

// The guides are for those who copy this. What they say is done, in a copy of the repository.
func TestARuleIsAddedAsTheGuideSays(t *testing.T)    { follow(t, "add-a-rule.md") }
func TestARouteIsAddedAsTheGuideSays(t *testing.T)   { follow(t, "add-a-route.md") }
func TestAServiceIsAddedAsTheGuideSays(t *testing.T) { follow(t, "add-a-service.md") }

// Whoever takes the modules away gives them a path of their own; and back again it is what it was, byte for byte.
func TestTheModulesAreRenamedByOneCommand(t *testing.T) {
	t.Parallel()
	root := copyOfTheRepository(t)
	was := contentsOf(t, root)
	if said, err := shell(t, root, "make rename MODULE=git.example.com/team/shop"); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	for name, text := range contentsOf(t, root) {
		for line := range strings.Lines(text) {
			if strings.Contains(strings.ReplaceAll(line, "https://"+home, ""), home) && !strings.Contains(line, "make rename") {
				t.Errorf("%s still says %s", name, line)
			}
		}
	}
	said, err := shell(t, root, "test -z \"$(gofmt -l .)\"; for m in "+strings.Join(modules, " ")+"; do GOWORK=off go -C $m build ./... && go -C $m vet ./...; done; go -C services/orders test ./...")
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	if said, err := shell(t, root, "make rename MODULE="+strings.TrimSuffix(home, "/")); err != nil || !maps.Equal(contentsOf(t, root), was) {
		t.Errorf("renamed back it is not what it was: %v\n%s", err, said)
	}
	for _, bad := range []string{"", "/x", "x/", "a b", "x;y"} {
		if said, err := shell(t, root, "make rename MODULE='"+bad+"'"); err == nil {
			t.Errorf("%q was taken for a module path: %s", bad, said)
		}
	}
}
