package principal

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestAFileIsParsedOnlyWhenItHoldsSomethingElse(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	save := func(content string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parsed := 0
	parse := func(content []byte) (*string, error) {
		parsed++
		text := string(content)
		return &text, nil
	}
	save("one")
	w, err := watch(file, parse)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_800_000_000, 0)
	for _, step := range []struct {
		content string
		after   time.Duration
		want    string
		parsed  int
	}{
		{"one", 2 * time.Second, "one", 1},
		{"two", 3 * time.Second, "two", 2},
		{"six", 3*time.Second + recheck/2, "two", 2}, // not looked at yet
		{"six", 3*time.Second + recheck, "six", 3},
		{"six", time.Hour, "six", 3},
	} {
		save(step.content)
		if got := *w.get(now.Add(step.after)); got != step.want || parsed != step.parsed {
			t.Errorf("after %v: %q, parsed %d times; want %q, %d times", step.after, got, parsed, step.want, step.parsed)
		}
	}
}
