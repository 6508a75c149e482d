package route

import (
	"cmp"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"innerdoor.example/gateway/internal/ratelimit"
	"innerdoor.example/gateway/internal/strictyaml"
)

const (
	defaultBody    = 64 << 10
	maxBody        = 1 << 20
	maxTimeout     = 3 * time.Second
	defaultTimeout = maxTimeout
)

// Limits are what callers may use up, all counted by the gateway.
type Limits struct {
	Address  ratelimit.Limit            // each client address, before anything is looked at
	Failures ratelimit.Limit            // each client address, failed authentications only
	Caller   map[string]ratelimit.Limit // each principal (each address where nobody is asked for), by class
}

// file is routes.yaml as it is written.
type file struct {
	Limits struct {
		Address  limit            `yaml:"address"`
		Failures limit            `yaml:"failures"`
		Caller   map[string]limit `yaml:"caller"`
	} `yaml:"limits"`
	Routes []entry `yaml:"routes"`
}

type limit struct {
	strictyaml.At
	ratelimit.Limit
}

// entry is a route for each of its methods.
type entry struct {
	strictyaml.At
	Route
	Methods []string `yaml:"methods"`
}

// Parse reads routes.yaml. upstreams are the names that a route may have
// besides Gateway; lookup answers ${NAME}. The error joins every mistake, each
// with its line.
func Parse(data []byte, upstreams []string, lookup func(string) (string, bool)) (*Table, error) {
	var f file
	p := parser{upstreams: append([]string{Gateway}, upstreams...), seen: map[string]int{}}
	p.add(strictyaml.Decode(data, &f, lookup))

	limits := Limits{
		Address:  p.limit("address", f.Limits.Address),
		Failures: p.limit("failures", f.Limits.Failures),
		Caller:   map[string]ratelimit.Limit{},
	}
	for class, l := range f.Limits.Caller {
		limits.Caller[class] = p.limit("caller "+class, l)
	}
	if len(f.Routes) == 0 {
		p.add(errors.New("there are no routes"))
	}
	for _, e := range f.Routes {
		p.entry(e, limits)
	}
	if err := errors.Join(p.mistakes...); err != nil {
		return nil, err
	}
	return newTable(limits, p.routes)
}

type parser struct {
	upstreams []string
	seen      map[string]int // method and shape → line
	routes    []*Route
	mistakes  []error
}

func (p *parser) add(err error) {
	if err != nil {
		p.mistakes = append(p.mistakes, err)
	}
}

func (p *parser) limit(name string, l limit) ratelimit.Limit {
	if err := l.Validate(); err != nil {
		p.add(l.Mistake("limit %s: %s", name, strings.ReplaceAll(err.Error(), "\n", "; ")))
	}
	return l.Limit
}

func (p *parser) entry(e entry, limits Limits) {
	wrong := func(ok bool, format string, args ...any) {
		if !ok {
			p.add(e.Mistake(e.Pattern+": "+format, args...))
		}
	}
	_, classKnown := limits.Caller[e.Limit]
	wrong(pathOK(e.Pattern), "path must be made of fixed parts and {names}, each between slashes")
	wrong(len(e.Methods) > 0, "methods is missing")
	wrong(slices.Contains(p.upstreams, e.Upstream), "upstream must be one of %s, not %q", strings.Join(p.upstreams, ", "), e.Upstream)
	wrong(e.Auth == None || e.Auth == Bearer, "auth must be bearer or none, not %q", e.Auth)
	wrong(classKnown, "limit must be one of limits.caller, not %q", e.Limit)
	wrong(!e.PassCredentials || e.Upstream == Identity && e.Auth == None, "pass_credentials is only for upstream identity with auth none")
	wrong(e.Body >= 0 && e.Body <= maxBody, "body must be between 1 and %d bytes", maxBody)
	wrong(!e.Stream || slices.Equal(e.Methods, []string{http.MethodGet}), "stream is only for GET")
	wrong(e.Timeout >= 0 && e.Timeout <= maxTimeout, "timeout must be at most %s", maxTimeout)
	for _, method := range e.Methods {
		wrong(slices.Contains(Methods, method), "method must be one of %s, not %q", strings.Join(Methods, ", "), method)
		p.unique(e, method)
		r := e.Route
		r.Method, r.segments = method, segments(r.Pattern)
		r.Body, r.Timeout = cmp.Or(r.Body, defaultBody), cmp.Or(r.Timeout, defaultTimeout)
		p.routes = append(p.routes, &r)
	}
}

// unique refuses two routes that some request could both mean.
func (p *parser) unique(e entry, method string) {
	shape := method + " " + variables.ReplaceAllString(e.Pattern, "{}")
	if line, ok := p.seen[shape]; ok {
		p.add(e.Mistake("%s %s is already the route of line %d", method, e.Pattern, line))
		return
	}
	p.seen[shape] = e.Line
}

// Methods are those that a request may have at all.
var Methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

var (
	segment   = regexp.MustCompile(`^(\{[a-z_]+\}|\.?[A-Za-z0-9_-][A-Za-z0-9._-]*)$`)
	variables = regexp.MustCompile(`\{[a-z_]+\}`)
)

func segments(path string) []string { return strings.Split(path, "/")[1:] }

func pathOK(path string) bool {
	if !strings.HasPrefix(path, "/") {
		return false
	}
	seen := map[string]bool{}
	for _, s := range segments(path) {
		name, isVariable := variable(s)
		if !segment.MatchString(s) || isVariable && seen[name] {
			return false
		}
		seen[name] = isVariable
	}
	return true
}
