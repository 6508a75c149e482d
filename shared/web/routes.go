package web

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"
)

// Routes finds what answers a request, by its method and decoded path. It never
// redirects and cleans nothing: mux is asked to match only, and does not get to answer.
type Routes[T any] struct {
	paths *mux.Router
	at    map[*mux.Route]map[string]T // by path, then by method
}

// NewRoutes makes Routes of all. of tells one's method and the pattern of its path, such
// as "/claims/{id}". What is fixed goes before a variable in its place, whatever the
// order of all. It fails on a pattern that is none.
func NewRoutes[T any](all []T, of func(T) (method, pattern string)) (*Routes[T], error) {
	byPattern := map[string]map[string]T{}
	for _, one := range all {
		method, pattern := of(one)
		if byPattern[pattern] == nil {
			byPattern[pattern] = map[string]T{}
		}
		byPattern[pattern][method] = one
	}
	t := &Routes[T]{paths: mux.NewRouter(), at: map[*mux.Route]map[string]T{}}
	for _, pattern := range slices.Sorted(maps.Keys(byPattern)) { // "{" sorts after every letter and digit
		path := t.paths.Path(pattern)
		if err := path.GetError(); err != nil {
			return nil, fmt.Errorf("%s: %w", pattern, err)
		}
		t.at[path] = byPattern[pattern]
	}
	return t, nil
}

// Find returns what answers the request, and the variables of its path. The error is
// NotFound, or Method if the path has other methods.
func (t *Routes[T]) Find(r *http.Request) (found T, vars map[string]string, err error) {
	var match mux.RouteMatch
	if !t.paths.Match(r, &match) {
		return found, nil, &Error{Kind: NotFound}
	}
	methods := t.at[match.Route]
	found, ok := methods[r.Method]
	if !ok {
		return found, nil, NotAllowed(slices.Sorted(maps.Keys(methods)))
	}
	return found, match.Vars, nil
}

// NotAllowed is the answer to a method where only these are allowed.
func NotAllowed(methods []string) error {
	return &Error{Kind: Method, Header: http.Header{"Allow": {strings.Join(methods, ", ")}}}
}
