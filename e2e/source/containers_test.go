package source

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// A process that runs natively only would be missed by whoever starts containers.
func TestEveryProcessHasAContainer(t *testing.T) {
	dockerfile, compose := read(t, "Dockerfile"), read(t, "docker-compose.yml")
	for _, module := range modules {
		process := path.Base(module)
		if process == "shared" || process == "e2e" {
			continue
		}
		if !strings.Contains(dockerfile, "\nFROM process AS "+process+"\n") {
			t.Errorf("the Dockerfile makes no image of %s", process)
		}
		if !strings.Contains(compose, "\n  "+process+":\n") {
			t.Errorf("docker-compose.yml starts no %s", process)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
