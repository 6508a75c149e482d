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

// Build builds programs anew.
func (n *Native) Build(ctx context.Context, programs ...string) error {
	if n.Say == nil {
		n.Say = func(string, ...any) {}
	}
	return build(ctx, n.Root, n.Bin, n.Say, programs)
}

// Build builds the processes' programs, for those that are to run beside the system.
func (in *Inside) Build(ctx context.Context) error {
	return build(ctx, in.Root, in.Bin, func(string, ...any) {}, Workloads)
}

// build builds programs at once, so that what they share is compiled while another is
// linked.
func build(ctx context.Context, root, bin string, say func(string, ...any), programs []string) error {
	say("building %s", strings.Join(programs, ", "))
	if err := os.MkdirAll(bin, 0o700); err != nil {
		return err
	}
	args := []string{"build", "-v", "-o", bin + string(filepath.Separator)}
	for _, p := range programs {
		args = append(args, "./"+folders[p])
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = root
	compiled := &progress{say: say}
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
