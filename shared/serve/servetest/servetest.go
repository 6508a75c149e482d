// Package servetest proves of a service that its OpenAPI file says what it does, and that what it does not understand
// changes nothing. It is for tests only.
package servetest

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/serve"
)

// The extensions that every operation has, unless nothing is decided for it.
const (
	actionField = "x-innerdoor-action" // what is decided: "claims:read"
	scopeField  = "x-innerdoor-scope"  // what the token must carry for it: "claims:read"
	viewsField  = "x-innerdoor-views"  // by each rule that permits reading, the schema of what is shown; empty if no row is
)

// CheckDocument fails the test unless the file is valid OpenAPI 3.1 and describes exactly those of the routes that the
// gateway may carry requests to: each with its action, the action's scope, its views, and its answers. Every error is a
// problem (RFC 9457), and every POST that is decided takes an Idempotency-Key. scope tells the scope of an action.
func CheckDocument(t testing.TB, file []byte, routes []serve.Route, scope func(authz.Name) string) {
	t.Helper()
	for _, mistake := range mistakes(t, file, routes, scope) {
		t.Error(mistake)
	}
}

func mistakes(t testing.TB, file []byte, routes []serve.Route, scope func(authz.Name) string) (found []string) {
	t.Helper()
	document, err := openapi3.NewLoader().LoadFromData(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := document.Validate(t.Context()); err != nil {
		found = append(found, err.Error())
	}
	if !strings.HasPrefix(document.OpenAPI, "3.1.") {
		found = append(found, "the version is "+document.OpenAPI+", not 3.1")
	}
	described := map[string]*openapi3.Operation{}
	for path, item := range document.Paths.Map() {
		for method, operation := range item.Operations() {
			operation.Parameters = append(operation.Parameters, item.Parameters...)
			described[method+" "+path] = operation
		}
	}
	for _, route := range routes {
		if !slices.Contains(route.From, principal.Gateway) {
			continue
		}
		name := route.Method + " " + route.Pattern
		operation := described[name]
		if delete(described, name); operation == nil {
			found = append(found, name+": served, but not in the document")
			continue
		}
		o := entry{route, operation, document}
		for _, mistake := range slices.Concat(o.decided(scope), o.views(), o.answers(), o.parameters()) {
			found = append(found, name+": "+mistake)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(described)) {
		found = append(found, name+": in the document, but not served")
	}
	return found
}

// entry is a route and what the document says of it.
type entry struct {
	route     serve.Route
	operation *openapi3.Operation
	document  *openapi3.T
}

func (o entry) decided(scope func(authz.Name) string) (found []string) {
	for field, want := range map[string]string{actionField: string(o.route.Action), scopeField: scope(o.route.Action)} {
		if said, _ := o.operation.Extensions[field].(string); said != want {
			found = append(found, field+" is "+strconv.Quote(said)+", not "+strconv.Quote(want))
		}
	}
	return found
}

func (o entry) views() (found []string) {
	if o.route.Action == "" {
		return nil
	}
	views, ok := o.operation.Extensions[viewsField].(map[string]any)
	if !ok {
		return []string{viewsField + " is not a map from rules to schemas"}
	}
	for rule, view := range views {
		if name, _ := view.(string); o.document.Components.Schemas[name] == nil {
			found = append(found, viewsField+": "+rule+": there is no schema "+strconv.Quote(name))
		}
	}
	return found
}

func (o entry) answers() (found []string) {
	answers, good := o.operation.Responses.Map(), false
	for status, answer := range answers {
		good = good || status[0] == '2'
		if status[0] > '3' && (answer.Value == nil || answer.Value.Content.Get("application/problem+json") == nil) {
			found = append(found, status+" is no problem")
		}
	}
	if !good {
		found = append(found, "no answer to what is permitted")
	}
	for _, status := range o.wanted() {
		if answers[strconv.Itoa(status)] == nil {
			found = append(found, "no answer "+strconv.Itoa(status))
		}
	}
	return found
}

// wanted are the errors that an operation of this form can end in.
func (o entry) wanted() (statuses []int) {
	if o.route.Action == "" {
		return nil
	}
	statuses = []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusServiceUnavailable}
	if strings.Contains(o.route.Pattern, "{") {
		statuses = append(statuses, http.StatusNotFound)
	}
	if o.operation.RequestBody != nil {
		statuses = append(statuses, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if o.route.Method == http.MethodPost {
		statuses = append(statuses, http.StatusConflict, http.StatusUnprocessableEntity)
	}
	if o.operation.Parameters.GetByInAndName("header", "If-Match") != nil {
		statuses = append(statuses, http.StatusPreconditionFailed)
	}
	return statuses
}

func (o entry) parameters() []string {
	if o.route.Method == http.MethodPost && o.route.Action != "" && o.operation.Parameters.GetByInAndName("header", "Idempotency-Key") == nil {
		return []string{"it takes an Idempotency-Key and does not say so"}
	}
	return nil
}
