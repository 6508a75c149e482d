package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"innerdoor.example/shared/mtls/mtlstest"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/principal/principaltest"
)

// TestMain is the real main when a test has started this binary as identity.
func TestMain(m *testing.M) {
	if os.Getenv("TEST_AS_IDENTITY") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// identity is the command, run with nothing in its environment but env.
func identity(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append([]string{"TEST_AS_IDENTITY=1"}, env...)
	return cmd
}

func output(t *testing.T, cmd *exec.Cmd) (text string, ok bool) {
	t.Helper()
	var both bytes.Buffer
	cmd.Stdout, cmd.Stderr = &both, &both
	err := cmd.Run()
	return both.String(), err == nil
}

// deployment is an identity as it is set up for real.
type deployment struct {
	domain *mtlstest.Domain
	signer *principal.Signer
	dir    string
	env    []string
}

func deploy(t *testing.T) *deployment {
	t.Helper()
	signer, _ := principaltest.Keys(t)
	keys, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{signer.Public()}})
	if err != nil {
		t.Fatal(err)
	}
	d := &deployment{domain: mtlstest.New(t), signer: signer, dir: t.TempDir()}
	if err := os.WriteFile(filepath.Join(d.dir, "txn.jwks"), keys, 0o600); err != nil {
		t.Fatal(err)
	}
	files := d.domain.Settings(t, "identity")
	d.env = []string{
		"INNER_ADDR=127.0.0.1:0", "OPS_ADDR=127.0.0.1:0", "DATA_DIR=" + filepath.Join(d.dir, "data"), "ISSUER=http://localhost:8080/oidc",
		"TXN_JWKS=" + filepath.Join(d.dir, "txn.jwks"),
		"WORKLOAD_CERT=" + files.Cert, "WORKLOAD_KEY=" + files.Key, "TRUST_BUNDLE=" + files.Bundle,
	}
	return d
}

// start runs the process until the test ends and returns the address of each listener.
func (d *deployment) start(t *testing.T) (cmd *exec.Cmd, addresses map[string]string) {
	t.Helper()
	cmd = identity(t, d.env)
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		var line map[string]any
		if json.Unmarshal(lines.Bytes(), &line) != nil || line["msg"] != "listening" {
			t.Logf("%s", lines.Bytes())
			continue
		}
		go io.Copy(io.Discard, log)
		return cmd, map[string]string{"inner": line["inner"].(string), "ops": line["ops"].(string)}
	}
	t.Fatalf("identity does not listen: %v", cmd.Wait())
	return nil, nil
}

func TestIdentityStartsWithFreshKeysAnswersTheGatewayAndStopsInOrder(t *testing.T) {
	d := deploy(t)
	secrets := filepath.Join(d.dir, "secrets.json")
	if text, ok := output(t, identity(t, d.env, "seed", "-out", secrets)); !ok {
		t.Fatal(text)
	}
	cmd, at := d.start(t)
	gateway := &http.Client{Transport: d.domain.Identity(t, "gateway").Transport("identity")}
	res, err := gateway.Get("https://" + at["inner"] + "/oidc/keys")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var set jose.JSONWebKeySet
	if err := json.NewDecoder(res.Body).Decode(&set); err != nil || len(set.Keys) != 2 || set.Keys[0].Algorithm != "ES256" {
		t.Errorf("keys: %v %+v", err, set)
	}
	if text, ok := output(t, identity(t, []string{"OPS_ADDR=" + at["ops"]}, "healthcheck")); !ok {
		t.Error(text)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it did not stop in order: %v", err)
	}
	if text, ok := output(t, identity(t, []string{"OPS_ADDR=" + at["ops"]}, "healthcheck")); ok {
		t.Errorf("a stopped process is healthy: %s", text)
	}
}

