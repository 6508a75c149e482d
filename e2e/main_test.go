// Package e2e is the proof: black box, through the front door, on real processes.
package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"innerdoor.example/e2e/containers"
	"innerdoor.example/e2e/harness"
)

// sys is the one system of this run. Tests leave the seeded cast's objects as they
// found them and make their own for what they change.
var sys *harness.System

// inside is what only the host of sys has.
func inside(t testing.TB) *harness.Inside {
	t.Helper()
	if sys.Inside == nil {
		skip(t, "it needs the keys, logs or inner listeners, which are the system's own host's")
	}
	return sys.Inside
}

// native is inside of processes of this machine.
func native(t testing.TB) (*harness.Inside, bool) {
	t.Helper()
	in := inside(t)
	_, ok := in.Processes.(*harness.Native)
	return in, ok
}

// skip leaves a test out, which is told at the end. Natively nothing is left out.
func skip(t testing.TB, why string) {
	t.Helper()
	if sys.Inside != nil {
		if _, native := native(t); native {
			t.Fatal("natively every test runs")
		}
	}
	sayLast("left out: %s, because %s", t.Name(), why)
	t.Skip(why)
}

// ours tells whether the gateway may take an address for ours: loopback, or in front of
// containers the engine's end of their network.
func ours(address string) bool {
	a, err := netip.ParseAddr(address)
	return err == nil && (a.IsLoopback() || a.IsPrivate())
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
	by, err := chosen(root, dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	sys, err = by.Launch(context.Background())
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

// chosen is the launcher that the environment names: E2E_URL attaches to a system that
// runs there, with its file of secrets in E2E_SECRETS or as the project E2E_COMPOSE of
// Compose's on this machine; else E2E_LAUNCHER is native (also without it) or docker.
func chosen(root, dir string) (launcher, error) {
	origin, secrets, project := os.Getenv("E2E_URL"), os.Getenv("E2E_SECRETS"), os.Getenv("E2E_COMPOSE")
	switch way := os.Getenv("E2E_LAUNCHER"); {
	case origin != "" && project != "":
		return &containers.Compose{Project: project, Origin: origin, Root: root, Dir: dir}, nil
	case origin != "" && secrets != "":
		return attached{origin, secrets}, nil
	case origin != "":
		return nil, errors.New("E2E_URL needs E2E_SECRETS, the file that identity seed wrote, or E2E_COMPOSE, the project's name")
	case way == "" || way == "native":
		return &harness.Native{Root: root, Dir: dir}, nil
	case way == "docker":
		return &containers.Docker{Root: root, Dir: dir}, nil
	default:
		return nil, fmt.Errorf("E2E_LAUNCHER is native or docker, not %q", way)
	}
}

// A launcher starts the system in one way, or attaches to one that runs.
type launcher interface {
	Launch(ctx context.Context) (*harness.System, error)
}

// attached is a system that runs elsewhere.
type attached struct{ origin, secrets string }

func (a attached) Launch(context.Context) (*harness.System, error) {
	return harness.Attach(a.origin, a.secrets)
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
