package containers

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"innerdoor.example/e2e/harness"
)

// stack is a Compose project of this run's own.
type stack struct {
	project, port string
}

// running is the stack that the tests share; they leave it running.
var running *stack

// sys is the running stack, as the harness sees it.
var sys *harness.System

// healthy is how long the stack took from nothing but images to healthy.
var healthy time.Duration

var root = func() string {
	dir, _ := filepath.Abs("../..") // without a working directory no test runs
	return dir
}()

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctx := context.Background()
	if dir := os.Getenv(panics); dir != "" {
		launchAndPanic(dir)
	}
	if why := missing(ctx); why != "" {
		if os.Getenv("E2E_DOCKER") == "required" {
			fmt.Fprintln(os.Stderr, "E2E_DOCKER=required:", why)
			return 1
		}
		fmt.Println("left out:", why)
		return 0
	}
	dir, err := os.MkdirTemp("", "innerdoor-containers-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	defer func() {
		if err := running.end(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	if err := begin(ctx, dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// missing says what these tests need and this machine lacks.
func missing(ctx context.Context) string {
	if _, err := docker(ctx, "version"); err != nil {
		return "no Docker engine answers"
	}
	if _, err := docker(ctx, "compose", "version"); err != nil {
		return "the docker command has no Compose"
	}
	return ""
}

func begin(ctx context.Context, dir string) error {
	address, err := harness.FreeAddress()
	if err != nil {
		return err
	}
	_, port, _ := net.SplitHostPort(address)
	running = &stack{project: project, port: port}
	if err := running.end(); err != nil { // of an earlier run that was broken off
		return err
	}
	if out, err := running.compose(ctx, "--profile", "demo", "build"); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	began := time.Now()
	if out, err := running.compose(ctx, "up", "--wait"); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	healthy = time.Since(began)
	sys, err = (&Compose{Project: project, Origin: "http://localhost:" + port, Root: root, Dir: dir}).Launch(ctx)
	return err
}

// compose runs docker compose for the stack: what it prints.
func (s *stack) compose(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "docker", append([]string{"compose", "--project-directory", root, "-p", s.project}, args...)...)
	cmd.Env = append(os.Environ(), "INNERDOOR_PORT="+s.port)
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("docker compose %s: %w", strings.Join(args, " "), err)
	}
	return string(out), err
}

// end removes the stack and its data, and more, as docker compose down is told.
func (s *stack) end(more ...string) error {
	out, err := s.compose(context.Background(), append([]string{"--profile", "demo", "down", "-v", "--remove-orphans"}, more...)...)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

// container is the name of a service's container.
func (s *stack) container(service string) string { return s.project + "-" + service + "-1" }

// must is what docker prints.
func must(t testing.TB, args ...string) string {
	t.Helper()
	out, err := docker(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// mustCompose is what docker compose prints for the shared stack.
func mustCompose(t testing.TB, args ...string) string {
	t.Helper()
	out, err := running.compose(t.Context(), args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return out
}
