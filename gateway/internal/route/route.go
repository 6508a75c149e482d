// Package route reads routes.yaml, the list of everything that the public may
// reach, and finds the route of a request. What is not listed does not exist.
package route

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/mux"
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
	Pattern         string // "/claims/{id}"
	Upstream        string
	Auth            Auth
	PassCredentials bool          // Authorization and cookies go through, and Set-Cookie comes back
	Limit           string        // the class of the caller's limit
	Body            int64         // bytes a request's body may have
	Timeout         time.Duration // until an answer is there, whatever the upstream does

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

	routes  []*Route // sorted by pattern and method
	router  *mux.Router
	methods map[*mux.Route]map[string]*Route
}

// Routes returns all routes, sorted by pattern and method.
func (t *Table) Routes() []*Route { return slices.Clone(t.routes) }

// Match is what Find found. Route is nil when there is none; Allow then lists
// the methods that the path does have, and is empty when the path is unknown.
type Match struct {
	Route *Route
	Vars  map[string]string
	Allow []string
}

// Find looks the request up by method and decoded path. It never redirects:
// mux is asked to match only, and does not get to answer.
func (t *Table) Find(r *http.Request) Match {
	var m mux.RouteMatch
	if !t.router.Match(r, &m) {
		return Match{}
	}
	methods := t.methods[m.Route]
	if found, ok := methods[r.Method]; ok {
		return Match{Route: found, Vars: m.Vars}
	}
	allow := make([]string, 0, len(methods))
	for method := range methods {
		allow = append(allow, method)
	}
	slices.Sort(allow)
	return Match{Allow: allow}
}

// newTable registers each pattern once, fixed segments before variables, so
// that the order of the file means nothing.
func newTable(limits Limits, routes []*Route) *Table {
	t := &Table{Limits: limits, routes: routes, router: mux.NewRouter(), methods: map[*mux.Route]map[string]*Route{}}
	slices.SortFunc(t.routes, func(a, b *Route) int {
		return strings.Compare(a.Pattern+" "+a.Method, b.Pattern+" "+b.Method)
	})
	byPattern := map[string]map[string]*Route{}
	for _, r := range t.routes {
		if byPattern[r.Pattern] == nil {
			byPattern[r.Pattern] = map[string]*Route{}
		}
		byPattern[r.Pattern][r.Method] = r
	}
	patterns := make([]string, 0, len(byPattern))
	for p := range byPattern {
		patterns = append(patterns, p)
	}
	slices.Sort(patterns) // "{" sorts after every letter and digit
	for _, p := range patterns {
		t.methods[t.router.NewRoute().Path(p)] = byPattern[p]
	}
	return t
}
