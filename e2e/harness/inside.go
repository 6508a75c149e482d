package harness

import (
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
)

// Inside is what only the system's own host has: its keys, its inner listeners, its
// logs, and programs to run beside it.
type Inside struct {
	Root   string // of the repository, or of a copy of its settings files
	Dir    string // Dir/trust are the keys; after Collect, Dir/data and Dir/logs are the rest
	Bin    string // the programs
	Origin string // of the gateway

	Processes
}

// Processes are the system's, however they run.
type Processes interface {
	Start(workload string) error                          // one that is not running
	Kill(workload string) error                           // at once (SIGKILL), as a crash does
	Ready(ctx context.Context, workloads ...string) error // waits until they can serve
	Log(workload string) string                           // what it has logged so far
	InnerAddr(workload string) string                     // host:port of its inner listener
	Collect(ctx context.Context) error                    // brings data and logs to Inside's Dir
}

// Output is what a program prints, run with the process's settings changed by env
// (an empty value unsets), and how it ended.
func (in *Inside) Output(ctx context.Context, w string, env map[string]string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(in.Bin, w), args...)
	settings := in.Settings(w)
	maps.Copy(settings, env)
	cmd.Env = environment(settings)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Settings are the environment of a process.
func (in *Inside) Settings(w string) map[string]string {
	s := map[string]string{
		"WORKLOAD_CERT": in.path("trust", w, "cert.pem"), "WORKLOAD_KEY": in.path("trust", w, "key.pem"),
		"TRUST_BUNDLE": in.path("trust", "bundle.pem"), "OPS_ADDR": "127.0.0.1:0",
	}
	if w == "gateway" {
		maps.Copy(s, map[string]string{
			"PUBLIC_URL": in.Origin, "PUBLIC_ADDR": "127.0.0.1:" + hostPort(in.Origin), "TXN_KEY": in.path("trust", "gateway", "txn.key"),
			"ROUTES_FILE": filepath.Join(in.Root, "gateway", "routes.yaml"), "ISSUERS_FILE": filepath.Join(in.Root, "gateway", "issuers.yaml"),
			"UPSTREAM_CLAIMS": "https://" + in.InnerAddr("claims"), "UPSTREAM_ORDERS": "https://" + in.InnerAddr("orders"),
			"UPSTREAM_IDENTITY": "https://" + in.InnerAddr("identity"),
		})
		return s
	}
	s["DATA_DIR"] = in.path("data", w)
	s["INNER_ADDR"], s["TXN_JWKS"] = in.InnerAddr(w), in.path("trust", "txn.jwks")
	switch w {
	case "claims":
		s["ORDERS_URL"] = "https://" + in.InnerAddr("orders")
	case "identity":
		s["ISSUER"] = in.Origin + "/oidc"
	}
	return s
}

// Extra starts a further gateway of the same system on a port of its own, with
// settings changed by env. It serves the same host name; see Caller.At.
func (in *Inside) Extra(ctx context.Context, env map[string]string) (origin string, stop func() error, err error) {
	settings := in.Settings("gateway")
	settings["PUBLIC_ADDR"] = "127.0.0.1:0"
	maps.Copy(settings, env)
	log, err := os.CreateTemp(in.path("logs"), "gateway-*.log")
	if err != nil {
		return "", nil, err
	}
	log.Close()
	p, err := start(filepath.Join(in.Bin, "gateway"), log.Name(), settings, nil)
	if err != nil {
		return "", nil, err
	}
	listening, err := p.listening(ctx)
	if err != nil {
		return "", nil, errors.Join(err, p.kill())
	}
	return "http://" + listening.Inner, p.kill, nil
}

func (in *Inside) path(parts ...string) string {
	return filepath.Join(append([]string{in.Dir}, parts...)...)
}

// environment is the machine's, with the product's settings in it.
func environment(settings map[string]string) []string {
	env := os.Environ()
	for name, value := range settings {
		env = append(env, name+"="+value)
	}
	return env
}
