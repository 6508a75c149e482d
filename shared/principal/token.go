package principal

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// Lifetime is how long a Txn-Token lives: one request, not a session.
const Lifetime = 60 * time.Second

const (
	maxToken = 8 << 10
	// skew is how far the gateway's clock may be ahead of a service's. There is
	// no leeway at the end: the lifetime is short on purpose.
	skew = 5 * time.Second
)

// payload is the body of a Txn-Token. The names are the draft's.
type payload struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	IssuedAt int64  `json:"iat"` // Unix seconds, as RFC 7519 §2 has them
	Expires  int64  `json:"exp"`
	Fields   `json:",inline"`
}

// proof is a token whose signature and content were found good. What depends on
// the time, or on who carried it, is looked at on every use.
type proof struct {
	token           string
	fields          Fields
	issued, expires int64
}

// header is the exact first part of every token under the key with this id. It is
// compared and never parsed: alg, typ, crit and jwk tricks have nothing to talk to.
func header(kid string) string {
	return encode([]byte(`{"typ":"txntoken+jwt","alg":"EdDSA","kid":"` + kid + `"}`))
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// decode reads strict base64url. Go skips CR and LF even when Strict, so they are
// refused here: one token must have one spelling.
func decode(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, errors.New("line break in base64url")
	}
	return base64.RawURLEncoding.Strict().DecodeString(s)
}

// parse reads and checks the payload of a token whose signature was found good.
// Duplicate members and invalid UTF-8 are refused; unknown members are not, since
// old and new processes run side by side during a roll-out (RFC 7519 §4).
func parse(token, body string) (*proof, error) {
	raw, err := decode(body)
	if err != nil {
		return nil, fmt.Errorf("payload: %w", err)
	}
	var p payload
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, errors.New("payload: not one JSON object of the right form")
	}
	switch {
	case p.Issuer != Gateway.SPIFFEID():
		return nil, errors.New("iss: not the gateway")
	case p.Audience != TrustDomain:
		return nil, errors.New("aud: not this trust domain")
	case p.IssuedAt <= 0 || p.Expires <= p.IssuedAt || p.Expires-p.IssuedAt > int64(Lifetime/time.Second):
		return nil, errors.New("iat and exp: not a lifetime of at most a minute")
	}
	if err := p.Fields.check(); err != nil {
		return nil, err
	}
	return &proof{token: token, fields: p.Fields, issued: p.IssuedAt, expires: p.Expires}, nil
}

// current refuses a proof outside its lifetime. What expires at T is refused at T.
func (p *proof) current(now time.Time) error {
	switch {
	case now.Unix() >= p.expires:
		return errors.New("expired")
	case now.Add(skew).Unix() < p.issued:
		return errors.New("issued in the future")
	}
	return nil
}
