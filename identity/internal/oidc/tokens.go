package oidc

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"innerdoor.example/identity/internal/account"
	"innerdoor.example/identity/internal/store"
	"innerdoor.example/shared/principal"
)

// tokenLife is how long every token lives.
const tokenLife = 5 * time.Minute

// common is what access tokens and ID tokens share. Times are unix seconds.
type common struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience string   `json:"aud"`
	IssuedAt int64    `json:"iat"`
	Expires  int64    `json:"exp"`
	AuthTime int64    `json:"auth_time,omitempty"` // of a person's login only, as are acr and amr
	ACR      string   `json:"acr,omitempty"`
	AMR      []string `json:"amr,omitempty"`
}

// accessFields is an access token (RFC 9068 §2.2).
type accessFields struct {
	common
	ID     string           `json:"jti"`
	Client string           `json:"client_id"`
	Scope  string           `json:"scope"`
	Tenant principal.Tenant `json:"tenant"`
}

// idFields is an ID token (OpenID Connect Core §2).
type idFields struct {
	common
	Nonce           string `json:"nonce,omitempty"`
	AccessTokenHash string `json:"at_hash"`
}

// personTokens issues what a code stands for.
func (p *Provider) personTokens(ctx context.Context, person store.Person, code store.Code) (issued, error) {
	about := common{
		Subject:  person.Subject,
		AuthTime: time.UnixMilli(code.AuthTime).Unix(),
		ACR:      code.ACR,
		AMR:      account.AMR(code.ACR),
	}
	answer, err := p.accessToken(ctx, accessFields{common: about, Client: code.Client, Scope: code.Scope, Tenant: person.Tenant})
	if err != nil || !has(code.Scope, openID) {
		return answer, err
	}
	answer.IDToken, err = p.Keys.Sign(ctx, "JWT", idFields{
		common:          p.stamp(about, code.Client),
		Nonce:           code.Nonce,
		AccessTokenHash: halfHash(answer.AccessToken),
	})
	return answer, err
}

// accessToken issues an access token for our services.
func (p *Provider) accessToken(ctx context.Context, f accessFields) (issued, error) {
	f.common = p.stamp(f.common, p.Audience)
	f.ID = store.NewHandle()
	token, err := p.Keys.Sign(ctx, "at+jwt", f)
	return issued{AccessToken: token, TokenType: "Bearer", ExpiresIn: int64(tokenLife / time.Second), Scope: f.Scope}, err
}

// stamp completes what every token says of itself.
func (p *Provider) stamp(c common, audience string) common {
	now := p.Now()
	c.Issuer, c.Audience = p.issuer(), audience
	c.IssuedAt, c.Expires = now.Unix(), now.Add(tokenLife).Unix()
	return c
}

// halfHash is the left half of the SHA-256, for at_hash (OpenID Connect Core §3.1.3.6).
func halfHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}
