package ratelimit

import "net/netip"

// Address is the key for a client's address: an IPv4 address is itself, an IPv6
// address stands for its /64, because one subscriber owns all of that.
func Address(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return a
	}
	prefix, err := a.Prefix(64)
	if err != nil {
		return netip.Addr{} // no address at all: those share one key
	}
	return prefix.Addr()
}
