package authn

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"innerdoor.example/gateway/internal/strictyaml"
	"innerdoor.example/shared/principal"
)

// Issuer is what issuers.yaml says about one issuer of access tokens. Everything
// but SecondFactor is required or has a default; nothing means "any".
type Issuer struct {
	strictyaml.At
	Alias       string                    `yaml:"alias"`        // begins the ids of its people: "<alias>:<subject>"
	Issuer      string                    `yaml:"issuer"`       // compared with iss as a string
	KeysURL     string                    `yaml:"keys_url"`     // where its keys are; said here, so that discovery never goes through ourselves
	KeysPeer    string                    `yaml:"keys_peer"`    // the workload that answers there, if it is one of ours (mutual TLS)
	Audiences   []string                  `yaml:"audiences"`    // of which aud must hold one
	Algorithms  []jose.SignatureAlgorithm `yaml:"algorithms"`   // asymmetric JWS algorithms
	Tenants     []string                  `yaml:"tenants"`      // for which it may speak
	MaxLifetime time.Duration             `yaml:"max_lifetime"` // from iat to exp; 1h
	Fields      struct {
		Tenant string `yaml:"tenant"` // "tenant"
		Client string `yaml:"client"` // "client_id"
		Scope  string `yaml:"scope"`  // "scope"
	} `yaml:"fields"`
	SecondFactor struct {
		ACR []string `yaml:"acr"` // acr values that count as a second factor
		AMR []string `yaml:"amr"` // amr values of which one counts as a second factor
	} `yaml:"second_factor"`
}

// ParseIssuers reads issuers.yaml. peers are the workloads that a keys_peer may
// be; lookup answers ${NAME}. The error joins every mistake, each with its line.
func ParseIssuers(data []byte, peers []string, lookup func(string) (string, bool)) ([]Issuer, error) {
	var file struct {
		Issuers []Issuer `yaml:"issuers"`
	}
	mistakes := []error{strictyaml.Decode(data, &file, lookup)}
	if len(file.Issuers) == 0 {
		mistakes = append(mistakes, errors.New("there are no issuers"))
	}
	for i := range file.Issuers {
		s := &file.Issuers[i]
		s.complete()
		mistakes = append(mistakes, s.check(peers))
		for _, other := range file.Issuers[:i] {
			if other.Alias == s.Alias || other.Issuer == s.Issuer {
				mistakes = append(mistakes, s.Mistake("alias or issuer is already the one of line %d", other.Line))
			}
		}
	}
	if err := errors.Join(mistakes...); err != nil {
		return nil, err
	}
	return file.Issuers, nil
}

func (s *Issuer) complete() {
	s.MaxLifetime = cmp.Or(s.MaxLifetime, time.Hour)
	s.Fields.Tenant = cmp.Or(s.Fields.Tenant, "tenant")
	s.Fields.Client = cmp.Or(s.Fields.Client, "client_id")
	s.Fields.Scope = cmp.Or(s.Fields.Scope, "scope")
}

// reserved begin the ids of those that no issuer knows: API keys, partners with a
// certificate, and the sub-commands of services in their records.
var reserved = []string{"key", "partner", "operator"}

// algorithms that an issuer may use. Symmetric ones and "none" are no option.
var algorithms = []jose.SignatureAlgorithm{
	jose.ES256, jose.ES384, jose.EdDSA, jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
}

func (s *Issuer) check(peers []string) error {
	var mistakes []error
	wrong := func(ok bool, format string, args ...any) {
		if !ok {
			mistakes = append(mistakes, s.Mistake("issuer "+s.Alias+": "+format, args...))
		}
	}
	_, errAlias := principal.ParseID(s.Alias + ":somebody")
	wrong(errAlias == nil, "alias must be of a-z 0-9 -, at most 32")
	wrong(!slices.Contains(reserved, s.Alias), "alias is kept for ids of another kind: it must be none of %v", reserved)
	wrong(s.Issuer != "", "issuer is missing")
	wrong(keysURLOK(s.KeysURL, s.KeysPeer), "keys_url must be an https URL (http only on this machine, and never for a keys_peer)")
	wrong(s.KeysPeer == "" || slices.Contains(peers, s.KeysPeer), "keys_peer must be one of %v, not %q", peers, s.KeysPeer)
	wrong(len(s.Audiences) > 0, "audiences is missing")
	wrong(len(s.Algorithms) > 0, "algorithms is missing")
	for _, a := range s.Algorithms {
		wrong(slices.Contains(algorithms, a), "algorithm %q is not one of %v", a, algorithms)
	}
	wrong(len(s.Tenants) > 0, "tenants is missing: it could speak for none")
	for _, t := range s.Tenants {
		_, err := principal.ParseTenant(t)
		wrong(err == nil, "tenant %q: %v", t, err)
	}
	wrong(s.MaxLifetime > 0 && s.MaxLifetime <= 24*time.Hour, "max_lifetime must be at most 24h")
	return errors.Join(mistakes...)
}

