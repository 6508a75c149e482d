package containers

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/ory/dockertest/v3"
	dc "github.com/ory/dockertest/v3/docker"

	"innerdoor.example/e2e/harness"
)

// label marks all that a launch makes in the engine; its value is the run's name.
const label = "innerdoor.run"

// project is whose images are used: built as docker-compose.yml says, by Compose.
const project = "innerdoor-e2e"

// Docker starts the containers of docker-compose.yml, by the engine alone, on networks
// and volumes of their own. Nothing of it is left when the process that launched it
// has ended, however that was.
type Docker struct {
	Root string // of the repository
	Dir  string // for copies of keys, data and logs

	run      string
	pool     *dockertest.Pool
	networks map[string]*dockertest.Network
	port     string
}

// plan is what docker-compose.yml says.
type plan struct {
	Services map[string]service
	Networks map[string]struct{ Internal bool }
	Volumes  map[string]any
}

// service is how one of its containers is to run.
type service struct {
	Build       struct{ Target string }
	Command     []string
	Environment map[string]string
	Volumes     []struct {
		Source, Target string
		ReadOnly       bool `json:"read_only"`
	}
	Ports []struct {
		HostIP    string `json:"host_ip"`
		Target    int
		Published string
	}
	Networks    map[string]any
	NetworkMode string   `json:"network_mode"`
	ReadOnly    bool     `json:"read_only"`
	CapDrop     []string `json:"cap_drop"`
	SecurityOpt []string `json:"security_opt"`
	PidsLimit   int64    `json:"pids_limit"`
	MemLimit    int64    `json:"mem_limit,string"`
}

// Launch builds the images, makes a trust domain, plants the cast and starts all.
func (d *Docker) Launch(ctx context.Context) (*harness.System, error) {
	if _, err := docker(ctx, "compose", "--project-directory", d.Root, "-p", project, "build"); err != nil {
		return nil, err
	}
	d.run = "innerdoor-" + strings.ToLower(rand.Text())[:8]
	stop, err := reaper(d.run)
	if err != nil {
		return nil, err
	}
	system, err := d.launch(ctx, stop)
	if err != nil {
		return nil, errors.Join(err, stop())
	}
	return system, nil
}

// reaper removes all that bears the run's label as soon as it is told to, or as this
// process ends: then its input ends.
func reaper(run string) (stop func() error, err error) {
	const script = `cat >/dev/null; only="--filter label=` + label + `=$0"
docker ps -aq $only | xargs -r docker rm -fv && docker volume ls -q $only | xargs -r docker volume rm -f && docker network ls -q $only | xargs -r docker network rm`
	cmd := exec.Command("sh", "-c", script, run)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is not for it
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	return sync.OnceValue(func() error { return errors.Join(input.Close(), cmd.Wait()) }), cmd.Start()
}

func (d *Docker) launch(ctx context.Context, stop func() error) (*harness.System, error) {
	p, err := d.prepare(ctx)
	if err != nil {
		return nil, err
	}
	for name, s := range p.Services {
		if !slices.Contains(harness.Workloads, name) {
			if err := d.step(ctx, name, s); err != nil {
				return nil, err
			}
		}
	}
	for _, w := range harness.Workloads {
		if _, err := d.start(w, p.Services[w]); err != nil {
			return nil, err
		}
	}
	return d.attach(ctx, stop)
}

func (d *Docker) attach(ctx context.Context, stop func() error) (*harness.System, error) {
	p := &processes{dir: d.Dir, name: d.name}
	if err := p.copy(ctx, "seed-identity", "/secrets/secrets.json", "secrets.json"); err != nil {
		return nil, err
	}
	in, err := p.inside(ctx, d.Root, "http://localhost:"+d.port)
	if err != nil {
		return nil, err
	}
	if err := p.Ready(ctx, harness.Workloads...); err != nil {
		return nil, err
	}
	return harness.Around(in, filepath.Join(d.Dir, "secrets.json"), stop)
}