func TestSeedingTheDemosCastTwiceMakesItOnce(t *testing.T) {
	d := deploy(t)
	secrets := filepath.Join(d.dir, "secrets.json")
	read := func() string {
		t.Helper()
		text, err := os.ReadFile(secrets)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if text, ok := output(t, identity(t, d.env, "seed", "-out", secrets)); !ok || !strings.Contains(text, "21 made") {
		t.Fatal(text)
	}
	first := read()
	if text, ok := output(t, identity(t, d.env, "seed", "-out", secrets)); !ok || !strings.Contains(text, " 0 made") || read() != first {
		t.Errorf("the second time: %s", text)
	}
	var cast struct {
		People map[string]struct{ Tenant, Password, TOTP string }
	}
	if err := json.Unmarshal([]byte(first), &cast); err != nil {
		t.Fatal(err)
	}
	second := map[string]bool{"sam": true, "sue": true, "vera": true, "tom": true, "max": true, "gus": true, "gina": true, "gary": true}
	for name, person := range cast.People {
		if person.Password == "" || person.Tenant == "" || (person.TOTP != "") != second[name] {
			t.Errorf("%s: tenant %q, second factor %t", name, person.Tenant, person.TOTP != "")
		}
	}
}

func TestSeedingThatIsBrokenOffLosesNobodysSecret(t *testing.T) {
	d := deploy(t)
	file := filepath.Join(d.dir, "secrets.json")
	seeding := identity(t, d.env, "seed", "-out", file)
	if err := seeding.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(400 * time.Millisecond) // some people have been made
	if err := seeding.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	t.Logf("the first ends with: %v", seeding.Wait())
	if text, ok := output(t, identity(t, d.env, "seed", "-out", file)); !ok {
		t.Fatal(text)
	}
	var kept struct{ People, Clients map[string]any }
	text, err := os.ReadFile(file)
	if err := errors.Join(err, json.Unmarshal(text, &kept)); err != nil {
		t.Fatal(err)
	}
	if n := len(kept.People) + len(kept.Clients); n != 21 {
		t.Errorf("the secrets of %d are kept, of 21", n)
	}
}

func TestAllWrongSettingsAreNamedAtOnce(t *testing.T) {
	d := deploy(t)
	for name, c := range map[string]struct {
		env  []string
		want []string
	}{
		"nothing set": {nil, []string{"INNER_ADDR", "DATA_DIR", "ISSUER", "TXN_JWKS", "WORKLOAD_CERT", "WORKLOAD_KEY", "TRUST_BUNDLE"}},
		"all wrong": {append(d.env, "INNER_ADDR=x", "ISSUER=http://localhost:8080/", "TXN_JWKS=absent", "WORKLOAD_KEY=absent", "OPS_ADDR=y"),
			[]string{"INNER_ADDR", "ISSUER", "TXN_JWKS", "WORKLOAD_KEY", "OPS_ADDR"}},
	} {
		text, ok := output(t, identity(t, c.env))
		if ok {
			t.Fatalf("%s: it starts", name)
		}
		for _, want := range c.want {
			if !strings.Contains("\n"+strings.TrimPrefix(text, "identity: "), "\n"+want+": ") {
				t.Errorf("%s: %s is not named in:\n%s", name, want, text)
			}
		}
	}
}

func TestEveryRouteNamesItsCallers(t *testing.T) {
	text, ok := output(t, identity(t, nil, "routes"))
	const want = `GET /.well-known/oauth-authorization-server/oidc anonymous gateway
GET /oidc/.well-known/openid-configuration anonymous gateway
GET /oidc/authorize anonymous gateway
GET /oidc/keys no-token gateway
POST /oidc/login anonymous gateway
POST /oidc/token anonymous gateway
`
	if !ok || text != want {
		t.Errorf("routes:\n%s", text)
	}
}

func TestAnUnknownCommandIsRefused(t *testing.T) {
	if text, ok := output(t, identity(t, nil, "sever")); ok || !strings.Contains(text, "usage: identity") {
		t.Error(text)
	}
	if text, ok := output(t, identity(t, nil, "-h")); !ok || !strings.Contains(text, "usage: identity") {
		t.Error(text)
	}
}
