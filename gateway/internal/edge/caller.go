package edge

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"innerdoor.example/gateway/internal/authn"
	"innerdoor.example/gateway/internal/ratelimit"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/web"
)

// client returns the address of who asks: the peer's, or if that is a trusted
// proxy the last address in X-Forwarded-For that is none. No other field counts.
func (e *Edge) client(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.IPv6Unspecified() // not a TCP peer: all of those are one
	}
	address := peer.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header["X-Forwarded-For"], ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !e.trusted(address) {
			break
		}
		next, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		address = next.Unmap().WithZone("")
	}
	return address
}

func (e *Edge) trusted(a netip.Addr) bool {
	return slices.ContainsFunc(e.Trusted, func(p netip.Prefix) bool { return p.Contains(a) })
}

func (e *Edge) limitAddress(x *Exchange) error {
	return charge(e, e.address, ratelimit.Address(x.Address), x, false)
}

// authenticate asks the route's authenticator. A failure is charged to the
// address; when that has failed too often, further failures are answered 429. A
// credential that is good is never affected by others' failures.
func (e *Edge) authenticate(x *Exchange) error {
	authenticator, ok := e.Authenticators[x.Route.Auth]
	if !ok {
		return fmt.Errorf("no authenticator for %q", x.Route.Auth)
	}
	fields, err := authenticator(x.In.Context(), x.In)
	switch {
	case err == nil:
		txn := x.Caller.Txn
		x.Caller = fields
		x.Caller.Txn = txn
		return nil
	case errors.Is(err, authn.ErrUnavailable):
		return &web.Error{Kind: web.Unavailable, RetryAfter: 2 * time.Second, Err: err}
	case errors.Is(err, authn.ErrAmbiguous):
		return &web.Error{Kind: web.Malformed, Detail: "send exactly one credential, in the Authorization field", Err: err}
	case errors.Is(err, authn.ErrMissing):
		return e.challenge("", err)
	}
	if limited := charge(e, e.failures, ratelimit.Address(x.Address), x, false); limited != nil {
		return limited
	}
	return e.challenge("invalid_token", err)
}

// challenge says how to get in (RFC 6750 §3, RFC 9728 §5.1).
func (e *Edge) challenge(code string, err error) error {
	value := web.Challenge("error", code, "resource_metadata", e.PublicURL.String()+metadataPath)
	return &web.Error{Kind: web.Unauthenticated, Header: http.Header{"WWW-Authenticate": {value}}, Err: err}
}

// caller is whose limit is charged: the principal, or where nobody is asked for
// the address.
type caller struct {
	id      principal.ID
	address netip.Addr
}

func (e *Edge) limitCaller(x *Exchange) error {
	key := caller{id: x.Caller.ID}
	if key.id == principal.AnonymousID {
		key.address = ratelimit.Address(x.Address)
	}
	return charge(e, e.callers[x.Route.Limit], key, x, true)
}
