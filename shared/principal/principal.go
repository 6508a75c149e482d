// Package principal says who is asking, and holds the only proof of it: the
// Txn-Token (IETF OAuth Transaction Tokens), made by the gateway with a [Signer]
// and verified by every service with a [Verifier].
//
// [Fields] is an assertion that anybody may fill in. [Principal] is proof: only
// [Verifier.Verify] makes one that is valid.
package principal

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
)

// Fields is what a Txn-Token says. The gateway fills it in after it has
// authenticated the request; services read it from a [Principal].
type Fields struct {
	ID       ID       `json:"sub"`            // who asks; [AnonymousID] when nobody is known
	Txn      string   `json:"txn"`            // the transaction; see [NewTxn]
	Scope    string   `json:"scope,omitzero"` // space-separated, RFC 6749 §3.3; empty grants nothing
	Workload Workload `json:"req_wl"`         // the workload that asked for the token
	Context  Context  `json:"tctx"`           // how the caller was authenticated
	Request  Request  `json:"rctx,omitzero"`  // where the request came from
}

// Context is how the caller was authenticated (the token's tctx).
type Context struct {
	Tenant       Tenant     `json:"tenant,omitzero"`        // empty for anonymous callers only
	Issuer       string     `json:"issuer,omitzero"`        // who authenticated the caller first
	Client       string     `json:"client_id,omitzero"`     // the OAuth client, or the key's id
	Credential   Credential `json:"credential"`             // what kind of credential was shown
	ACR          string     `json:"acr,omitzero"`           // authentication context class
	AMR          []string   `json:"amr,omitempty"`          // authentication methods, RFC 8176
	AuthTime     int64      `json:"auth_time,omitzero"`     // Unix seconds; 0 is unknown
	SecondFactor bool       `json:"second_factor,omitzero"` // decided by the gateway from the issuer's settings
	Route        string     `json:"route,omitzero"`         // the gateway's name of the route taken
}

// Request is the request's own context (the token's rctx).
type Request struct {
	Address string `json:"address,omitzero"` // the client's IP address, without a port
}

// Principal is who asks and through whom, proved. The zero value proves nothing:
// Valid is false, every id is empty and no scope is held.
type Principal struct {
	proof *proof // shared with the verifier's cache, so never written to
	peer  Workload
	once  *Once // nil: the request may be done as often as it comes
}

// Valid reports whether p came out of a verifier.
func (p Principal) Valid() bool { return p.proof != nil }

// ID is the caller's name, unique in the trust domain.
func (p Principal) ID() ID { return p.said().ID }

// Tenant is the tenant the caller acts in; empty for anonymous callers.
func (p Principal) Tenant() Tenant { return p.said().Context.Tenant }

// Peer is the workload that carried the request here, known from its TLS
// certificate and not from the token.
func (p Principal) Peer() Workload { return p.peer }

// Txn is the id of the transaction, the same in every service it passes.
func (p Principal) Txn() string { return p.said().Txn }

// Scope is the space-separated list of scopes, as the token has it.
func (p Principal) Scope() string { return p.said().Scope }

// HasScope reports whether the caller's token holds exactly this scope.
func (p Principal) HasScope(scope string) bool {
	for held := range strings.SplitSeq(p.Scope(), " ") {
		if held == scope {
			return scope != ""
		}
	}
	return false
}

// SecondFactor reports whether the caller logged in with a second factor.
func (p Principal) SecondFactor() bool { return p.said().Context.SecondFactor }

// Anonymous reports whether this is proof that nobody in particular asks. It is
// false for the zero Principal, which is no proof at all.
func (p Principal) Anonymous() bool { return p.ID() == AnonymousID }

// Fields returns a copy of all that the token says, for the record.
func (p Principal) Fields() Fields {
	fields := *p.said()
	fields.Context.AMR = slices.Clone(fields.Context.AMR)
	return fields
}

// Token returns the Txn-Token itself, so that a service can ask another one on
// behalf of the same caller. It is a credential: forward it, never log it.
func (p Principal) Token() string {
	if p.proof == nil {
		return ""
	}
	return p.proof.token
}

// String names the caller and the peer, and keeps the token out of logs.
func (p Principal) String() string {
	if !p.Valid() {
		return "nobody"
	}
	return fmt.Sprintf("%s through %s", p.ID(), p.peer)
}

// LogValue implements [slog.LogValuer].
func (p Principal) LogValue() slog.Value { return slog.StringValue(p.String()) }

func (p Principal) said() *Fields {
	if p.proof == nil {
		return new(Fields)
	}
	return &p.proof.fields
}
