package authn

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/maypok86/otter/v2"
	"github.com/prometheus/client_golang/prometheus"

	"innerdoor.example/shared/principal"
)

const (
	maxCached = 10_000
	maxTTL    = 30 * time.Second // a verified token is believed for so long without a second look
)

// Bearer authenticates by OAuth 2.0 access tokens (RFC 6750) in the form of RFC
// 9068, from any number of issuers.
type Bearer struct {
	issuers  map[string]*keySet // by the string that is their iss
	verified *otter.Cache[[sha256.Size]byte, verified]
}

type verified struct {
	fields  principal.Fields
	issuer  *keySet
	key     *key
	expires time.Time // of the token or of our trust in it, whichever is first
}

// NewBearer makes the authenticator of these issuers. client returns what an
// issuer's keys are fetched with; it must not follow redirects.
func NewBearer(issuers []Issuer, client func(Issuer) *http.Client, log *slog.Logger, metrics prometheus.Registerer) (*Bearer, error) {
	cache, err := otter.New(&otter.Options[[sha256.Size]byte, verified]{MaximumSize: maxCached})
	if err != nil {
		return nil, err
	}
	fetches := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "gateway_keys_fetches_total", Help: "Fetches of an issuer's keys, by result (ok, failed).",
	}, []string{"issuer", "result"})
	if err := metrics.Register(fetches); err != nil {
		return nil, err
	}
	b := &Bearer{issuers: map[string]*keySet{}, verified: cache}
	for _, issuer := range issuers {
		s := &keySet{issuer: issuer, client: client(issuer), log: log}
		s.count = func(result string) { fetches.WithLabelValues(issuer.Alias, result).Inc() }
		err := metrics.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "gateway_keys_age_seconds", Help: "Since an issuer's keys were last fetched; -1 before the first time.",
			ConstLabels: prometheus.Labels{"issuer": issuer.Alias},
		}, s.age))
		if err != nil {
			return nil, err
		}
		b.issuers[issuer.Issuer] = s
	}
	return b, nil
}

func (s *keySet) age() float64 {
	set := s.good.Load()
	if set == nil {
		return -1
	}
	return time.Since(set.fetched).Seconds()
}

// Issuers returns the issuers, sorted.
func (b *Bearer) Issuers() []string { return slices.Sorted(maps.Keys(b.issuers)) }

// Run keeps all issuers' keys fresh until ctx ends.
func (b *Bearer) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, s := range b.issuers {
		all.Go(func() { s.run(ctx) })
	}
	all.Wait()
}

// Ready returns an error while some issuer's keys are not known.
func (b *Bearer) Ready() error {
	var missing []error
	for _, s := range b.issuers {
		missing = append(missing, s.ready())
	}
	return errors.Join(missing...)
}

// Authenticate is the Authenticator.
func (b *Bearer) Authenticate(ctx context.Context, r *http.Request) (principal.Fields, error) {
	credential, err := placed(r)
	if err != nil {
		return principal.Fields{}, err
	}
	scheme, token, _ := strings.Cut(credential, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return principal.Fields{}, fmt.Errorf("%w: not of scheme Bearer", ErrRefused)
	}
	now := time.Now()
	id := sha256.Sum256([]byte(token)) // the issuer is in the token, so one key serves all issuers
	if v, ok := b.verified.GetIfPresent(id); ok && now.Before(v.expires) && v.issuer.current(v.key) {
		return v.fields, nil
	}
	v, err := b.verify(ctx, token, now)
	if errors.Is(err, ErrUnavailable) {
		return principal.Fields{}, err
	}
	if err != nil {
		return principal.Fields{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	b.verified.Set(id, v)
	return v.fields, nil
}

// verify judges a token in this order: its form, whose it is, the key, the
// signature, what it says. Nothing outside is asked before the issuer is known.
// An error but ErrUnavailable is the token's fault.
func (b *Bearer) verify(ctx context.Context, token string, now time.Time) (v verified, err error) {
	u, err := parse(token)
	if err != nil {
		return v, err
	}
	name, err := u.text("iss", 512)
	if err != nil {
		return v, err
	}
	s := b.issuers[name]
	if s == nil {
		return v, errors.New("issuer unknown")
	}
	k, err := s.find(ctx, u.header.Kid)
	if err != nil {
		return v, err
	}
	if err := signed(ctx, s.issuer.Issuer, k, token, now); err != nil {
		return v, err
	}
	fields, expires, err := s.issuer.judge(u, now)
	if err != nil {
		return v, err
	}
	if trust := now.Add(maxTTL); trust.Before(expires) {
		expires = trust
	}
	return verified{fields: fields, issuer: s, key: k, expires: expires}, nil
}

// signed lets go-oidc make the standard checks: algorithm, signature, issuer,
// expiry. The audience is ours to check, since there may be several.
func signed(ctx context.Context, issuer string, k *key, token string, now time.Time) error {
	_, err := oidc.NewVerifier(issuer, k, &oidc.Config{
		SkipClientIDCheck:    true,
		SupportedSigningAlgs: names(k.algorithms),
		Now:                  func() time.Time { return now.Add(-leeway) },
	}).Verify(ctx, token)
	return err
}

func names(algorithms []jose.SignatureAlgorithm) []string {
	out := make([]string, len(algorithms))
	for i, a := range algorithms {
		out[i] = string(a)
	}
	return out
}
