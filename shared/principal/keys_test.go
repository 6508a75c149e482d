package principal_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"innerdoor.example/shared/principal"
)

func TestAKeySetIsWhollyGoodOrRefused(t *testing.T) {
	f := newForge(t)
	good := f.signer.Public()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	changed := func(change func(*jose.JSONWebKey)) jose.JSONWebKey {
		key := good
		change(&key)
		return key
	}
	for name, bad := range map[string]jose.JSONWebKey{
		"a private key":      changed(func(k *jose.JSONWebKey) { k.Key = f.key }),
		"an EC key":          changed(func(k *jose.JSONWebKey) { k.Key = ec.Public() }),
		"a symmetric key":    changed(func(k *jose.JSONWebKey) { k.Key = []byte("secret") }),
		"no key":             {},
		"a short key":        changed(func(k *jose.JSONWebKey) { k.Key = f.key.Public().(ed25519.PublicKey)[:31] }),
		"use enc":            changed(func(k *jose.JSONWebKey) { k.Use = "enc" }),
		"no use":             changed(func(k *jose.JSONWebKey) { k.Use = "" }),
		"alg none":           changed(func(k *jose.JSONWebKey) { k.Algorithm = "none" }),
		"no kid":             changed(func(k *jose.JSONWebKey) { k.KeyID = "" }),
		"a kid of one's own": changed(func(k *jose.JSONWebKey) { k.KeyID = "key-1" }),
	} {
		for _, set := range [][]jose.JSONWebKey{{bad}, {good, bad}} {
			if _, err := principal.NewVerifier(jose.JSONWebKeySet{Keys: set}); err == nil {
				t.Errorf("%s, in a set of %d: accepted", name, len(set))
			}
		}
	}
	if _, err := principal.NewVerifier(jose.JSONWebKeySet{}); err == nil {
		t.Error("a set without keys was accepted")
	}
}

func TestAKeyFileIsReadStrictlyAtStart(t *testing.T) {
	f := newForge(t)
	good := string(marshal(t, keySet(f.signer)))
	private := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: f.key, KeyID: f.signer.Public().KeyID, Algorithm: "EdDSA", Use: "sig"}}}
	file := filepath.Join(t.TempDir(), "txn.jwks")
	for name, content := range map[string]string{
		"empty":          "",
		"HTML":           "<html>",
		"no keys":        `{"keys":[]}`,
		"another object": `{}`,
		"null":           `null`,
		"keys twice":     strings.TrimSuffix(good, "}") + `,"keys":[]}`,
		"cut off":        good[:len(good)-10],
		"a private key":  string(marshal(t, private)),
	} {
		write(t, file, []byte(content))
		if _, err := principal.LoadVerifier(file); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	write(t, file, []byte(good))
	if _, err := principal.LoadVerifier(file); err != nil {
		t.Error(err)
	}
}

// rotation is a running gateway and a running service with their key files.
type rotation struct {
	keyFile, setFile string
	signer           *principal.Signer
	verifier         *principal.Verifier
}

func newRotation(t *testing.T, first *forge) *rotation {
	t.Helper()
	dir := t.TempDir()
	r := &rotation{keyFile: filepath.Join(dir, "txn.key"), setFile: filepath.Join(dir, "txn.jwks")}
	write(t, r.keyFile, pemKey(t, first.key))
	write(t, r.setFile, marshal(t, keySet(first.signer)))
	var err error
	if r.signer, err = principal.LoadSigner(r.keyFile); err != nil {
		t.Fatal(err)
	}
	if r.verifier, err = principal.LoadVerifier(r.setFile); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rotation) takes(token string, at time.Time) bool {
	who, err := r.verifier.Verify(token, "gateway", at)
	return err == nil && who.Valid()
}

