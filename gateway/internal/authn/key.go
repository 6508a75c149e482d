package authn

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

const (
	maxKeys    = 64
	minRSABits = 2048
)

// key is one usable public key of an issuer, with the algorithms pinned that it
// may be used with. It is go-oidc's KeySet of one key: which one is settled
// before go-oidc is asked.
type key struct {
	jwk        jose.JSONWebKey
	algorithms []jose.SignatureAlgorithm
	print      string // RFC 7638 thumbprint: the same key again is the same key
}

// VerifySignature implements oidc.KeySet.
func (k *key) VerifySignature(_ context.Context, token string) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(token, k.algorithms)
	if err != nil {
		return nil, err
	}
	return jws.Verify(k.jwk)
}

// parseKeys reads a JWK set (RFC 7517 §5). A key that is no good is skipped and
// harms no other; a set without a good key is an error.
func parseKeys(data []byte, allowed []jose.SignatureAlgorithm) (map[string]*key, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, errors.New("the answer is not a JWK set")
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("the set has more than %d keys", maxKeys)
	}
	keys := map[string]*key{}
	for _, raw := range set.Keys {
		k, err := parseKey(raw, allowed)
		if err != nil {
			continue
		}
		if _, taken := keys[k.jwk.KeyID]; !taken { // the first keeps its name
			keys[k.jwk.KeyID] = k
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("the set has no usable key")
	}
	return keys, nil
}

func parseKey(raw []byte, allowed []jose.SignatureAlgorithm) (*key, error) {
	var k key
	var extra struct {
		Operations []string `json:"key_ops"`
	}
	if err := errors.Join(k.jwk.UnmarshalJSON(raw), json.Unmarshal(raw, &extra)); err != nil {
		return nil, err
	}
	if k.jwk.KeyID == "" || k.jwk.Use != "" && k.jwk.Use != "sig" {
		return nil, errors.New("no kid, or not for signatures")
	}
	if extra.Operations != nil && !slices.Contains(extra.Operations, "verify") {
		return nil, errors.New("key_ops does not say verify")
	}
	for _, a := range fitting(k.jwk.Key) {
		if slices.Contains(allowed, a) && (k.jwk.Algorithm == "" || k.jwk.Algorithm == string(a)) {
			k.algorithms = append(k.algorithms, a)
		}
	}
	if len(k.algorithms) == 0 {
		return nil, errors.New("no allowed algorithm fits the key")
	}
	sum, err := k.jwk.Thumbprint(crypto.SHA256)
	k.print = string(sum)
	return &k, err
}

// fitting lists the algorithms a public key can be used with; for a private, a
// symmetric or a weak key there is none.
func fitting(public any) []jose.SignatureAlgorithm {
	switch public := public.(type) {
	case *ecdsa.PublicKey:
		switch public.Curve {
		case elliptic.P256():
			return []jose.SignatureAlgorithm{jose.ES256}
		case elliptic.P384():
			return []jose.SignatureAlgorithm{jose.ES384}
		}
	case ed25519.PublicKey:
		return []jose.SignatureAlgorithm{jose.EdDSA}
	case *rsa.PublicKey:
		if public.N.BitLen() >= minRSABits {
			return []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512}
		}
	}
	return nil
}
