package route

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"innerdoor.example/shared/web"
)

var upstreams = []string{"claims", "orders", "identity"}

func none(string) (string, bool) { return "", false }

const limits = `limits:
  address: {count: 100, window: 1m}
  failures: {count: 10, window: 1m}
  caller:
    reads: {count: 50, window: 1m}
routes:
`

func parse(t *testing.T, routes string) *Table {
	t.Helper()
	table, err := Parse([]byte(limits+routes), upstreams, none)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestTheShippedRoutesAreGood(t *testing.T) {
	data, err := os.ReadFile("../../routes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	table, err := Parse(data, upstreams, none)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range table.Routes() {
		if strings.HasPrefix(r.Pattern, "/internal") {
			t.Errorf("%s is not for the public", r.Name())
		}
		if person := (r.Upstream == "claims" || r.Upstream == "orders") && !strings.HasSuffix(r.Pattern, "/openapi.json"); person != (r.Auth == Bearer) {
			t.Errorf("%s asks for %s", r.Name(), r.Auth)
		}
	}
}

func TestEveryMistakeInTheRoutesIsReportedAtOnceWithItsLine(t *testing.T) {
	const good = "  - {path: /a, methods: [GET], upstream: claims, auth: bearer, limit: reads}\n"
	parse(t, good)
	for _, c := range []struct{ name, routes, want string }{
		{"no auth", "  - {path: /a, methods: [GET], upstream: claims, limit: reads}\n", `line 7: /a: auth must be bearer or none, not ""`},
		{"an unknown auth", "  - {path: /a, methods: [GET], upstream: claims, auth: basic, limit: reads}\n", `auth must be bearer or none, not "basic"`},
		{"no routes", "", "must be a list"},
		{"an empty list of routes", "  []\n", "must not be an empty list"},
		{"no methods", "  - {path: /a, methods: [], upstream: claims, auth: none, limit: reads}\n", "line 7: must not be an empty list"},
		{"methods forgotten", "  - {path: /a, upstream: claims, auth: none, limit: reads}\n", "methods is missing"},
		{"a strange method", "  - {path: /a, methods: [get], upstream: claims, auth: none, limit: reads}\n", `not "get"`},
		{"TRACE", "  - {path: /a, methods: [TRACE], upstream: claims, auth: none, limit: reads}\n", `not "TRACE"`},
		{"an unknown upstream", "  - {path: /a, methods: [GET], upstream: billing, auth: none, limit: reads}\n", `not "billing"`},
		{"an unknown limit", "  - {path: /a, methods: [GET], upstream: claims, auth: none, limit: many}\n", `not "many"`},
		{"no limit", "  - {path: /a, methods: [GET], upstream: claims, auth: none}\n", `limit must be one of`},
		{"an unknown field", good + "  - {path: /b, methods: [GET], upstream: claims, auth: none, limit: reads, allow: all}\n", `line 8: unknown field "allow"`},
		{"a field twice", "  - {path: /a, path: /b, methods: [GET], upstream: claims, auth: none, limit: reads}\n", `line 7: field "path" is given twice`},
		{"a route twice", good + good, "line 8: GET /a is already the route of line 7"},
		{"two names for one variable", "  - {path: '/a/{b}', methods: [GET], upstream: claims, auth: none, limit: reads}\n  - {path: '/a/{c}', methods: [GET], upstream: claims, auth: none, limit: reads}\n", "line 8: GET /a/{c} is already"},
		{"credentials to claims", "  - {path: /a, methods: [GET], upstream: claims, auth: none, limit: reads, pass_credentials: true}\n", "pass_credentials is only for"},
		{"credentials of a bearer route", "  - {path: /a, methods: [GET], upstream: identity, auth: bearer, limit: reads, pass_credentials: true}\n", "pass_credentials is only for"},
		{"a long timeout", "  - {path: /a, methods: [GET], upstream: claims, auth: none, limit: reads, timeout: 4s}\n", "timeout must be"},
		{"a stream that is a change", "  - {path: /a, methods: [POST], upstream: claims, auth: none, limit: reads, stream: true}\n", "line 7: /a: stream is only for GET"},
		{"a stream that may be a change", "  - {path: /a, methods: [GET, POST], upstream: claims, auth: none, limit: reads, stream: true}\n", "stream is only for GET"},
		{"a stream with a long timeout", "  - {path: /a, methods: [GET], upstream: claims, auth: none, limit: reads, stream: true, timeout: 4s}\n", "timeout must be"},
		{"a large body", "  - {path: /a, methods: [GET], upstream: claims, auth: none, limit: reads, body: 99999999}\n", "body must be"},
		{"a negative body", "  - {path: /a, methods: [GET], upstream: claims, auth: none, limit: reads, body: -1}\n", "body must be"},
		{"a wrong truth value", "  - {path: /a, methods: [GET], upstream: identity, auth: none, limit: reads, pass_credentials: yes}\n", "yes is no bool"},
		{"a relative path", "  - {path: a, methods: [GET], upstream: claims, auth: none, limit: reads}\n", "path must be"},
		{"a path with dots", "  - {path: /a/../b, methods: [GET], upstream: claims, auth: none, limit: reads}\n", "path must be"},
		{"an empty segment", "  - {path: /a//b, methods: [GET], upstream: claims, auth: none, limit: reads}\n", "path must be"},
		{"a regular expression", "  - {path: '/a/{id:.*}', methods: [GET], upstream: claims, auth: none, limit: reads}\n", "path must be"},
		{"a variable twice", "  - {path: '/a/{id}/{id}', methods: [GET], upstream: claims, auth: none, limit: reads}\n", "path must be"},
		{"an unset name", "  - {path: /a, methods: [GET], upstream: '${WHERE}', auth: none, limit: reads}\n", "WHERE is not set"},
		{"an alias", "  - &a {path: /a, methods: [GET], upstream: claims, auth: none, limit: reads}\n  - *a\n", "must be"},
		{"a null", "  - {path: /a, methods: [GET], upstream: claims, auth: ~, limit: reads}\n", "must be a plain value"},
		{"not YAML", "  - {path: [\n", "not YAML"},
		{"two documents", good + "---\n" + good, "exactly one document"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse([]byte(limits+c.routes), upstreams, none)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	_, err := Parse([]byte(`limits: {address: {count: 0, window: 1m}, failures: {count: 1, window: 1s}, caller: {reads: {count: 1}}}
routes:
  - {path: /a, methods: [GET], upstream: nowhere, limit: reads}
  - {path: /b, methods: [GET], upstream: claims, auth: nobody, limit: reads}
`), upstreams, none)
	for _, want := range []string{"line 1: limit address: count", "line 1: limit caller reads: window", "line 3: /a: upstream", "line 3: /a: auth", "line 4: /b: auth"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %q in: %v", want, err)
		}
	}
}

func TestDefaultsAreTheStrictOnes(t *testing.T) {
	r := parse(t, "  - {path: /a, methods: [GET], upstream: claims, auth: bearer, limit: reads}\n").Routes()[0]
	if r.Body != 64<<10 || r.Timeout != 3*time.Second || r.PassCredentials || r.Stream {
		t.Errorf("got %+v", r)
	}
}

func TestARouteIsFoundByMethodAndPathAlone(t *testing.T) {
	table := parse(t, `
  - {path: "/claims/{id}", methods: [GET, DELETE], upstream: claims, auth: bearer, limit: reads}
  - {path: /claims/count, methods: [GET], upstream: claims, auth: bearer, limit: reads}
  - {path: "/claims/{id}/delegates/{subject}", methods: [PUT], upstream: claims, auth: bearer, limit: reads}
`)
	for _, c := range []struct {
		method, path, name, upstream, allow string
	}{
		{"GET", "/claims/c-1", "GET /claims/{id}", "/claims/c-1", ""},
		{"GET", "/claims/count", "GET /claims/count", "/claims/count", ""}, // whatever the order of the file
		{"PUT", "/claims/c-1/delegates/home:dora", "PUT /claims/{id}/delegates/{subject}", "/claims/c-1/delegates/home:dora", ""},
		{"POST", "/claims/c-1", "", "", "DELETE, GET"},
		{"GET", "/claims", "", "", ""},
		{"GET", "/claims/", "", "", ""},
		{"GET", "/claims/c-1/", "", "", ""},
		{"GET", "/Claims/c-1", "", "", ""},
		{"GET", "/internal/orders/o-1/coverage", "", "", ""},
		{"GET", "/", "", "", ""},
	} {
		r, vars, err := table.Find(httptest.NewRequest(c.method, "http://localhost"+c.path, nil))
		if c.name == "" {
			answer, _ := errors.AsType[*web.Error](err)
			if r != nil || answer == nil || answer.Header.Get("Allow") != c.allow || (answer.Kind == web.NotFound) != (c.allow == "") {
				t.Errorf("%s %s: got %+v, %v, want none, allowed %q", c.method, c.path, r, err, c.allow)
			}
			continue
		}
		if err != nil || r.Name() != c.name || r.Path(vars) != c.upstream {
			t.Errorf("%s %s: got %+v, %v", c.method, c.path, r, err)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	data, err := os.ReadFile("../../routes.yaml")
	if err != nil {
		b.Fatal(err)
	}
	table, err := Parse(data, upstreams, none)
	if err != nil {
		b.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/orders/o-alice", nil)
	b.ReportAllocs()
	for b.Loop() {
		if found, _, _ := table.Find(r); found == nil {
			b.Fatal("not found")
		}
	}
}
