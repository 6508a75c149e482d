// Package trust makes a trust domain: an authority, workload certificates signed by it, and the keys of Txn-Tokens.
// It serves the demo (cmd/devca) and the tests (mtls/mtlstest); production brings its own, SPIRE for instance.
package trust

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"net/url"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"

	"innerdoor.example/shared/principal"
)

// Authority signs the workload certificates of a trust domain.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// authorityLife is long, since the key is thrown away after the first certificates: these end much earlier.
const authorityLife = 365 * 24 * time.Hour

// skew is by how much a new certificate is dated back, for peers whose clock is late.
const skew = time.Minute

// New makes an authority with a fresh key.
func New() (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	der, err := x509.CreateCertificate(rand.Reader, authorityTemplate(now), authorityTemplate(now), key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &Authority{cert: cert, key: key}, err
}

func authorityTemplate(now time.Time) *x509.Certificate {
	return &x509.Certificate{
		Subject:               pkix.Name{CommonName: principal.TrustDomain + " authority"},
		URIs:                  []*url.URL{{Scheme: "spiffe", Host: principal.TrustDomain}},
		NotBefore:             now.Add(-skew),
		NotAfter:              now.Add(authorityLife),
		IsCA:                  true,
		MaxPathLenZero:        true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

// issue makes a key and a certificate for workload, both in PEM. The certificate names nothing but the SPIFFE id.
func (a *Authority) issue(workload principal.Workload, from, until time.Time) (cert, privateKey []byte, err error) {
	id, err := ID(workload)
	if err != nil {
		return nil, nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		URIs:                  []*url.URL{id.URL()},
		NotBefore:             from,
		NotAfter:              until,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, nil, err
	}
	privateKey, err = encodeKey(key)
	return encode("CERTIFICATE", der), privateKey, err
}

// ID returns the SPIFFE id of a workload that has one word for a name; anything else is an error.
func ID(workload principal.Workload) (spiffeid.ID, error) {
	id, err := spiffeid.FromSegments(spiffeid.RequireTrustDomainFromString(principal.TrustDomain), string(workload))
	if err != nil {
		return spiffeid.ID{}, fmt.Errorf("workload %q: %w", workload, err)
	}
	return id, nil
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func encodeKey(key any) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return encode("PRIVATE KEY", der), err
}
