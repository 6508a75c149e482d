// Package route reads routes.yaml, the list of everything that the public may
// reach, and finds the route of a request. What is not listed does not exist.
package route

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"innerdoor.example/shared/web"
)

// Auth is the credential that a route asks for.
type Auth string

// The credentials. There is no default: a route without one is a mistake.
const (
	None   Auth = "none"
	Bearer Auth = "bearer"
)

// Gateway is the upstream of the routes that the gateway answers itself.
const Gateway = "gateway"

// Identity is the only upstream that may see a client's own credentials.
const Identity = "identity"

// Route is one public operation.
type Route struct {
	Method          string
	Pattern         string        `yaml:"path"` // "/claims/{id}"
	Upstream        string        `yaml:"upstream"`
	Auth            Auth          `yaml:"auth"`
	PassCredentials bool          `yaml:"pass_credentials"` // Authorization and cookies go through, and Set-Cookie comes back
	Limit           string        `yaml:"limit"`            // the class of the caller's limit
	Body            int64         `yaml:"body"`             // bytes a request's body may have
	Timeout         time.Duration `yaml:"timeout"`          // until an answer is there, whatever the upstream does
	Stream          bool          `yaml:"stream"`           // the answer comes in pieces; Timeout is for each

	segments []string
}

// Name is "METHOD PATTERN": how logs, metrics and Txn-Tokens call the route.
func (r *Route) Name() string { return r.Method + " " + r.Pattern }

// Path returns the path that the upstream is asked for: the pattern with the
// variables that were matched, so that nothing else of the client's path is left.
func (r *Route) Path(vars map[string]string) string {
	var b strings.Builder
	for _, s := range r.segments {
		b.WriteByte('/')
		if name, ok := variable(s); ok {
			s = vars[name]
		}
		b.WriteString(s)
	}
	return b.String()
}

func variable(segment string) (name string, ok bool) {
	if !strings.HasPrefix(segment, "{") {
		return "", false
	}
	return strings.Trim(segment, "{}"), true
}

// Table is a valid routes.yaml.
type Table struct {
	Limits Limits

	routes []*Route // sorted by pattern and method
	table  *web.Routes[*Route]
}

// Routes returns all routes, sorted by pattern and method.
func (t *Table) Routes() []*Route { return slices.Clone(t.routes) }

// Find returns the route of the request, by method and decoded path, and the variables
// of its pattern. The error is a *web.Error: 404 or 405.
func (t *Table) Find(r *http.Request) (*Route, map[string]string, error) { return t.table.Find(r) }

func newTable(limits Limits, routes []*Route) (*Table, error) {
	slices.SortFunc(routes, func(a, b *Route) int {
		return strings.Compare(a.Pattern+" "+a.Method, b.Pattern+" "+b.Method)
	})
	table, err := web.NewRoutes(routes, func(r *Route) (method, pattern string) { return r.Method, r.Pattern })
	if err != nil {
		return nil, err
	}
	return &Table{Limits: limits, routes: routes, table: table}, nil
}