func keysURLOK(raw, peer string) bool {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	if u.Scheme == "https" {
		return true
	}
	address, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "http" && peer == "" && (u.Hostname() == "localhost" || err == nil && address.IsLoopback())
}

// leeway is how far an issuer's clock may be from ours, either way.
const leeway = 30 * time.Second

// judge checks all that a signature cannot: for whom, by whom, until when.
// It returns who the token speaks of and when that ends.
func (s *Issuer) judge(u *unverified, now time.Time) (who principal.Fields, expires time.Time, err error) {
	if expires, err = s.times(u, now); err != nil {
		return who, expires, err
	}
	audiences, err := u.list("aud")
	if err != nil {
		return who, expires, err
	}
	if !overlap(audiences, s.Audiences) {
		return who, expires, errors.New("aud is not ours")
	}
	if u.has("cnf") {
		return who, expires, errors.New("bound to a key (cnf), so not a bearer token")
	}
	if _, err := u.text("jti", 256); err != nil {
		return who, expires, err
	}
	who, err = s.who(u)
	return who, expires, err
}

func (s *Issuer) times(u *unverified, now time.Time) (expires time.Time, err error) {
	exp, errExp := u.seconds("exp")
	iat, errIat := u.seconds("iat")
	if err := errors.Join(errExp, errIat); err != nil {
		return time.Time{}, err
	}
	if u.has("nbf") {
		nbf, err := u.seconds("nbf")
		if err != nil {
			return time.Time{}, err
		}
		if time.Unix(nbf, 0).After(now.Add(leeway)) {
			return time.Time{}, errors.New("nbf is in the future")
		}
	}
	expires = time.Unix(exp, 0).Add(leeway)
	switch {
	case time.Unix(iat, 0).After(now.Add(leeway)):
		return time.Time{}, errors.New("iat is in the future")
	case !expires.After(now):
		return time.Time{}, errors.New("expired")
	case exp <= iat || exp-iat > int64(s.MaxLifetime/time.Second):
		return time.Time{}, fmt.Errorf("lifetime is not between 1s and %s", s.MaxLifetime)
	}
	return expires, nil
}

func (s *Issuer) who(u *unverified) (principal.Fields, error) {
	subject, errSubject := u.text("sub", 128)
	tenant, errTenant := u.text(s.Fields.Tenant, 63)
	client, errClient := u.text(s.Fields.Client, 200)
	scope, errScope := s.scope(u)
	context, errContext := s.context(u)
	if err := errors.Join(errSubject, errTenant, errClient, errScope, errContext); err != nil {
		return principal.Fields{}, err
	}
	id, err := principal.ParseID(s.Alias + ":" + subject)
	if err != nil {
		return principal.Fields{}, errors.New("sub is outside the subjects' alphabet")
	}
	if !slices.Contains(s.Tenants, tenant) {
		return principal.Fields{}, errors.New("the issuer may not speak for this tenant")
	}
	context.Tenant, context.Client = principal.Tenant(tenant), client
	return principal.Fields{ID: id, Scope: scope, Context: context}, nil
}

var scopePattern = regexp.MustCompile(`^[!#-\[\]-~]+$`)

// scope reads RFC 8693 §4.2's string and the list that some providers make of it.
func (s *Issuer) scope(u *unverified) (string, error) {
	if !u.has(s.Fields.Scope) {
		return "", nil
	}
	list, err := u.list(s.Fields.Scope)
	if err != nil {
		return "", err
	}
	words := strings.Fields(strings.Join(list, " "))
	for _, word := range words {
		if !scopePattern.MatchString(word) {
			return "", fmt.Errorf("%s is not a list of scopes", s.Fields.Scope)
		}
	}
	scope := strings.Join(words, " ")
	if len(scope) > 2048 {
		return "", fmt.Errorf("%s is too long", s.Fields.Scope)
	}
	return scope, nil
}

func (s *Issuer) context(u *unverified) (principal.Context, error) {
	c := principal.Context{Issuer: s.Issuer, Credential: principal.CredentialBearer}
	var err error
	if u.has("acr") {
		if c.ACR, err = u.text("acr", 200); err != nil {
			return c, err
		}
	}
	if u.has("amr") {
		if c.AMR, err = u.list("amr"); err != nil || len(strings.Join(c.AMR, "")) > 512 || len(c.AMR) > 32 {
			return c, errors.New("amr has the wrong form")
		}
	}
	if u.has("auth_time") {
		if c.AuthTime, err = u.seconds("auth_time"); err != nil {
			return c, err
		}
	}
	c.SecondFactor = slices.Contains(s.SecondFactor.ACR, c.ACR) || overlap(c.AMR, s.SecondFactor.AMR)
	return c, nil
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}
