package principal

import (
	"crypto/rand"
	"errors"
	"regexp"
	"strings"
)

// TrustDomain is the name of the system: the audience of every Txn-Token and the
// authority of every SPIFFE id in it.
const TrustDomain = "innerdoor.internal"

// Header is the one request header that carries identity inside.
const Header = "Txn-Token"

// ID names a person or machine uniquely in the trust domain:
// "<issuer alias>:<subject>", at most 161 bytes. A subject alone is never enough,
// since two issuers may both know an "alice".
type ID string

// AnonymousID is the id of a caller that showed no credential. It is no result of
// [ParseID], so nobody can be called so.
const AnonymousID ID = "anonymous"

var idPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}:[A-Za-z0-9._|@+-]{1,128}$`)

// ParseID checks that s has the form of an [ID].
func ParseID(s string) (ID, error) {
	if !idPattern.MatchString(s) {
		return "", errors.New("an id is <issuer alias>:<subject>, the alias of a-z 0-9 -, the subject of A-Z a-z 0-9 . _ | @ + -")
	}
	return ID(s), nil
}

// Tenant names a shop. Its form, [a-z0-9][a-z0-9-]{0,62}, is that of a DNS label.
type Tenant string

var tenantPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// ParseTenant checks that s has the form of a [Tenant].
func ParseTenant(s string) (Tenant, error) {
	if !tenantPattern.MatchString(s) {
		return "", errors.New("a tenant is 1 to 63 of a-z 0-9 -, and does not begin with -")
	}
	return Tenant(s), nil
}

// Workload names a process of the system ("gateway", "claims", …): the path of the
// SPIFFE id spiffe://innerdoor.internal/<workload> in its certificate.
type Workload string

// Gateway is the workload that issues every Txn-Token.
const Gateway Workload = "gateway"

// SPIFFEID returns the workload's SPIFFE id.
func (w Workload) SPIFFEID() string { return "spiffe://" + TrustDomain + "/" + string(w) }

// Credential is the kind of credential that the caller showed at the gateway.
type Credential string

// The kinds of credentials.
const (
	CredentialBearer     Credential = "bearer"
	CredentialAPIKey     Credential = "api_key"
	CredentialClientCert Credential = "client_cert"
	CredentialBasic      Credential = "basic"
	CredentialAnonymous  Credential = "anonymous"
)

// NewTxn makes the id of a new transaction: 130 random bits in lower-case base32.
func NewTxn() string { return strings.ToLower(rand.Text()) }
