package e2e

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"innerdoor.example/e2e/cast"
)

// aRoute is a line of what a program prints for "routes".
type aRoute struct {
	name string // METHOD PATTERN
	how  string // a service: the action, anonymous or no-token. The gateway: bearer or none
	who  string // a service: the workloads that may call, with commas. The gateway: the upstream
}

func routesOf(t testing.TB, program string) []aRoute {
	t.Helper()
	text, err := inside(t).Output(t.Context(), program, nil, "routes")
	if err != nil {
		t.Fatalf("%s routes: %v\n%s", program, err, text)
	}
	var all []aRoute
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) != 4 {
			t.Fatalf("%s routes: a line without four parts: %q", program, line)
		}
		all = append(all, aRoute{name: f[0] + " " + f[1], how: f[2], who: f[3]})
	}
	if len(all) == 0 {
		t.Fatalf("%s has no routes", program)
	}
	return all
}

func (r aRoute) callableBy(workload string) bool {
	return slices.Contains(strings.Split(r.who, ","), workload)
}

// ofTheGatewayItself answers without an upstream.
const ofTheGatewayItself = "GET /.well-known/oauth-protected-resource"

func TestThePublicRoutesAreExactlyWhatTheServicesOfferToTheGateway(t *testing.T) {
	offered := map[string]string{ofTheGatewayItself: "gateway"}
	for _, service := range []string{"claims", "orders", "identity"} {
		for _, r := range routesOf(t, service) {
			if other := offered[r.name]; other != "" {
				t.Errorf("%s is offered by %s and by %s", r.name, other, service)
			}
			if r.callableBy("gateway") {
				offered[r.name] = service
			}
		}
	}
	routed := map[string]string{}
	for _, r := range routesOf(t, "gateway") {
		routed[r.name] = r.who
	}
	for _, name := range slices.Sorted(maps.Keys(offered)) {
		if routed[name] != offered[name] {
			t.Errorf("%s is offered by %s, and routed to %q", name, offered[name], routed[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(routed)) {
		if offered[name] == "" {
			t.Errorf("%s is routed to %s, which does not offer it", name, routed[name])
		}
	}
}

func TestAnInternalRouteIsNotToBeReachedFromOutside(t *testing.T) {
	internal := 0
	for _, service := range []string{"claims", "orders", "identity"} {
		for _, r := range routesOf(t, service) {
			if r.callableBy("gateway") {
				continue
			}
			internal++
			method, pattern, _ := strings.Cut(r.name, " ")
			a := ask{method: method, path: strings.ReplaceAll(pattern, "{id}", "o-alice")}
			expect(t, http.StatusNotFound, sys.As(cast.Alice), a)
			a.path = "/" + service + a.path
			expect(t, http.StatusNotFound, sys.As(cast.Alice), a)
		}
	}
	if internal == 0 {
		t.Error("there is no internal route, so nothing was proved")
	}
	expect(t, http.StatusOK, sys.As(cast.Alice), get("/orders/o-alice"))
}

// withoutAPerson is all that may be asked without a credential.
func withoutAPerson(r aRoute) bool {
	_, path, _ := strings.Cut(r.name, " ")
	switch path {
	case "/.well-known/oauth-protected-resource":
		return r.who == "gateway"
	case "/.well-known/oauth-authorization-server/oidc":
		return r.who == "identity"
	case "/claims/openapi.json", "/orders/openapi.json":
		return true
	}
	return strings.HasPrefix(path, "/oidc/") && r.who == "identity"
}

func TestNobodyEntersWithoutACredentialExceptWhereThatIsListed(t *testing.T) {
	open := map[string]bool{}
	for _, service := range []string{"claims", "orders", "identity"} {
		for _, r := range routesOf(t, service) {
			open[r.name] = r.how == "anonymous" || r.how == "no-token"
		}
	}
	open[ofTheGatewayItself] = true
	for _, r := range routesOf(t, "gateway") {
		t.Run(r.name, func(t *testing.T) {
			none := withoutAPerson(r)
			if want := map[bool]string{true: "none", false: "bearer"}[none]; r.how != want {
				t.Errorf("the gateway asks for %s, want %s", r.how, want)
			}
			if open[r.name] != none {
				t.Errorf("the service takes anonymous callers: %t, want %t", open[r.name], none)
			}
			if none {
				return
			}
			method, path, _ := strings.Cut(r.name, " ")
			answer := expect(t, http.StatusUnauthorized, sys.Anyone(), ask{method: method, path: strings.NewReplacer("{id}", "c-alice", "{subject}", "home:carol", "{note}", "n-public").Replace(path)})
			if challenge := answer.Header.Get("WWW-Authenticate"); !strings.HasPrefix(challenge, "Bearer ") {
				t.Errorf("the challenge is %q", challenge)
			}
		})
	}
}
