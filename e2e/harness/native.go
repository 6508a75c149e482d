package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// Native starts the system as processes of this machine. It needs only Go. Once
// launched it is their Processes.
type Native struct {
	Root   string                             // of the repository
	Dir    string                             // for programs, keys, data and logs; made if need be
	Port   string                             // of the gateway; "" takes any free one
	Bin    string                             // where the programs are built; "" is Dir/bin
	Say    func(format string, values ...any) // progress; nil is silent
	Revive func(workload string)              // not nil: a process that ends by itself is started again, and then this is called

	Built time.Time // when Launch had built everything

	mu        sync.Mutex // a process may be revived at any time
	processes map[string]*process
	stopped   bool
	inner     map[string]string // workload → host:port of its mTLS listener
	origin    string
	inside    *Inside
}

// Workloads are the processes of the system, in the order in which they are started.
// Any other order works too.
var Workloads = []string{"orders", "claims", "identity", "gateway"}

var folders = map[string]string{
	"orders": "services/orders", "claims": "services/claims", "identity": "identity", "gateway": "gateway",
	"devca": "shared/cmd/devca",
}

// Launch builds, makes a trust domain, plants the cast and starts all processes. On
// an error nothing is left running.
func (n *Native) Launch(ctx context.Context) (*System, error) {
	if err := n.prepare(ctx); err != nil {
		return nil, err
	}
	if err := n.seed(ctx); err != nil {
		return nil, err
	}
	secrets, err := readSecrets(n.path("secrets.json"))
	if err != nil {
		return nil, err
	}
	n.say("starting %d processes", len(Workloads))
	n.processes = map[string]*process{}
	for _, w := range Workloads {
		if err := n.Start(w); err != nil {
			return nil, errors.Join(err, n.Stop())
		}
	}
	if err := n.Ready(ctx, Workloads...); err != nil {
		return nil, errors.Join(err, n.Stop())
	}
	return &System{Origin: n.origin, Secrets: secrets, Inside: n.inside, stop: n.Stop}, nil
}

// prepare takes addresses first: a busy port shall not cost a build.
func (n *Native) prepare(ctx context.Context) error {
	if n.Say == nil {
		n.Say = func(string, ...any) {}
	}
	if _, err := exec.LookPath("go"); err != nil {
		return errors.New("the go command is not on the PATH; it is all that this needs")
	}
	if err := n.takePorts(); err != nil {
		return err
	}
	if err := os.MkdirAll(n.Dir, 0o700); err != nil {
		return err
	}
	if n.Bin == "" {
		n.Bin = n.path("bin")
	}
	if err := n.Build(ctx, append([]string{"devca"}, Workloads...)...); err != nil {
		return err
	}
	n.Built = time.Now()
	n.inside = &Inside{Root: n.Root, Dir: n.Dir, Bin: n.Bin, Origin: n.origin, Processes: n}
	n.say("making a trust domain: an authority, a certificate for each process, the key of Txn-Tokens")
	return n.run(ctx, "devca", nil, "-out", n.path("trust"))
}

// seed plants the cast in each process's own database.
func (n *Native) seed(ctx context.Context) error {
	n.say("planting the cast: people, orders, claims")
	withData := slices.DeleteFunc(slices.Clone(Workloads), func(w string) bool { return w == "gateway" })
	for _, w := range withData {
		if err := os.MkdirAll(n.path("data", w), 0o700); err != nil {
			return err
		}
	}
	failed := make([]error, len(withData))
	var all sync.WaitGroup
	for i, w := range withData {
		args := []string{"seed", "-file", filepath.Join(n.Root, folders[w], "seed.yaml")}
		if w == "identity" {
			args = append(args, "-out", n.path("secrets.json"))
		}
		all.Go(func() { failed[i] = n.run(ctx, w, n.data(w), args...) })
	}
	all.Wait()
	return errors.Join(failed...)
}

func (n *Native) data(w string) map[string]string {
	return map[string]string{"DATA_DIR": n.path("data", w)}
}

// run runs a program to its end.
func (n *Native) run(ctx context.Context, program string, env map[string]string, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(n.Bin, program), args...)
	cmd.Env = environment(env)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", program, args[0], err, out)
	}
	return nil
}

// Start starts a process that is not running.
func (n *Native) Start(w string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.stopped {
		return errors.New("the system has been stopped")
	}
	var ended func()
	if n.Revive != nil {
		began := time.Now()
		ended = func() {
			time.Sleep(time.Until(began.Add(shortLife))) // what fails at once is not tried all the time
			n.say("%s ended; starting it again", w)
			if err := n.Start(w); err != nil {
				n.say("%v", err)
			}
			n.Revive(w)
		}
	}
	p, err := start(filepath.Join(n.Bin, w), n.path("logs", w+".log"), n.inside.Settings(w), ended)
	if err == nil {
		n.processes[w] = p
	}
	return err
}

const shortLife = time.Second

func (n *Native) process(w string) *process {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.processes[w]
}

// InnerAddr is where a process's inner listener is.
func (n *Native) InnerAddr(w string) string { return n.inner[w] }

// Collect has nothing to do: data and logs are in Dir.
func (n *Native) Collect(context.Context) error { return nil }

// Origin is the gateway's, once Launch has chosen it.
func (n *Native) Origin() string { return n.origin }

// Process is the id of a running process.
func (n *Native) Process(w string) int { return n.process(w).cmd.Process.Pid }

// Kill ends a process at once (SIGKILL), as a crash does.
func (n *Native) Kill(w string) error { return n.process(w).kill() }

// Ready waits until the processes say that they can serve.
func (n *Native) Ready(ctx context.Context, workloads ...string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for _, w := range workloads {
		if err := n.process(w).ready(ctx); err != nil {
			return fmt.Errorf("%s does not get ready: %w", w, err)
		}
	}
	return nil
}

// Ops asks a process's ops listener.
func (n *Native) Ops(ctx context.Context, w, path string) Answer {
	listening, err := n.process(w).listening(ctx)
	if err != nil {
		return Answer{Err: err}
	}
	r, err := request(ctx, http.MethodGet, "http://"+listening.Ops+path, nil)
	if err != nil {
		return Answer{Err: err}
	}
	return send(client, r)
}

// Log is what a process has logged so far.
func (n *Native) Log(w string) string {
	text, _ := os.ReadFile(n.path("logs", w+".log")) // no file: it has logged nothing
	return string(text)
}

// Stop ends all processes and waits for them.
func (n *Native) Stop() error {
	n.mu.Lock()
	n.stopped = true
	n.mu.Unlock()
	var failed []error
	for _, w := range Workloads {
		if p := n.process(w); p != nil {
			failed = append(failed, p.end())
		}
	}
	return errors.Join(failed...)
}

func (n *Native) path(parts ...string) string {
	return filepath.Join(append([]string{n.Dir}, parts...)...)
}

func (n *Native) say(format string, values ...any) { n.Say(format, values...) }

// tail is the end of a log, for the message of a failure.
func tail(file string) string {
	f, err := os.Open(file)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > 2000 {
		_, _ = f.Seek(-2000, io.SeekEnd) // at worst the whole log is shown
	}
	text, _ := io.ReadAll(f) // it is only shown
	return string(text)
}