func TestKeysRotateWithoutARefusal(t *testing.T) {
	old, next := newForge(t), newForge(t)
	r := newRotation(t, old)
	sign := func(at time.Time) string {
		token, err := r.signer.Sign(alice(), at)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	before := sign(now)
	if !r.takes(before, now) {
		t.Fatal("the first key is not taken")
	}
	// Both files change between two looks: the new key is found all the same.
	write(t, r.setFile, marshal(t, keySet(old.signer, next.signer)))
	if during := next.sign(t, alice()); !r.takes(during, now) {
		t.Error("a key that was just added is not taken")
	}
	write(t, r.keyFile, pemKey(t, next.key))
	at := now.Add(2 * time.Second)
	after := sign(at)
	if r.signer.Public().KeyID != next.signer.Public().KeyID {
		t.Error("the gateway goes on with the old key")
	}
	if !r.takes(after, at) || !r.takes(before, at) {
		t.Error("a token of one of two valid keys is refused")
	}
	write(t, r.setFile, marshal(t, keySet(next.signer)))
	at = at.Add(2 * time.Second)
	if r.takes(before, at) {
		t.Error("a removed key's token is still taken, out of the cache")
	}
	if !r.takes(after, at) {
		t.Error("the remaining key's token is refused")
	}
	write(t, r.keyFile, pemKey(t, old.key))
	if _, err := r.signer.Sign(alice(), now.Add(-time.Hour)); err != nil || r.signer.Public().KeyID != old.signer.Public().KeyID {
		t.Error("after the clock was set back, no key file is looked at")
	}
}

func TestTheLastGoodKeysSurviveABadFile(t *testing.T) {
	var log bytes.Buffer
	quiet := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(quiet)

	f := newForge(t)
	r := newRotation(t, f)
	at := now
	look := func(what string) {
		t.Helper()
		for range 3 {
			at = at.Add(2 * time.Second)
			if !r.takes(f.sign(t, alice()), at) {
				t.Errorf("%s: the last good set was dropped", what)
			}
			if _, err := r.signer.Sign(alice(), at); err != nil {
				t.Errorf("%s: the last good key was dropped: %v", what, err)
			}
		}
		if got := strings.Count(log.String(), "\n"); got != 2 {
			t.Errorf("%s: %d complaints about two files: %s", what, got, log.String())
		}
		log.Reset()
	}
	write(t, r.setFile, []byte(`{"keys":[]}`))
	write(t, r.keyFile, []byte("garbage"))
	look("bad files")
	for _, file := range []string{r.setFile, r.keyFile} {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	look("no files")
	next := newForge(t)
	write(t, r.setFile, marshal(t, keySet(next.signer)))
	if at = at.Add(2 * time.Second); r.takes(f.sign(t, alice()), at) || !r.takes(next.sign(t, alice()), at) {
		t.Error("a good file after bad ones is not taken over")
	}
}

func TestManyAskWhileTheKeysChange(t *testing.T) {
	f := newForge(t)
	r := newRotation(t, f)
	var asking sync.WaitGroup
	for worker := range 4 {
		asking.Go(func() {
			for i := range 200 {
				at := now.Add(time.Duration(worker*200+i) * 50 * time.Millisecond)
				fields := alice()
				fields.Txn = principal.NewTxn()
				token, err := f.signer.Sign(fields, at)
				if err != nil || !r.takes(token, at) {
					t.Errorf("refused at %v: %v", at, err)
					return
				}
			}
		})
	}
	for range 20 {
		write(t, r.setFile, marshal(t, keySet(f.signer, newForge(t).signer)))
	}
	asking.Wait()
}

func BenchmarkVerify(b *testing.B) {
	f := newForge(b)
	keys, err := json.Marshal(keySet(f.signer))
	if err != nil {
		b.Fatal(err)
	}
	file := filepath.Join(b.TempDir(), "txn.jwks")
	write(b, file, keys)
	verifier, err := principal.LoadVerifier(file)
	if err != nil {
		b.Fatal(err)
	}
	// More tokens than the cache holds, in turn: each is always forgotten again.
	tokens := make([]string, 4096)
	for i := range tokens {
		fields := alice()
		fields.Txn = principal.NewTxn()
		tokens[i] = f.sign(b, fields)
	}
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		if _, err := verifier.Verify(tokens[i%len(tokens)], "gateway", now); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func BenchmarkVerifyCached(b *testing.B) {
	f := newForge(b)
	token := f.sign(b, alice())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.verifier.Verify(token, "gateway", now); err != nil {
			b.Fatal(err)
		}
	}
}
