package harness

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Build builds programs anew, at once, so that what they share is compiled while
// another is linked.
func (n *Native) Build(ctx context.Context, programs ...string) error {
	n.say("building %s", strings.Join(programs, ", "))
	if err := os.MkdirAll(n.Bin, 0o700); err != nil {
		return err
	}
	args := []string{"build", "-v", "-o", n.Bin + string(filepath.Separator)}
	for _, p := range programs {
		args = append(args, "./"+folders[p])
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = n.Root
	compiled := &progress{say: n.say}
	cmd.Stdout, cmd.Stderr = compiled, compiled
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", strings.Join(programs, ", "), err, &compiled.text)
	}
	return nil
}

// progress reports on what go build -v prints: a line for each package.
type progress struct {
	say  func(format string, values ...any)
	text bytes.Buffer
	told int
}

func (p *progress) Write(b []byte) (int, error) {
	const step = 100
	p.text.Write(b)
	if n := bytes.Count(p.text.Bytes(), []byte("\n")); n >= p.told+step {
		p.told = n / step * step
		p.say("  %d packages compiled", p.told)
	}
	return len(b), nil
}
