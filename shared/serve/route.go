// Package serve is a service's HTTP surface: the routes as a slice, and for every
// request the same order of checks before a handler runs.
//
//	TLS peer on the operation's allow-list → exactly one Txn-Token, verified →
//	anonymous only where declared → Idempotency-Key of a POST → handler → web.Write
package serve

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/web"
)

// Handler answers a request of a known caller. It has no ResponseWriter, so nothing
// leaves before the decision or beside the one place that writes.
type Handler func(r *http.Request, who principal.Principal) (web.Reply, error)

// AnonymousHandler answers whoever asks. It gets no principal and so has no way to
// a door.
type AnonymousHandler func(r *http.Request) (web.Reply, error)

// Route is one operation. The functions below make the valid ones.
type Route struct {
	Method  string
	Pattern string               // "/claims/{id}"; see [Var]
	Action  authz.Name           // what is decided; empty if and only if nothing is
	From    []principal.Workload // who may carry the request here; empty refuses all
	Handler Handler

	// Anonymous routes also take Txn-Tokens of nobody in particular.
	Anonymous bool
	// WithoutToken routes take no Txn-Token at all, only the TLS peer counts.
	WithoutToken bool
}

// From lists the workloads that may carry an operation's requests.
func From(workloads ...principal.Workload) []principal.Workload { return workloads }

// GET declares an operation that reads.
func GET(pattern string, action authz.Name, from []principal.Workload, h Handler) Route {
	return Route{Method: http.MethodGet, Pattern: pattern, Action: action, From: from, Handler: h}
}

// POST declares an operation that makes something or is a verb of its own.
func POST(pattern string, action authz.Name, from []principal.Workload, h Handler) Route {
	return Route{Method: http.MethodPost, Pattern: pattern, Action: action, From: from, Handler: h}
}

// PUT declares an operation that replaces.
func PUT(pattern string, action authz.Name, from []principal.Workload, h Handler) Route {
	return Route{Method: http.MethodPut, Pattern: pattern, Action: action, From: from, Handler: h}
}

// PATCH declares an operation that changes a part.
func PATCH(pattern string, action authz.Name, from []principal.Workload, h Handler) Route {
	return Route{Method: http.MethodPatch, Pattern: pattern, Action: action, From: from, Handler: h}
}

// DELETE declares an operation that removes.
func DELETE(pattern string, action authz.Name, from []principal.Workload, h Handler) Route {
	return Route{Method: http.MethodDelete, Pattern: pattern, Action: action, From: from, Handler: h}
}

// Anonymous declares an operation for everybody whom the gateway let in, known or
// not. Nothing is decided for it.
func Anonymous(method, pattern string, from []principal.Workload, h AnonymousHandler) Route {
	return Route{Method: method, Pattern: pattern, From: from, Anonymous: true, Handler: h.handler()}
}

// WithoutToken declares an operation that needs no Txn-Token, since one cannot be
// had yet: the gateway fetching the keys that it will check tokens with. The TLS
// peer is all that is checked.
func WithoutToken(method, pattern string, from []principal.Workload, h AnonymousHandler) Route {
	return Route{Method: method, Pattern: pattern, From: from, WithoutToken: true, Handler: h.handler()}
}

func (h AnonymousHandler) handler() Handler {
	if h == nil {
		return nil // for Check to find
	}
	return func(r *http.Request, _ principal.Principal) (web.Reply, error) { return h(r) }
}

// Var returns the value of a variable in the route's pattern, decoded and never
// empty; "" if the pattern has no such variable.
func Var(r *http.Request, name string) string { return r.PathValue(name) }

var variable = regexp.MustCompile(`\{[^{}/]+\}`)

// Check returns all mistakes in routes, joined: a missing part, an empty allow-list,
// an operation declared twice, and an action that the policy does not know.
func Check(routes []Route, knows func(authz.Name) bool) error {
	var mistakes []error
	patterns, seen := map[string]string{}, map[string]bool{}
	for _, route := range routes {
		shape := variable.ReplaceAllString(route.Pattern, "{}")
		if first, ok := patterns[shape]; ok && first != route.Pattern {
			mistakes = append(mistakes, fmt.Errorf("%s: the same path is also called %s", route, first))
		}
		if seen[route.Method+shape] {
			mistakes = append(mistakes, fmt.Errorf("%s: declared twice", route))
		}
		patterns[shape], seen[route.Method+shape] = route.Pattern, true
		for _, mistake := range route.mistakes(knows) {
			mistakes = append(mistakes, fmt.Errorf("%s: %s", route, mistake))
		}
	}
	return errors.Join(mistakes...)
}

var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

func (route Route) mistakes(knows func(authz.Name) bool) []string {
	open := route.Anonymous || route.WithoutToken
	var found []string
	for mistake, is := range map[string]bool{
		"not a method":                  !slices.Contains(methods, route.Method),
		"not a path":                    !strings.HasPrefix(route.Pattern, "/"),
		"no handler":                    route.Handler == nil,
		"nobody may call it":            len(route.From) == 0 || slices.Contains(route.From, ""),
		"no action":                     !open && route.Action == "",
		"an action that nobody decides": open && route.Action != "",
		"an action without rules":       !open && route.Action != "" && !knows(route.Action),
		"anonymous and without a token": route.Anonymous && route.WithoutToken,
	} {
		if is {
			found = append(found, mistake)
		}
	}
	slices.Sort(found)
	return found
}

// String names the operation: "GET /claims/{id}".
func (route Route) String() string { return route.Method + " " + route.Pattern }

// Print writes one line for each route, sorted by pattern: METHOD PATTERN ACTION
// FROM. The action is "anonymous" or "no-token" where nothing is decided; FROM is
// separated by commas.
func Print(w io.Writer, routes []Route) {
	lines := make([]string, 0, len(routes))
	inOrder := slices.SortedFunc(slices.Values(routes), func(a, b Route) int {
		return strings.Compare(a.Pattern+" "+a.Method, b.Pattern+" "+b.Method)
	})
	for _, route := range inOrder {
		action := string(route.Action)
		switch {
		case route.Anonymous:
			action = "anonymous"
		case route.WithoutToken:
			action = "no-token"
		}
		from := make([]string, len(route.From))
		for i, w := range route.From {
			from[i] = string(w)
		}
		lines = append(lines, fmt.Sprintf("%s %s %s\n", route, action, strings.Join(from, ",")))
	}
	_, _ = io.WriteString(w, strings.Join(lines, ""))
}
