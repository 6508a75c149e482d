package e2e

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// refusesToStart fails unless the process ends by itself, with one line for each of
// the mistakes: one that begins with, and one that holds, what is given.
func refusesToStart(t *testing.T, w string, env map[string]string, mistakes map[string]string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	said, err := inside(t).Output(ctx, w, env)
	if err == nil || ctx.Err() != nil {
		t.Fatalf("%s starts with %v (%v): %s", w, env, err, said)
	}
	for where, what := range mistakes {
		found := false
		for line := range strings.Lines(said) {
			found = found || strings.Contains(line, where) && strings.Contains(line, what)
		}
		if !found {
			t.Errorf("%s does not say %q of %s:\n%s", w, what, where, said)
		}
	}
	if strings.Contains(said, "PRIVATE KEY") || strings.Contains(said, "goroutine ") {
		t.Errorf("%s says too much:\n%s", w, said)
	}
}

// file is a file that holds the text: its path.
func file(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEveryProcessRefusesToStartAndListsAllMistakesAtOnce(t *testing.T) {
	garbage := file(t, "garbage.pem", "-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n")
	common := map[string]string{
		"WORKLOAD_CERT": "", "WORKLOAD_KEY": t.TempDir(), "TRUST_BUNDLE": filepath.Join(t.TempDir(), "nowhere.pem"),
		"OPS_ADDR": "nowhere", "LOG_LEVEL": "loud",
	}
	said := map[string]string{"WORKLOAD_CERT": "not set", "WORKLOAD_KEY": "", "TRUST_BUNDLE": "", "OPS_ADDR": "", "LOG_LEVEL": "loud"}
	service := map[string]string{"INNER_ADDR": "8081", "TXN_JWKS": file(t, "txn.jwks", `{"keys":[]}`), "RECORD_RETENTION": "-1h"}
	for w, own := range map[string]map[string]string{
		"claims":   with(service, map[string]string{"ORDERS_URL": "http://orders:8443/x"}),
		"orders":   service,
		"identity": {"INNER_ADDR": "8081", "TXN_JWKS": service["TXN_JWKS"], "ISSUER": "not a url"},
		"gateway": {
			"PUBLIC_URL": "localhost", "TXN_KEY": garbage, "UPSTREAM_CLAIMS": "http://127.0.0.1:1", "UPSTREAM_ORDERS": "",
			"ROUTES_FILE": file(t, "routes.yaml", "routes: []\n"), "ISSUERS_FILE": file(t, "issuers.yaml", "issuers: []\n"),
		},
	} {
		t.Run(w, func(t *testing.T) {
			mistakes := with(said, nil)
			for name := range own {
				mistakes[name] = ""
			}
			refusesToStart(t, w, with(common, own), mistakes)
		})
	}
	// The same processes run with the settings that they were given.
	if err := inside(t).Ready(t.Context(), "gateway", "identity", "claims", "orders"); err != nil {
		t.Error(err)
	}
}

func with(some, more map[string]string) map[string]string {
	all := maps.Clone(some)
	maps.Copy(all, more)
	return all
}

func TestAKeyOfAnotherCertificateAndOneThatCannotBeReadAreMistakes(t *testing.T) {
	for _, w := range []string{"gateway", "identity", "claims", "orders"} {
		for name, env := range map[string]map[string]string{
			"another's key":     {"WORKLOAD_KEY": filepath.Join(inside(t).Dir, "trust", map[bool]string{true: "orders", false: "claims"}[w == "claims"], "key.pem")},
			"a folder":          {"WORKLOAD_KEY": t.TempDir()},
			"no such file":      {"WORKLOAD_KEY": filepath.Join(t.TempDir(), "key.pem")},
			"not a certificate": {"WORKLOAD_CERT": file(t, "cert.pem", "hello")},
		} {
			t.Run(w+": "+name, func(t *testing.T) {
				refusesToStart(t, w, env, map[string]string{"WORKLOAD_": ""})
			})
		}
	}
}

func TestRoutesAndIssuersFailClosedAndAllAtOnce(t *testing.T) {
	routes := file(t, "routes.yaml", `
limits:
  address:  {count: 6000, window: 1m}
  failures: {count: 0, window: 1m}
  caller: {reads: {count: 1200, window: 1m}}
  burst: 5
routes:
  - {path: /a, methods: [GET], upstream: claims, limit: reads}
  - {path: /b, methods: [], upstream: claims, auth: bearer, limit: reads}
  - {path: /c, methods: [GET], upstream: nobody, auth: bearer, limit: reads}
  - {path: /d, methods: [GET], upstream: claims, auth: bearer, limit: nothing}
  - {path: /e, methods: [GET], upstream: claims, auth: none, limit: reads, pass_credentials: true}
  - {path: /f, methods: [GET], upstream: claims, auth: maybe, limit: reads}
  - {path: /g/../h, methods: [GET], upstream: claims, auth: bearer, limit: reads}
  - {path: /i, methods: [GET], upstream: claims, auth: bearer, limit: reads, public: true}
  - {path: /i, methods: [GET], upstream: claims, auth: none, limit: reads}
`)
	issuers := file(t, "issuers.yaml", `
issuers:
  - alias: home
    issuer: https://issuer.example
    keys_url: http://issuer.example/keys
    audiences: []
    algorithms: [none, HS256]
    tenants: []
    trust_everybody: true
  - {alias: home, issuer: "${NOT_SET_ANYWHERE}", keys_url: "https://issuer.example/keys", audiences: [innerdoor], algorithms: [ES256], tenants: [acme]}
`)
	refusesToStart(t, "gateway", map[string]string{"ROUTES_FILE": routes, "ISSUERS_FILE": issuers}, map[string]string{
		"/a: auth": "", "/b: methods": "missing", "/c: upstream": "nobody", "/d: limit": "nothing", "/e: pass_credentials": "", "/f: auth": "maybe",
		"/g/../h: path": "", "limit failures": "", "burst": "", "public": "", "GET /i": "already",
		"audiences": "missing", "tenants": "missing", "keys_url": "", `"none"`: "", `"HS256"`: "", "trust_everybody": "", "NOT_SET_ANYWHERE": "", "alias or issuer": "already",
	})
}

func TestABusyPortIsOneClearSentence(t *testing.T) {
	if _, native := native(t); !native {
		skip(t, "a container has ports of its own, so none of them can be busy")
	}
	for _, w := range []string{"gateway", "identity", "claims", "orders"} {
		settings := inside(t).Settings(w) // with the addresses that the running ones have
		said, err := inside(t).Output(t.Context(), w, nil)
		address := settings["INNER_ADDR"] + settings["PUBLIC_ADDR"]
		last := said[strings.LastIndex(strings.TrimSpace(said), "\n")+1:]
		if err == nil || !strings.Contains(last, address) || strings.Contains(last, "goroutine") {
			t.Errorf("%s (%v): %s", w, err, said)
		}
	}
}
