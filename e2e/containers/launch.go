package containers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net"
	"os/exec"
	"path/filepath"
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

// Docker starts the system as containers, with networks and volumes of its own, as
// docker-compose.yml does. Nothing of it is left when the process that launched it
// has ended, however that was.
type Docker struct {
	Root string // of the repository
	Dir  string // for copies of keys, data and logs

	run     string
	pool    *dockertest.Pool
	network struct{ front, inside *dockertest.Network }
	port    string
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
	if err := d.prepare(); err != nil {
		return nil, err
	}
	if err := d.steps(ctx); err != nil {
		return nil, err
	}
	if err := d.processes(); err != nil {
		return nil, err
	}
	p := &processes{dir: d.Dir, name: d.name}
	if err := p.copy(ctx, "seed-identity", "/secrets/secrets.json", "secrets.json"); err != nil {
		return nil, err
	}
	in, err := p.inside(ctx, d.Root, d.origin())
	if err != nil {
		return nil, err
	}
	if err := p.Ready(ctx, harness.Workloads...); err != nil {
		return nil, err
	}
	return harness.Around(in, filepath.Join(d.Dir, "secrets.json"), stop)
}

func (d *Docker) name(service string) string { return d.run + "-" + service }

func (d *Docker) origin() string { return "http://localhost:" + d.port }

// prepare chooses a port and makes networks and volumes.
func (d *Docker) prepare() (err error) {
	free, err := harness.FreeAddress()
	if err != nil {
		return err
	}
	_, d.port, _ = net.SplitHostPort(free)
	if d.pool, err = dockertest.NewPool(""); err != nil {
		return err
	}
	labels := map[string]string{label: d.run}
	d.network.front, err = d.pool.CreateNetwork(d.name("front"), func(o *dc.CreateNetworkOptions) { o.Labels = labels })
	if err != nil {
		return err
	}
	d.network.inside, err = d.pool.CreateNetwork(d.name("inside"), func(o *dc.CreateNetworkOptions) { o.Labels, o.Internal = labels, true })
	if err != nil {
		return err
	}
	for _, volume := range []string{"trust", "trust-gateway", "trust-identity", "trust-claims", "trust-orders", "secrets", "identity", "claims", "orders"} {
		if _, err := d.pool.Client.CreateVolume(dc.CreateVolumeOptions{Name: d.name(volume), Labels: labels}); err != nil {
			return err
		}
	}
	return nil
}

// container is one to run, as docker-compose.yml says it.
type container struct {
	service string
	image   string
	command []string
	env     map[string]string
	volumes map[string]string // volume → folder, with ":ro"
	network *dockertest.Network
	port    string // published on loopback
}

func (d *Docker) start(c container) (*dockertest.Resource, error) {
	o := &dockertest.RunOptions{
		Name: d.name(c.service), Repository: project + "-" + c.image, Cmd: c.command, Labels: map[string]string{label: d.run},
	}
	for name, value := range c.env {
		o.Env = append(o.Env, name+"="+value)
	}
	for volume, folder := range c.volumes {
		o.Mounts = append(o.Mounts, d.name(volume)+":"+folder)
	}
	if c.network != nil {
		o.NetworkID = c.network.Network.ID
	}
	if c.port != "" {
		port := dc.Port(c.port + "/tcp")
		o.ExposedPorts = []string{string(port)}
		o.PortBindings = map[dc.Port][]dc.PortBinding{port: {{HostIP: "127.0.0.1", HostPort: c.port}}}
	}
	return d.pool.RunWithOptions(o, func(h *dc.HostConfig) {
		h.PublishAllPorts, h.ReadonlyRootfs, h.CapDrop, h.SecurityOpt = false, true, []string{"ALL"}, []string{"no-new-privileges:true"}
		h.Memory, h.PidsLimit = 256<<20, 128
		if c.network == nil {
			h.NetworkMode = "none"
		}
	})
}

// steps runs what comes before the processes: the trust domain and the cast.
func (d *Docker) steps(ctx context.Context) error {
	trust := map[string]string{"trust": "/trust"}
	for _, w := range harness.Workloads {
		trust["trust-"+w] = "/trust/" + w
	}
	seed := []string{"seed", "-file", "/seed.yaml"}
	for _, step := range []container{
		{service: "devca", image: "devca", volumes: trust},
		{service: "seed-identity", image: "identity", command: []string{"seed", "-out", "/secrets/secrets.json"}, volumes: map[string]string{"identity": "/data", "secrets": "/secrets"}},
		{service: "seed-claims", image: "claims", command: seed, volumes: map[string]string{"claims": "/data"}},
		{service: "seed-orders", image: "orders", command: seed, volumes: map[string]string{"orders": "/data"}},
	} {
		r, err := d.start(step)
		if err != nil {
			return err
		}
		if code, err := d.pool.Client.WaitContainerWithContext(r.Container.ID, ctx); err != nil || code != 0 {
			said, _ := docker(ctx, "logs", d.name(step.service)) // it is only shown
			return fmt.Errorf("%s ended with %d: %w\n%s", step.service, code, err, said)
		}
	}
	return nil
}

func (d *Docker) processes() error {
	address := func(w string) string { return "https://" + d.name(w) + ":8443" }
	settings := map[string]map[string]string{
		"orders": {}, "claims": {"ORDERS_URL": address("orders")}, "identity": {"ISSUER": d.origin() + "/oidc"},
		"gateway": {
			"PUBLIC_URL": d.origin(), "PUBLIC_ADDR": ":" + d.port,
			"UPSTREAM_IDENTITY": address("identity"), "UPSTREAM_CLAIMS": address("claims"), "UPSTREAM_ORDERS": address("orders"),
		},
	}
	for _, w := range harness.Workloads {
		c := container{service: w, image: w, env: settings[w], network: d.network.inside}
		c.volumes = map[string]string{"trust": "/trust:ro", "trust-" + w: "/trust/" + w + ":ro"}
		if w == "gateway" {
			c.network, c.port = d.network.front, d.port
		} else {
			maps.Copy(c.volumes, map[string]string{w: "/data"})
		}
		r, err := d.start(c)
		if err != nil {
			return err
		}
		if w == "gateway" {
			if err := r.ConnectToNetwork(d.network.inside); err != nil {
				return err
			}
		}
	}
	return nil
}
