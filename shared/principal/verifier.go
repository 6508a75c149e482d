package principal

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"

	"innerdoor.example/shared/internal/follow"
)

// Verifier turns Txn-Tokens into Principals. It is safe for concurrent use.
type Verifier struct{ keys *follow.Value[*keyring] }

// keyring is one set of keys and what was verified under it. They live and die
// together, so that a key that is taken away takes its cached tokens along.
type keyring struct {
	keys  map[string]ed25519.PublicKey // by the exact header of the tokens they sign
	cache cache
}

// NewVerifier makes a Verifier that always uses keys.
func NewVerifier(keys jose.JSONWebKeySet) (*Verifier, error) {
	ring, err := newKeyring(keys)
	if err != nil {
		return nil, err
	}
	return &Verifier{keys: follow.Fixed(ring)}, nil
}

// LoadVerifier makes a Verifier from a JWK set file (RFC 7517 §5). The file is read
// again when it changes; the last good set is kept.
func LoadVerifier(file string) (*Verifier, error) {
	keys, err := follow.Files("txn-token key set", parseKeyring, follow.File{Name: "the file", Path: file})
	if err != nil {
		return nil, fmt.Errorf("txn-token key set: %w", err)
	}
	return &Verifier{keys: keys}, nil
}

// Verify is the only way to a Principal. peer is the workload that presents the
// token, known from its TLS certificate; it is part of the answer and never cached
// with the token. The error says what is wrong, for the log, and holds nothing of
// the token.
func (v *Verifier) Verify(token string, peer Workload, now time.Time) (Principal, error) {
	if peer == "" {
		return Principal{}, errors.New("txn-token: presented by nobody")
	}
	p, err := v.prove(token, now)
	if err != nil {
		return Principal{}, fmt.Errorf("txn-token: %w", err)
	}
	return Principal{proof: p, peer: peer}, nil
}

func (v *Verifier) prove(token string, now time.Time) (*proof, error) {
	ring := v.keys.Get(now)
	if p, ok := ring.cache.get(token); ok {
		return p, p.current(now)
	}
	p, err := ring.verify(token)
	if errors.Is(err, errUnknownKey) {
		ring = v.keys.Refresh() // a rotation may be newer than the last look
		p, err = ring.verify(token)
	}
	if err != nil {
		return nil, err
	}
	if err := p.current(now); err != nil {
		return nil, err
	}
	ring.cache.put(token, p)
	return p, nil
}

var errUnknownKey = errors.New("header: not that of a known key")

func (r *keyring) verify(token string) (*proof, error) {
	if len(token) > maxToken {
		return nil, errors.New("too long")
	}
	signed, sig, ok := cutLast(token)
	head, body, two := strings.Cut(signed, ".")
	if !ok || !two {
		return nil, errors.New("not of three parts")
	}
	key, known := r.keys[head]
	if !known {
		return nil, errUnknownKey
	}
	signature, err := decode(sig)
	if err != nil {
		return nil, fmt.Errorf("signature: %w", err)
	}
	if !ed25519.Verify(key, []byte(signed), signature) {
		return nil, errors.New("signature: wrong")
	}
	return parse(token, body)
}

// cutLast cuts s around its last dot. A dot too many is left in the payload, where
// base64 refuses it.
func cutLast(s string) (before, after string, found bool) {
	i := strings.LastIndexByte(s, '.')
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

func parseKeyring(files [][]byte) (*keyring, error) {
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(files[0], &set); err != nil {
		return nil, errors.New("not a JWK set")
	}
	return newKeyring(set)
}

// newKeyring refuses the whole set for one bad key: the set is our own, so what is
// wrong in it is a mistake to be told, and the last good set goes on meanwhile.
func newKeyring(set jose.JSONWebKeySet) (*keyring, error) {
	if len(set.Keys) == 0 {
		return nil, errors.New("no keys")
	}
	keys := make(map[string]ed25519.PublicKey, len(set.Keys))
	for i, key := range set.Keys {
		public, ok := key.Key.(ed25519.PublicKey)
		if !ok || key.Algorithm != string(jose.EdDSA) || key.Use != "sig" {
			return nil, fmt.Errorf("key %d: not a public Ed25519 key with alg EdDSA and use sig", i)
		}
		kid, err := thumbprint(key)
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", i, err)
		}
		if key.KeyID != kid {
			return nil, fmt.Errorf("key %d: kid is not the key's thumbprint (RFC 7638)", i)
		}
		keys[header(kid)] = public
	}
	return &keyring{keys: keys}, nil
}
