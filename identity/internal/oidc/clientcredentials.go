package oidc

import (
	"context"

	"innerdoor.example/identity/internal/store"
)

// clientToken gives a client a token of its own (RFC 6749 §4.4).
func (p *Provider) clientToken(ctx context.Context, client store.Client, given params) (issued, error) {
	if client.Public() || client.Tenant == "" {
		return issued{}, fault("unauthorized_client", "this client has no tokens of its own")
	}
	if !validScope(given["scope"]) {
		return issued{}, fault("invalid_scope", "scope is required, and must be well-formed")
	}
	scope := narrow(given["scope"], client.Scopes)
	if scope == "" {
		return issued{}, fault("invalid_scope", "none of these scopes can be had")
	}
	return p.accessToken(ctx, accessFields{
		common: common{Subject: client.ID}, Client: client.ID, Scope: scope, Tenant: client.Tenant,
	})
}
