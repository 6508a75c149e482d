package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"innerdoor.example/shared/internal/trust"
	"innerdoor.example/shared/mtls"
	"innerdoor.example/shared/principal"
)

func devca(t *testing.T, args ...string) (said string) {
	t.Helper()
	var out bytes.Buffer
	if err := run(args, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func content(t *testing.T, file string) string {
	t.Helper()
	c, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(c)
}

func TestWrongWordsMakeNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "trust")
	for _, args := range [][]string{
		{},
		{"-out", dir, "-ttl", "-1h"},
		{"-out", dir, "gateway"},
		{"-out", dir, "-workloads", ""},
		{"-out", dir, "-workloads", "gateway,../../etc"},
		{"-out", dir, "-workloads", ".."},
	} {
		if err := run(args, io.Discard); err == nil {
			t.Errorf("%q was accepted", args)
		}
	}
	if exists(dir) {
		t.Error("something was made all the same")
	}
}

func TestEachWorkloadGetsAnIdentityThatOthersOfTheDomainBelieve(t *testing.T) {
	dir := t.TempDir()
	devca(t, "-out", dir, "-workloads", "gateway,claims")
	for _, w := range []principal.Workload{"gateway", "claims"} {
		identity, err := mtls.Load(trust.Files(dir, w))
		if err != nil || identity.Workload() != w {
			t.Errorf("%s: %v", w, err)
		}
	}
	if exists(filepath.Join(dir, "ca.key")) || exists(filepath.Join(dir, "orders")) {
		t.Error("made what nobody asked for")
	}
}

// modes are those of all that devca made in dir.
func modes(t *testing.T, dir string) map[string]fs.FileMode {
	t.Helper()
	found := map[string]fs.FileMode{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			found[strings.TrimPrefix(path, dir+"/")] = info.Mode()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestAKeyCanBeReadByNobodyElse(t *testing.T) {
	dir := t.TempDir()
	devca(t, "-out", dir, "-workloads", "gateway")
	want := map[string]fs.FileMode{
		"bundle.pem": 0o644, "txn.jwks": 0o644, "gateway": fs.ModeDir | 0o700,
		"gateway/cert.pem": 0o644, "gateway/key.pem": 0o600, "gateway/txn.key": 0o600,
	}
	if got := modes(t, dir); !maps.Equal(got, want) {
		t.Errorf("the modes are %v, want %v", got, want)
	}
}

func TestAKeyIsForTheGroupThatItsFolderHandsDownAndForNobodyElse(t *testing.T) {
	dir := t.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "gateway"), 0o750), os.Chmod(filepath.Join(dir, "gateway"), fs.ModeSetgid|0o750)); err != nil {
		t.Fatal(err)
	}
	devca(t, "-out", dir, "-workloads", "gateway,claims")
	got := modes(t, dir)
	for path, want := range map[string]fs.FileMode{
		"gateway/key.pem": 0o640, "gateway/txn.key": 0o640, "claims": fs.ModeDir | 0o700, "claims/key.pem": 0o600, "bundle.pem": 0o644,
	} {
		if got[path] != want {
			t.Errorf("%s is %s, want %s", path, got[path], want)
		}
	}
}

func TestTheServicesBelieveWhatTheGatewaySigns(t *testing.T) {
	dir := t.TempDir()
	devca(t, "-out", dir)
	key, set := trust.TxnFiles(dir)
	signer, err := principal.LoadSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := principal.LoadVerifier(set)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	token, err := signer.Sign(principal.Fields{
		ID: principal.AnonymousID, Txn: principal.NewTxn(), Workload: principal.Gateway,
		Context: principal.Context{Credential: principal.CredentialAnonymous, Route: "GET /"},
		Request: principal.Request{Address: "192.0.2.1"},
	}, now)
	if err != nil {
		t.Fatal(err)
	}
	if who, err := verifier.Verify(token, principal.Gateway, now); err != nil || !who.Anonymous() {
		t.Errorf("not believed: %v", err)
	}
}

func TestWhatIsGoodIsLeftAloneAndWhatIsOldIsMadeAnew(t *testing.T) {
	dir := t.TempDir()
	devca(t, "-out", dir, "-ttl", "1h")
	cert, bundle, key := trust.Files(dir, "claims").Cert, trust.Files(dir, "claims").Bundle, filepath.Join(dir, "gateway", "txn.key")
	before := []string{content(t, cert), content(t, bundle), content(t, key)}

	if said := devca(t, "-out", dir, "-ttl", "1h"); !strings.Contains(said, "left alone") || content(t, cert) != before[0] {
		t.Errorf("a good domain was made anew: %q", said)
	}
	devca(t, "-out", dir, "-ttl", "24h") // of that, less than half is left
	if content(t, cert) == before[0] || content(t, bundle) == before[1] {
		t.Error("an old domain was left alone")
	}
	if content(t, key) != before[2] {
		t.Error("the key of Txn-Tokens does not end, and was replaced")
	}
	devca(t, "-out", dir, "-force")
	if content(t, key) == before[2] {
		t.Error("-force left the key of Txn-Tokens")
	}
	if err := os.Remove(cert); err != nil {
		t.Fatal(err)
	}
	devca(t, "-out", dir)
	if !exists(cert) {
		t.Error("a lost certificate was not made anew")
	}
}
