package mtls

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"

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
	mu       sync.Mutex
	checked  time.Time
	svid     followed[*x509svid.SVID]
	bundle   followed[*x509bundle.Bundle]
}

// checkEvery bounds how often the files are read: often enough that a rotation is not noticed, seldom enough that a
// storm of handshakes costs no more than the handshakes.
const checkEvery = time.Second

// Load reads the identity. The certificate must be in its time, carry one SPIFFE id of this trust domain, fit the key
// and be signed by an authority of the bundle. All mistakes are joined, each beginning with the setting's name; none
// repeats what a file holds.
func Load(s Settings) (*Identity, error) {
	i := &Identity{checked: time.Now()}
	i.svid = followed[*x509svid.SVID]{files: []file{{"WORKLOAD_CERT", s.Cert}, {"WORKLOAD_KEY", s.Key}}, parse: i.parseSVID}
	i.bundle = followed[*x509bundle.Bundle]{files: []file{{"TRUST_BUNDLE", s.Bundle}}, parse: parseBundle}
	if err := errors.Join(i.svid.refresh(), i.bundle.refresh()); err != nil {
		return nil, err
	}
	id, _, err := x509svid.Verify(i.svid.good.Certificates, i.bundle.good)
	if err != nil {
		return nil, fmt.Errorf("WORKLOAD_CERT: not signed by an authority in TRUST_BUNDLE: %w", err)
	}
	i.workload, err = workloadOf(id)
	return i, err
}

// Workload returns who this process is. It never changes while the process runs.
func (i *Identity) Workload() principal.Workload { return i.workload }

// Expires returns when the certificate in use ends.
func (i *Identity) Expires() time.Time {
	svid, _ := i.current()
	return svid.Certificates[0].NotAfter
}

// GetX509SVID implements go-spiffe's x509svid.Source.
func (i *Identity) GetX509SVID() (*x509svid.SVID, error) {
	svid, _ := i.current()
	return svid, nil
}

// GetX509BundleForTrustDomain implements go-spiffe's x509bundle.Source. There is one trust domain; of any other the
// bundle knows nothing.
func (i *Identity) GetX509BundleForTrustDomain(td spiffeid.TrustDomain) (*x509bundle.Bundle, error) {
	_, bundle := i.current()
	return bundle.GetX509BundleForTrustDomain(td)
}

func (i *Identity) current() (*x509svid.SVID, *x509bundle.Bundle) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if now := time.Now(); now.Sub(i.checked) >= checkEvery {
		i.checked = now
		if err := errors.Join(i.svid.refresh(), i.bundle.refresh()); err != nil {
			slog.Warn("workload identity: the new files are no good, the last good ones stay in use", "err", err)
		}
	}
	return i.svid.good, i.bundle.good
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

// followed is something made of files that is made anew when what they hold changes. Contents are compared, not times
// and sizes: a copied file may keep both.
type followed[T any] struct {
	files []file
	parse func(contents [][]byte) (T, error)
	seen  [][]byte // as last read, good or not
	bad   bool     // that what was seen is no good
	good  T
}

type file struct{ setting, path string }

// refresh reads the files and makes good anew if they have changed. Contents that are no good are complained of once,
// but tried again each time: a certificate may only lie in the future.
func (f *followed[T]) refresh() error {
	contents, err := f.read()
	if err != nil {
		return err
	}
	known := slices.EqualFunc(contents, f.seen, bytes.Equal)
	if known && !f.bad {
		return nil
	}
	fresh, err := f.parse(contents)
	f.seen, f.bad = contents, err != nil
	if err == nil {
		f.good = fresh
	} else if known {
		return nil
	}
	return err
}

func (f *followed[T]) read() ([][]byte, error) {
	contents := make([][]byte, len(f.files))
	mistakes := make([]error, len(f.files))
	for n, file := range f.files {
		contents[n], mistakes[n] = file.read()
	}
	return contents, errors.Join(mistakes...)
}

// read never repeats the path in an error: who puts the key itself where its file's name belongs would find it in a log.
func (f file) read() ([]byte, error) {
	content, err := os.ReadFile(f.path)
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		err = fmt.Errorf("%s: names a file that cannot be read: %w", f.setting, pathError.Err)
	}
	return content, err
}
