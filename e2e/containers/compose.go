package containers

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"innerdoor.example/e2e/harness"
)

// Compose is a running project of docker-compose.yml's.
type Compose struct {
	Project string // docker compose -p
	Origin  string // of its gateway
	Root    string // of the repository
	Dir     string // for copies of its keys, data and logs; made if need be
}

// Launch attaches to it and starts nothing.
func (c *Compose) Launch(ctx context.Context) (*harness.System, error) {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, err
	}
	p := &processes{dir: c.Dir, name: func(service string) string { return c.Project + "-" + service + "-1" }}
	if err := p.copy(ctx, "seed-identity", "/secrets/secrets.json", "secrets.json"); err != nil {
		return nil, fmt.Errorf("the project %s does not run here: %w", c.Project, err)
	}
	in, err := p.inside(ctx, c.Root, c.Origin)
	if err != nil {
		return nil, err
	}
	return harness.Around(in, filepath.Join(c.Dir, "secrets.json"), nil)
}
