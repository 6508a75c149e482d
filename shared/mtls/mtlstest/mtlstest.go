// Package mtlstest makes a trust domain for a test: real certificates in real files.
package mtlstest

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"innerdoor.example/shared/internal/trust"
	"innerdoor.example/shared/mtls"
	"innerdoor.example/shared/principal"
)

// Domain is a trust domain of a test's own. Two of them have the same name and do not trust each other.
type Domain struct {
	dir       string
	authority *trust.Authority
}

// New makes a trust domain in a directory that is removed with the test.
func New(t testing.TB) *Domain {
	t.Helper()
	authority, err := trust.New()
	if err != nil {
		t.Fatal(err)
	}
	d := &Domain{dir: t.TempDir(), authority: authority}
	if err := authority.WriteBundle(d.dir); err != nil {
		t.Fatal(err)
	}
	return d
}

// Settings issues a certificate for workload, valid for an hour, and returns the settings that name its files. Asked
// again it replaces what the files hold: a rotation.
func (d *Domain) Settings(t testing.TB, workload principal.Workload) mtls.Settings {
	t.Helper()
	return d.SettingsFor(t, workload, time.Hour)
}

// SettingsFor is Settings with another life of the certificate; less than zero makes one that has expired.
func (d *Domain) SettingsFor(t testing.TB, workload principal.Workload, life time.Duration) mtls.Settings {
	t.Helper()
	if err := d.authority.WriteWorkload(d.dir, workload, life); err != nil {
		t.Fatal(err)
	}
	return trust.Files(d.dir, workload)
}

// Identity is Settings, loaded.
func (d *Domain) Identity(t testing.TB, workload principal.Workload) *mtls.Identity {
	t.Helper()
	identity, err := mtls.Load(d.Settings(t, workload))
	if err != nil {
		t.Fatal(err)
	}
	return identity
}

// Serve starts an inner listener of identity's for the length of the test and returns its URL. (httptest's own StartTLS
// does not do: it adds a certificate of its own.)
func Serve(t testing.TB, identity *mtls.Identity, handler http.Handler) (url string) {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.Listener = tls.NewListener(s.Listener, identity.Server())
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // of refused handshakes
	s.Start()
	t.Cleanup(s.Close)
	return "https://" + s.Listener.Addr().String()
}
