// Package containers runs the system as containers, and reaches into those that run
// already, for the harness's tests. It needs the docker command with Compose.
package containers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"innerdoor.example/e2e/harness"
)

// docker runs the docker command: what it prints.
func docker(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "docker", args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("docker %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// processes are the containers of a system.
type processes struct {
	dir  string                      // of Inside
	name func(service string) string // of a container: a workload's, devca's, or a seeding step's
}

// inside copies the trust domain, as only an operator of the engine can, and builds
// the programs, for what is to run beside the containers.
func (p *processes) inside(ctx context.Context, root, origin string) (*harness.Inside, error) {
	in := &harness.Inside{Root: root, Dir: p.dir, Bin: filepath.Join(p.dir, "bin"), Origin: origin, Processes: p}
	if err := os.MkdirAll(filepath.Join(p.dir, "logs"), 0o700); err != nil {
		return nil, err
	}
	if err := p.copy(ctx, "devca", "/trust", "trust"); err != nil {
		return nil, err
	}
	return in, in.Build(ctx)
}

// copy copies a folder or file of a container, which may have ended, to a path in dir.
func (p *processes) copy(ctx context.Context, service, from string, to ...string) error {
	path := filepath.Join(append([]string{p.dir}, to...)...)
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	_, err := docker(ctx, "cp", p.name(service)+":"+from, path)
	return err
}

// Start implements harness.Processes.
func (p *processes) Start(w string) error {
	_, err := docker(context.Background(), "start", p.name(w))
	return err
}

// Kill implements harness.Processes. The engine starts no container again that was
// killed through it.
func (p *processes) Kill(w string) error {
	_, err := docker(context.Background(), "kill", p.name(w))
	if err == nil {
		_, err = docker(context.Background(), "wait", p.name(w))
	}
	return err
}

// Ready implements harness.Processes.
func (p *processes) Ready(ctx context.Context, workloads ...string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for _, w := range workloads {
		for {
			_, err := docker(ctx, "exec", p.name(w), "/"+w, "healthcheck")
			if err == nil {
				break
			}
			if ctx.Err() != nil {
				return fmt.Errorf("%s does not get ready: %w; its log:\n%s", w, err, p.Log(w))
			}
		}
	}
	return nil
}

// Log implements harness.Processes.
func (p *processes) Log(w string) string {
	text, _ := docker(context.Background(), "logs", p.name(w)) // no container: it has logged nothing
	return text
}

// InnerAddr implements harness.Processes. A container may have another address once
// it was started again.
func (p *processes) InnerAddr(w string) string {
	address, _ := docker(context.Background(), "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", p.name(w))
	return address + ":8443" // without a container nobody listens there
}

// Collect implements harness.Processes.
func (p *processes) Collect(ctx context.Context) error {
	for _, w := range harness.Workloads {
		if err := os.WriteFile(filepath.Join(p.dir, "logs", w+".log"), []byte(p.Log(w)), 0o600); err != nil {
			return err
		}
		if w == "gateway" { // it has no data
			continue
		}
		if err := p.copy(ctx, w, "/data", "data", w); err != nil {
			return err
		}
	}
	return nil
}
