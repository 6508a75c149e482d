package mtls

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"

	"innerdoor.example/shared/internal/follow"
	"innerdoor.example/shared/principal"
)

// Settings name the files of a workload identity. All three are required.
type Settings struct {
	Cert   string `env:"WORKLOAD_CERT,required"` // PEM: the certificate, then its intermediates
	Key    string `env:"WORKLOAD_KEY,required"`  // PEM, PKCS#8
	Bundle string `env:"TRUST_BUNDLE,required"`  // PEM: the authorities of the trust domain
}

// Validate reads the files as Load does and lists all that is wrong with them, one mistake a line.
func (s Settings) Validate() error {
	_, err := Load(s)
	return err
}

// Identity is a process's own certificate and the authorities that it believes. It follows its files: what they hold
// is read again during a handshake, at most once a second. A change that is no good is logged by slog's default logger
// and the last good one stays in use. It is safe for concurrent use.
type Identity struct {
	workload principal.Workload
	svid     *follow.Value[*x509svid.SVID]
	bundle   *follow.Value[*x509bundle.Bundle]
}

// Load reads the identity. The certificate must be in its time, carry one SPIFFE id of this trust domain, fit the key
// and be signed by an authority of the bundle. All mistakes are joined, each beginning with the setting's name; none
// repeats what a file holds.
func Load(s Settings) (*Identity, error) {
	i := &Identity{}
	var noSVID, noBundle error
	i.svid, noSVID = follow.Files("workload identity", i.parseSVID,
		follow.File{Name: "WORKLOAD_CERT: the file", Path: s.Cert}, follow.File{Name: "WORKLOAD_KEY: the file", Path: s.Key})
	i.bundle, noBundle = follow.Files("trust bundle", parseBundle, follow.File{Name: "TRUST_BUNDLE: the file", Path: s.Bundle})
	if err := errors.Join(noSVID, noBundle); err != nil {
		return nil, err
	}
	now := time.Now()
	id, _, err := x509svid.Verify(i.svid.Get(now).Certificates, i.bundle.Get(now))
	if err != nil {
		return nil, fmt.Errorf("WORKLOAD_CERT: not signed by an authority in TRUST_BUNDLE: %w", err)
	}
	i.workload, err = workloadOf(id)
	return i, err
}

// Workload returns who this process is. It never changes while the process runs.
func (i *Identity) Workload() principal.Workload { return i.workload }

// Expires returns when the certificate in use ends.
func (i *Identity) Expires() time.Time { return i.svid.Get(time.Now()).Certificates[0].NotAfter }

// GetX509SVID implements go-spiffe's x509svid.Source.
func (i *Identity) GetX509SVID() (*x509svid.SVID, error) { return i.svid.Get(time.Now()), nil }

// GetX509BundleForTrustDomain implements go-spiffe's x509bundle.Source. There is one trust domain; of any other the
// bundle knows nothing.
func (i *Identity) GetX509BundleForTrustDomain(td spiffeid.TrustDomain) (*x509bundle.Bundle, error) {
	return i.bundle.Get(time.Now()).GetX509BundleForTrustDomain(td)
}

func (i *Identity) parseSVID(contents [][]byte) (*x509svid.SVID, error) {
	svid, err := x509svid.Parse(contents[0], contents[1])
	if err != nil {
		return nil, fmt.Errorf("WORKLOAD_CERT: with WORKLOAD_KEY no workload identity: %w", err)
	}
	workload, err := workloadOf(svid.ID)
	if err != nil {
		return nil, fmt.Errorf("WORKLOAD_CERT: %w", err)
	}
	if was := cmp.Or(i.workload, workload); was != workload {
		return nil, fmt.Errorf("WORKLOAD_CERT: is for %q, this process is %q", workload, was)
	}
	leaf, now := svid.Certificates[0], time.Now()
	if now.Before(leaf.NotBefore) || now.After(leaf.NotAfter) {
		return nil, fmt.Errorf("WORKLOAD_CERT: valid from %s to %s only", leaf.NotBefore.Format(time.RFC3339), leaf.NotAfter.Format(time.RFC3339))
	}
	return svid, nil
}

func parseBundle(contents [][]byte) (*x509bundle.Bundle, error) {
	bundle, err := x509bundle.Parse(trustDomain(), contents[0])
	if err != nil {
		return nil, fmt.Errorf("TRUST_BUNDLE: %w", err)
	}
	if bundle.Empty() {
		return nil, errors.New("TRUST_BUNDLE: holds no certificate")
	}
	return bundle, nil
}

func trustDomain() spiffeid.TrustDomain {
	return spiffeid.RequireTrustDomainFromString(principal.TrustDomain)
}

func workloadOf(id spiffeid.ID) (principal.Workload, error) {
	if !id.MemberOf(trustDomain()) {
		return "", fmt.Errorf("%s is not of the trust domain %s", id, principal.TrustDomain)
	}
	return principal.Workload(strings.TrimPrefix(id.Path(), "/")), nil
}
