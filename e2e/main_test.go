// Package e2e is the proof: black box, through the front door, on real processes.
package e2e

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"innerdoor.example/e2e/harness"
)

// sys is the one system of this run. Tests leave the seeded cast's objects as they
// found them and make their own for what they change.
var sys *harness.System

// inside is where sys runs: its processes, certificates and logs.
func inside(t testing.TB) *harness.Native {
	t.Helper()
	if sys.Inside == nil {
		t.Fatal("this needs what only the system's own host has")
	}
	return sys.Inside
}

// closing are the lines that the run ends with.
var closing struct {
	mu    sync.Mutex
	lines []string
}

// sayLast prints a line when all tests are over.
func sayLast(format string, values ...any) {
	closing.mu.Lock()
	defer closing.mu.Unlock()
	closing.lines = append(closing.lines, fmt.Sprintf(format, values...))
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "innerdoor-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	root, err := filepath.Abs("..")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	sys, err = (&harness.Native{Root: root, Dir: dir}).Launch(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "the system does not start:", err)
		return 1
	}
	endOnSignal(dir)
	code := m.Run()
	if err := sys.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "the system does not stop:", err)
		code = max(code, 1)
	}
	for _, line := range closing.lines {
		fmt.Println(line)
	}
	return code
}

// endOnSignal leaves no process behind when the run is broken off.
func endOnSignal(dir string) {
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-broken
		_ = sys.Stop() // it is broken off either way
		_ = os.RemoveAll(dir)
		os.Exit(130)
	}()
}
