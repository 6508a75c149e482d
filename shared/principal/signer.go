package principal

import (
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"

	"innerdoor.example/shared/internal/follow"
)

// Signer makes Txn-Tokens. Only the gateway has one.
type Signer struct{ key *follow.Value[*signingKey] }

type signingKey struct {
	private ed25519.PrivateKey
	public  jose.JSONWebKey
	header  string
}

// NewSigner makes a Signer that always signs with key.
func NewSigner(key ed25519.PrivateKey) (*Signer, error) {
	k, err := newSigningKey(key)
	if err != nil {
		return nil, err
	}
	return &Signer{key: follow.Fixed(k)}, nil
}

// LoadSigner makes a Signer from a file with one Ed25519 key in PKCS#8 PEM. The
// file is read again when it changes; the last good key is kept.
func LoadSigner(file string) (*Signer, error) {
	key, err := follow.Files("txn-token key", parseSigningKey, follow.File{Name: "the file", Path: file})
	if err != nil {
		return nil, fmt.Errorf("txn-token key: %w", err)
	}
	return &Signer{key: key}, nil
}

// Sign makes a Txn-Token that says f and lives for [Lifetime] from now on. It
// fails if f says what no verifier would believe.
func (s *Signer) Sign(f Fields, now time.Time) (string, error) {
	if err := f.check(); err != nil {
		return "", fmt.Errorf("txn-token: %w", err)
	}
	body, err := json.Marshal(payload{
		Issuer:   Gateway.SPIFFEID(),
		Audience: TrustDomain,
		IssuedAt: now.Unix(),
		Expires:  now.Add(Lifetime).Unix(),
		Fields:   f,
	})
	if err != nil {
		return "", fmt.Errorf("txn-token: %w", err)
	}
	key := s.key.Get(now)
	signed := key.header + "." + encode(body)
	token := signed + "." + encode(ed25519.Sign(key.private, []byte(signed)))
	if len(token) > maxToken {
		return "", fmt.Errorf("txn-token: %d bytes, more than %d", len(token), maxToken)
	}
	return token, nil
}

// Public returns the public half of the key in use, as it belongs into the key set
// that the verifiers load. Its id is the key's thumbprint (RFC 7638).
func (s *Signer) Public() jose.JSONWebKey { return s.key.Last().public }

func newSigningKey(key ed25519.PrivateKey) (*signingKey, error) {
	if len(key) != ed25519.PrivateKeySize {
		return nil, errors.New("not an Ed25519 private key")
	}
	public := jose.JSONWebKey{Key: key.Public(), Algorithm: string(jose.EdDSA), Use: "sig"}
	kid, err := thumbprint(public)
	if err != nil {
		return nil, err
	}
	public.KeyID = kid
	return &signingKey{private: key, public: public, header: header(kid)}, nil
}

func parseSigningKey(files [][]byte) (*signingKey, error) {
	block, rest := pem.Decode(files[0])
	if block == nil || block.Type != "PRIVATE KEY" || len(rest) != 0 {
		return nil, errors.New("not one PEM block of type PRIVATE KEY")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("not a PKCS#8 private key")
	}
	private, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, errors.New("not an Ed25519 private key")
	}
	return newSigningKey(private)
}

// thumbprint is the key's id, RFC 7638 with SHA-256.
func thumbprint(key jose.JSONWebKey) (string, error) {
	sum, err := key.Thumbprint(crypto.SHA256)
	if err != nil {
		return "", err
	}
	return encode(sum), nil
}
