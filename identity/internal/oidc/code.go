package oidc

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"regexp"

	"innerdoor.example/identity/internal/store"
)

var errGrant = fault("invalid_grant", "the code is not valid: it may have been used, have expired or belong to another request")

// verifierForm is RFC 7636 §4.1.
var verifierForm = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

// redeem exchanges an authorization code (RFC 6749 §4.1.3, RFC 7636 §4.5). A code
// is spent by the first try of its client, even if that fails: nobody gets to guess.
func (p *Provider) redeem(ctx context.Context, client store.Client, given params) (issued, error) {
	switch {
	case client.RedirectURIs == "":
		return issued{}, fault("unauthorized_client", "this client may not use authorization codes")
	case given["code"] == "" || given["redirect_uri"] == "" || given["code_verifier"] == "":
		return issued{}, fault("invalid_request", "code, redirect_uri and code_verifier are required")
	}
	code, err := p.Store.TakeCode(ctx, client.ID, given["code"], p.Now())
	if errors.Is(err, store.ErrAbsent) {
		return issued{}, errGrant
	}
	if err != nil {
		return issued{}, err
	}
	if code.RedirectURI != given["redirect_uri"] || !proves(given["code_verifier"], code.Challenge) {
		return issued{}, errGrant
	}
	person, err := p.Store.Person(ctx, code.Subject)
	if errors.Is(err, store.ErrAbsent) {
		return issued{}, errGrant
	}
	if err != nil {
		return issued{}, err
	}
	return p.personTokens(ctx, person, code)
}

// proves says whether the verifier is the one behind the challenge (S256).
func proves(verifier, challenge string) bool {
	sum := sha256.Sum256([]byte(verifier))
	made := base64.RawURLEncoding.EncodeToString(sum[:])
	return verifierForm.MatchString(verifier) && subtle.ConstantTimeCompare([]byte(made), []byte(challenge)) == 1
}
