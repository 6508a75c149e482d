package follow_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"innerdoor.example/shared/internal/follow"
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
	parse := func(contents [][]byte) (string, error) {
		parsed++
		return string(contents[0]), nil
	}
	save("one")
	v, err := follow.Files("a text", parse, follow.File{Name: "the file", Path: file})
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
		{"six", 3*time.Second + follow.Every/2, "two", 2}, // not looked at yet
		{"six", 3*time.Second + follow.Every, "six", 3},
		{"six", time.Hour, "six", 3},
	} {
		save(step.content)
		if got := v.Get(now.Add(step.after)); got != step.want || parsed != step.parsed {
			t.Errorf("after %v: %q, parsed %d times; want %q, %d times", step.after, got, parsed, step.want, step.parsed)
		}
	}
}
