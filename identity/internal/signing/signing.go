// Package signing holds the keys with which identity signs tokens: ES256 (RFC 7518
// §3.4), made at first start and kept in the database. The next key is published
// long before it signs, and the previous one until the next rotation, so that a
// rotation needs no pause and no coordination.
package signing

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"

	"innerdoor.example/identity/internal/store"
)

// Algorithm is the only one that identity signs with.
const Algorithm = jose.ES256

// settle is how long a key must have signed before the next rotation: the tokens
// of the key that a rotation drops have expired by then, and everybody has
// fetched the key that it puts to work.
const settle = 15 * time.Minute

// Keys is where the keys are kept.
type Keys interface {
	Keys(ctx context.Context) ([]store.Key, error)
	ChangeKeys(ctx context.Context, change func([]store.Key) ([]store.Key, error)) error
}

// Ring signs with the current key and publishes all. Every call reads the keys
// anew, so a rotation by another process takes effect at once.
type Ring struct{ keys Keys }

// Open returns the ring of the keys, and makes those that do not exist yet.
func Open(ctx context.Context, keys Keys, now time.Time) (*Ring, error) {
	err := keys.ChangeKeys(ctx, func(present []store.Key) ([]store.Key, error) {
		var missing []store.Key
		for _, role := range []string{store.Current, store.Next} {
			if _, found := find(present, role); found {
				continue
			}
			made, err := generate(role, now)
			if err != nil {
				return nil, err
			}
			missing = append(missing, made)
		}
		return missing, nil
	})
	if err != nil {
		return nil, fmt.Errorf("make the signing keys: %w", err)
	}
	return &Ring{keys: keys}, nil
}

// Sign signs the fields as a compact JWS whose header says typ.
func (r *Ring) Sign(ctx context.Context, typ string, fields any) (string, error) {
	all, err := r.keys.Keys(ctx)
	if err != nil {
		return "", err
	}
	current, found := find(all, store.Current)
	if !found {
		return "", errors.New("there is no current signing key")
	}
	key, err := parse(current)
	if err != nil {
		return "", err
	}
	options := (&jose.SignerOptions{}).WithType(jose.ContentType(typ))
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: Algorithm, Key: key}, options)
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(fields)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// Public returns the public halves of all keys (RFC 7517).
func (r *Ring) Public(ctx context.Context) (jose.JSONWebKeySet, error) {
	all, err := r.keys.Keys(ctx)
	if err != nil {
		return jose.JSONWebKeySet{}, err
	}
	var set jose.JSONWebKeySet
	for _, key := range all {
		parsed, err := parse(key)
		if err != nil {
			return jose.JSONWebKeySet{}, err
		}
		set.Keys = append(set.Keys, parsed.Public())
	}
	return set, nil
}

// Rotate puts the next key to work, keeps the current one published as the
// previous, and makes a new next one.
func (r *Ring) Rotate(ctx context.Context, now time.Time) error {
	return r.keys.ChangeKeys(ctx, func(present []store.Key) ([]store.Key, error) {
		current, _ := find(present, store.Current)
		next, found := find(present, store.Next)
		if !found {
			return nil, errors.New("there is no next signing key")
		}
		if at := time.UnixMilli(next.Since).Add(settle); now.Before(at) {
			return nil, fmt.Errorf("the next key was published less than %s ago: rotate after %s", settle, at.UTC().Format(time.RFC3339))
		}
		made, err := generate(store.Next, now)
		current.Role, next.Role = store.Previous, store.Current
		current.Since, next.Since = now.UnixMilli(), now.UnixMilli()
		return []store.Key{current, next, made}, err
	})
}

func find(keys []store.Key, role string) (store.Key, bool) {
	for _, key := range keys {
		if key.Role == role {
			return key, true
		}
	}
	return store.Key{}, false
}

func generate(role string, now time.Time) (store.Key, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return store.Key{}, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	return store.Key{Role: role, PrivateKey: der, Since: now.UnixMilli()}, err
}

// parse gives the key its id: its thumbprint (RFC 7638).
func parse(key store.Key) (jose.JSONWebKey, error) {
	private, err := x509.ParsePKCS8PrivateKey(key.PrivateKey)
	if err != nil {
		return jose.JSONWebKey{}, fmt.Errorf("the %s signing key: %w", key.Role, err)
	}
	parsed := jose.JSONWebKey{Key: private, Algorithm: string(Algorithm), Use: "sig"}
	thumbprint, err := parsed.Thumbprint(crypto.SHA256)
	parsed.KeyID = base64.RawURLEncoding.EncodeToString(thumbprint)
	return parsed, err
}