func (d *Docker) name(part string) string { return d.run + "-" + part }

// prepare chooses a port, reads the plan for it, and makes networks and volumes.
func (d *Docker) prepare(ctx context.Context) (p plan, err error) {
	free, err := harness.FreeAddress()
	if err != nil {
		return p, err
	}
	_, d.port, _ = net.SplitHostPort(free)
	cmd := exec.CommandContext(ctx, "docker", "compose", "--project-directory", d.Root, "config", "--format", "json")
	cmd.Env = append(os.Environ(), "INNERDOOR_PORT="+d.port, "COMPOSE_PROFILES=")
	text, err := cmd.Output()
	if err != nil {
		return p, fmt.Errorf("docker compose config: %w", err)
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return p, fmt.Errorf("docker compose config: %w", err)
	}
	if d.pool, err = dockertest.NewPool(""); err != nil {
		return p, err
	}
	labels := map[string]string{label: d.run}
	d.networks = map[string]*dockertest.Network{}
	for name, n := range p.Networks {
		d.networks[name], err = d.pool.CreateNetwork(d.name(name), func(o *dc.CreateNetworkOptions) { o.Labels, o.Internal = labels, n.Internal })
		if err != nil {
			return p, err
		}
	}
	for name := range p.Volumes {
		if _, err := d.pool.Client.CreateVolume(dc.CreateVolumeOptions{Name: d.name(name), Labels: labels}); err != nil {
			return p, err
		}
	}
	return p, nil
}

func (d *Docker) start(name string, s service) (*dockertest.Resource, error) {
	o := &dockertest.RunOptions{
		Name: d.name(name), Repository: project + "-" + s.Build.Target, Cmd: s.Command, SecurityOpt: s.SecurityOpt,
		Labels: map[string]string{label: d.run}, PortBindings: map[dc.Port][]dc.PortBinding{},
	}
	for key, value := range s.Environment {
		// The services' addresses: here a container is known by its whole name only.
		o.Env = append(o.Env, key+"="+strings.ReplaceAll(value, "https://", "https://"+d.name("")))
	}
	for _, v := range s.Volumes {
		mode := map[bool]string{false: "rw", true: "ro"}[v.ReadOnly]
		o.Mounts = append(o.Mounts, d.name(v.Source)+":"+v.Target+":"+mode)
	}
	for _, p := range s.Ports {
		port := dc.Port(fmt.Sprintf("%d/tcp", p.Target))
		o.ExposedPorts = append(o.ExposedPorts, string(port))
		o.PortBindings[port] = []dc.PortBinding{{HostIP: p.HostIP, HostPort: p.Published}}
	}
	networks := slices.Sorted(maps.Keys(s.Networks))
	if len(networks) > 0 {
		o.NetworkID = d.networks[networks[0]].Network.ID
	}
	r, err := d.pool.RunWithOptions(o, func(h *dc.HostConfig) {
		h.PublishAllPorts, h.NetworkMode = false, s.NetworkMode
		h.ReadonlyRootfs, h.CapDrop, h.Memory, h.PidsLimit = s.ReadOnly, s.CapDrop, s.MemLimit, s.PidsLimit
	})
	for _, more := range networks[min(1, len(networks)):] {
		if err == nil {
			err = r.ConnectToNetwork(d.networks[more])
		}
	}
	return r, err
}

// step runs what comes before the processes: the trust domain and the cast. Any order
// works.
func (d *Docker) step(ctx context.Context, name string, s service) error {
	r, err := d.start(name, s)
	if err != nil {
		return err
	}
	code, err := d.pool.Client.WaitContainerWithContext(r.Container.ID, ctx)
	if err != nil || code != 0 {
		said, _ := docker(ctx, "logs", d.name(name)) // it is only shown
		return errors.Join(err, fmt.Errorf("%s ended with %d: %s", name, code, said))
	}
	return nil
}
