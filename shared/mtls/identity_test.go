package mtls_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"math/big"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"innerdoor.example/shared/mtls"
	"innerdoor.example/shared/mtls/mtlstest"
)

// selfSigned is a certificate for a SPIFFE id that nobody vouches for.
func selfSigned(t *testing.T, id string) []*x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	if id != "" {
		uri, err := url.Parse(id)
		if err != nil {
			t.Fatal(err)
		}
		template.URIs = []*url.URL{uri}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certs, err := x509.ParseCertificates(der)
	if err != nil {
		t.Fatal(err)
	}
	return certs
}

func TestAnIdentityWithMistakesIsNotLoaded(t *testing.T) {
	domain, elsewhere := mtlstest.New(t), mtlstest.New(t)
	good := domain.Settings(t, "claims")
	other := domain.Settings(t, "orders")
	key, err := os.ReadFile(good.Key)
	if err != nil {
		t.Fatal(err)
	}
	empty := t.TempDir() + "/empty.pem"
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		settings mtls.Settings
		want     []string
	}{
		"nothing set":                 {mtls.Settings{}, []string{"WORKLOAD_CERT: ", "WORKLOAD_KEY: ", "TRUST_BUNDLE: "}},
		"the key itself for its file": {mtls.Settings{Cert: good.Cert, Key: string(key), Bundle: good.Bundle}, []string{"WORKLOAD_KEY: the file cannot be read"}},
		"another workload's key":      {mtls.Settings{Cert: good.Cert, Key: other.Key, Bundle: good.Bundle}, []string{"WORKLOAD_CERT: with WORKLOAD_KEY"}},
		"another domain's bundle":     {mtls.Settings{Cert: good.Cert, Key: good.Key, Bundle: elsewhere.Settings(t, "claims").Bundle}, []string{"WORKLOAD_CERT: not signed by an authority in TRUST_BUNDLE"}},
		"an empty bundle":             {mtls.Settings{Cert: good.Cert, Key: good.Key, Bundle: empty}, []string{"TRUST_BUNDLE: holds no certificate"}},
		"a bundle that is none, too":  {mtls.Settings{Cert: empty, Key: good.Key, Bundle: good.Key}, []string{"WORKLOAD_CERT: ", "TRUST_BUNDLE: "}},
		"an expired certificate":      {domain.SettingsFor(t, "late", -time.Minute), []string{"WORKLOAD_CERT: valid from"}},
	} {
		_, err := mtls.Load(c.settings)
		if err == nil {
			t.Errorf("%s: loaded", name)
			continue
		}
		lines := strings.Split(err.Error(), "\n")
		if len(lines) != len(c.want) {
			t.Errorf("%s: want %d mistakes, got %q", name, len(c.want), lines)
			continue
		}
		for n, want := range c.want {
			if !strings.HasPrefix(lines[n], want) {
				t.Errorf("%s: want %q, got %q", name, want, lines[n])
			}
		}
		if strings.Contains(err.Error(), "PRIVATE") {
			t.Errorf("%s: the error shows the key", name)
		}
	}
	if _, err := mtls.Load(good); err != nil {
		t.Errorf("a good identity: %v", err)
	}
}

func TestFilesAreRotatedUnderLoadWithoutAFailedRequest(t *testing.T) {
	domain := mtlstest.New(t)
	orders, claims := domain.Identity(t, "orders"), domain.Identity(t, "claims")
	url := serve(t, orders)

	var asked, failed atomic.Int64
	var clients sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				asked.Add(1)
				if peer, err := ask(t, url, claims.Client("orders")); err != nil || peer != "claims" {
					failed.Add(1)
					t.Errorf("got %q, %v", peer, err)
				}
			}
		})
	}
	for _, life := range []time.Duration{2 * time.Hour, 3 * time.Hour} {
		domain.SettingsFor(t, "orders", life)
		domain.SettingsFor(t, "claims", life)
		until := time.Now().Add(life)
		eventually(t, func() bool { return near(orders.Expires(), until) && near(claims.Expires(), until) })
	}
	close(stop)
	clients.Wait()
	if asked.Load() < 10 || failed.Load() > 0 {
		t.Errorf("%d of %d requests failed", failed.Load(), asked.Load())
	}
}

func TestFilesThatAreNoGoodLeaveTheLastGoodOnesInUse(t *testing.T) {
	domain := mtlstest.New(t)
	settings := domain.Settings(t, "orders")
	orders, err := mtls.Load(settings)
	if err != nil {
		t.Fatal(err)
	}
	url, claims := serve(t, orders), domain.Identity(t, "claims").Client("orders")
	before := orders.Expires()

	foreign := mtlstest.New(t).SettingsFor(t, "payroll", 5*time.Hour)
	expired := mtlstest.New(t).SettingsFor(t, "orders", -time.Minute)
	for name, spoil := range map[string]func(){
		"garbage":                func() { write(t, settings.Cert, "garbage"); write(t, settings.Bundle, "garbage") },
		"an empty bundle":        func() { write(t, settings.Bundle, "") },
		"another's certificate":  func() { move(t, foreign.Cert, settings.Cert); move(t, foreign.Key, settings.Key) },
		"an expired certificate": func() { move(t, expired.Cert, settings.Cert); move(t, expired.Key, settings.Key) },
		"no file":                func() { os.Remove(settings.Key) },
	} {
		spoil()
		time.Sleep(1100 * time.Millisecond) // the files are read at most once a second
		if peer, err := ask(t, url, claims); err != nil || peer != "claims" {
			t.Errorf("%s: got %q, %v", name, peer, err)
		}
		if !orders.Expires().Equal(before) || orders.Workload() != "orders" {
			t.Errorf("%s was taken over", name)
		}
	}
	domain.SettingsFor(t, "orders", 4*time.Hour)
	eventually(t, func() bool { return orders.Expires().After(before) })
}

func TestAnAuthorityTakenOutOfTheBundleIsBelievedNoMore(t *testing.T) {
	domain, successor := mtlstest.New(t), mtlstest.New(t)
	settings := domain.Settings(t, "orders")
	orders, err := mtls.Load(settings)
	if err != nil {
		t.Fatal(err)
	}
	url, claims := serve(t, orders), domain.Identity(t, "claims").Client("orders")
	if _, err := ask(t, url, claims); err != nil {
		t.Fatalf("before: %v", err)
	}
	move(t, successor.Settings(t, "orders").Bundle, settings.Bundle)
	eventually(t, func() bool { _, err := ask(t, url, claims); return err != nil })
}

func near(a, b time.Time) bool { return a.Sub(b).Abs() < time.Minute }

func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	for range 200 {
		if holds() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("not within ten seconds")
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func move(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	write(t, to, string(content))
}
