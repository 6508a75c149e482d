package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"innerdoor.example/gateway/internal/issuertest"
	"innerdoor.example/shared/mtls/mtlstest"
)

// environment makes good settings for a gateway of the test's own, with files for all of them.
func environment(t *testing.T) (origin string, issuer *issuertest.Issuer) {
	t.Helper()
	dir := t.TempDir()
	issuer = issuertest.New(t)
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "txn.key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	write(t, filepath.Join(dir, "issuers.yaml"), fmt.Appendf(nil,
		"issuers:\n  - {alias: home, issuer: '%s', keys_url: '%s', audiences: [innerdoor], algorithms: [ES256], tenants: [acme]}\n", issuer.Name(), issuer.URL))
	domain := mtlstest.New(t)
	workload := domain.Settings(t, "gateway")
	upstream := mtlstest.Serve(t, domain.Identity(t, "claims"), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "seen") }))
	public := free(t)
	for name, value := range map[string]string{
		"PUBLIC_ADDR": public, "PUBLIC_URL": "http://" + public, "OPS_ADDR": free(t),
		"ROUTES_FILE": "routes.yaml", "ISSUERS_FILE": filepath.Join(dir, "issuers.yaml"), "TXN_KEY": filepath.Join(dir, "txn.key"),
		"UPSTREAM_CLAIMS": upstream, "UPSTREAM_ORDERS": "https://" + free(t), "UPSTREAM_IDENTITY": upstream,
		"WORKLOAD_CERT": workload.Cert, "WORKLOAD_KEY": workload.Key, "TRUST_BUNDLE": workload.Bundle, "LOG_LEVEL": "error",
	} {
		t.Setenv(name, value)
	}
	return "http://" + public, issuer
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestTheGatewayStartsServesAndStops(t *testing.T) {
	origin, issuer := environment(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, nil, io.Discard) }()
	for deadline := time.Now().Add(10 * time.Second); run(ctx, []string{"healthcheck"}, io.Discard) != nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never ready")
		}
	}
	get := func(path, token string) (int, string) {
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, origin+path, nil)
		r.Header.Set("Authorization", "Bearer "+token)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		return response.StatusCode, string(body)
	}
	alice := issuer.Token(t, nil)
	if status, _ := get("/claims", "x"); status != 401 {
		t.Errorf("a bad token: %d", status)
	}
	if status, body := get("/claims", alice); status != 200 || body != "seen" {
		t.Errorf("alice: %d %s", status, body)
	}
	if status, _ := get("/oidc/keys", ""); status != 502 {
		t.Errorf("claims answers where identity should be: %d", status) // the address does not make it identity
	}
	if status, _ := get("/orders", alice); status != 503 {
		t.Errorf("orders is down: %d", status)
	}
	if status, _ := get("/claims", strings.Repeat("x", 17<<10)); status != 431 {
		t.Errorf("17 KiB of header: %d", status)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if run(t.Context(), []string{"healthcheck"}, io.Discard) == nil {
		t.Error("stopped, and healthy")
	}
}

func TestEveryMistakeInTheSettingsIsReportedAtOnce(t *testing.T) {
	environment(t)
	t.Setenv("PUBLIC_URL", "localhost:8080/x")
	t.Setenv("UPSTREAM_CLAIMS", "http://127.0.0.1:1")
	t.Setenv("UPSTREAM_ORDERS", "")
	t.Setenv("TRUSTED_PROXIES", "everybody")
	t.Setenv("TXN_KEY", "nowhere.key")
	t.Setenv("WORKLOAD_CERT", "nowhere.pem")
	routes := filepath.Join(t.TempDir(), "routes.yaml")
	write(t, routes, []byte("limits:\n  address: {count: 1, window: 1m}\n  failures: {count: 1, window: 1m}\n  caller: {reads: {count: 1, window: 1m}}\nroutes:\n  - {path: /a, methods: [GET], upstream: claims, limit: reads}\n  - {path: /b, methods: [GET], upstream: claims, auth: bearer, limit: reads, alow: []}\n"))
	t.Setenv("ROUTES_FILE", routes)
	t.Setenv("ISSUERS_FILE", "nowhere.yaml")
	err := run(t.Context(), nil, io.Discard)
	if err == nil {
		t.Fatal("it started")
	}
	for _, want := range []string{"PUBLIC_URL: ", "UPSTREAM_CLAIMS: ", "UPSTREAM_ORDERS: not set", "TRUSTED_PROXIES: ", "TXN_KEY: ", "WORKLOAD_CERT: ",
		"ROUTES_FILE: " + routes + ": line 6: /a: auth must be", "ROUTES_FILE: " + routes + ": line 7: unknown field \"alow\"", "ISSUERS_FILE: "} {
		if !strings.Contains("\n"+err.Error(), "\n"+want) {
			t.Errorf("no line begins %q", want)
		}
	}
	if t.Failed() {
		t.Log("\n" + err.Error())
	}
}

func TestTheFilesCanBeLookedAtWithoutARunningSystem(t *testing.T) {
	t.Setenv("UPSTREAM_IDENTITY", "https://127.0.0.1:1")
	var out bytes.Buffer
	if err := run(t.Context(), []string{"routes"}, &out); err != nil || !strings.Contains(out.String(), "\nGET /claims/{id} bearer claims\n") {
		t.Errorf("routes: %v\n%s", err, &out)
	}
	if err := run(t.Context(), []string{"check", "routes.yaml", "issuers.yaml"}, io.Discard); err != nil {
		t.Errorf("the shipped files: %v", err)
	}
	bad := filepath.Join(t.TempDir(), "issuers.yaml")
	write(t, bad, []byte("issuers:\n  - {alias: home}\n"))
	if err := run(t.Context(), []string{"check", "routes.yaml", bad}, io.Discard); err == nil || !strings.Contains(err.Error(), bad+": line 2: issuer home: tenants is missing") {
		t.Errorf("a bad file: %v", err)
	}
	for _, args := range [][]string{{"check"}, {"check", "nowhere"}, {"routes", "x"}, {"reload"}} {
		if run(t.Context(), args, io.Discard) == nil {
			t.Errorf("%v succeeded", args)
		}
	}
}
