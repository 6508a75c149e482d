package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"innerdoor.example/e2e/harness"
)

// home is where a demo keeps what it makes. One demo at a time lives there.
type home struct{ root, dir string }

// state is what a running demo tells the others.
type state struct {
	Origin    string         `json:"origin"`
	Processes map[string]int `json:"processes"` // workload → process id, once it is ready
}

var errNoDemo = errors.New("no demo is running here; start one with make demo")

func (h home) path(name string) string { return filepath.Join(h.dir, name) }

// claim makes the folder ours until release, and clears what an earlier demo left:
// every demo has fresh keys, secrets and data. The programs stay.
func (h home) claim() (release func(), err error) {
	if err := os.MkdirAll(h.dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(h.path("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(errors.New("a demo is running here already; end it first"), lock.Close())
	}
	for _, old := range []string{"state.json", "secrets.json", "tokens.json", "trust", "data", "logs"} {
		if err := os.RemoveAll(h.path(old)); err != nil {
			return nil, errors.Join(err, lock.Close())
		}
	}
	return func() { _ = lock.Close() }, nil // the kernel unlocks it in any case
}

// save says that the processes are ready.
func (h home) save(n *harness.Native) error {
	s := state{Origin: n.Origin(), Processes: map[string]int{}}
	for _, w := range harness.Workloads {
		s.Processes[w] = n.Process(w)
	}
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := os.WriteFile(h.path("state.new"), text, 0o600); err != nil {
		return err
	}
	return os.Rename(h.path("state.new"), h.path("state.json"))
}

// running is what the demo that runs here says. A demo holds its lock as long as it
// lives, however it ends.
func (h home) running() (state, error) {
	lock, err := os.Open(h.path("lock"))
	if err != nil {
		return state{}, errNoDemo
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); err == nil {
		return state{}, errNoDemo
	}
	var s state
	text, err := os.ReadFile(h.path("state.json"))
	if errors.Is(err, os.ErrNotExist) {
		return s, errors.New("the demo is still starting; wait until it says that it is ready")
	}
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(text, &s)
}

// restart builds a process anew and ends the old one; the demo starts it again.
func (h home) restart(ctx context.Context, w string, out io.Writer) error {
	if w == "" {
		return fmt.Errorf("which process? make dev P=claims; there are %s", strings.Join(harness.Workloads, ", "))
	}
	if !slices.Contains(harness.Workloads, w) {
		return fmt.Errorf("there is no process %q; there are %s", w, strings.Join(harness.Workloads, ", "))
	}
	s, err := h.running()
	if err != nil {
		return err
	}
	if err := h.native(newScreen(out).progress).Build(ctx, w); err != nil {
		return err
	}
	began, old := time.Now(), s.Processes[w]
	if err := syscall.Kill(old, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("ending %s (process %d): %w", w, old, err)
	}
	for s.Processes[w] == old {
		if time.Since(began) > 30*time.Second {
			return fmt.Errorf("%s does not get ready again; see %s", w, h.path("logs/"+w+".log"))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
		if s, err = h.running(); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(out, "%s is ready again, %s after the build\n", w, time.Since(began).Round(time.Millisecond))
	return err
}
