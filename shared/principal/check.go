package principal

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
)

var (
	txnPattern      = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	scopePattern    = regexp.MustCompile(`^[!#-\[\]-~]+( [!#-\[\]-~]+)*$`) // RFC 6749 §3.3
	workloadPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
)

// check refuses what no honest gateway says. Signer and verifier both ask it, so
// that a mistake shows where it is made and a forgery where it arrives.
func (f *Fields) check() error {
	switch {
	case !txnPattern.MatchString(f.Txn):
		return errors.New("txn: 1 to 64 of A-Z a-z 0-9 . _ - are required")
	case f.Scope != "" && !scopePattern.MatchString(f.Scope):
		return errors.New("scope: not a list as RFC 6749 §3.3 has it")
	case !workloadPattern.MatchString(string(f.Workload)):
		return errors.New("req_wl: the name of a workload is required")
	}
	if _, err := netip.ParseAddr(f.Request.Address); err != nil && f.Request.Address != "" {
		return errors.New("rctx: the address is an IP address without a port")
	}
	if f.Context.Credential == CredentialAnonymous {
		return f.checkAnonymous()
	}
	return f.checkKnown()
}

func (f *Fields) checkAnonymous() error {
	if f.ID != AnonymousID {
		return errors.New("sub: somebody, where the credential says nobody")
	}
	if f.Context.Tenant != "" || f.Scope != "" || f.Context.SecondFactor {
		return errors.New("an anonymous caller has no tenant, no scope and no second factor")
	}
	return nil
}

func (f *Fields) checkKnown() error {
	if _, err := ParseID(string(f.ID)); err != nil {
		return fmt.Errorf("sub: %w", err)
	}
	if _, err := ParseTenant(string(f.Context.Tenant)); err != nil {
		return fmt.Errorf("tenant: %w", err)
	}
	switch f.Context.Credential {
	case CredentialBearer, CredentialAPIKey, CredentialClientCert, CredentialBasic:
		return nil
	}
	return errors.New("credential: one of the known kinds is required")
}
