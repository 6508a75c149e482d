package oidc

import (
	"net/url"
	"strconv"
	"strings"

	"innerdoor.example/identity/internal/store"
)

// redirectable says whether the client has registered the URI. It is compared as
// text, whole; only for the loopback interface any port does (RFC 8252 §7.3),
// because a native application gets its port from the operating system.
func redirectable(client store.Client, uri string) bool {
	for registered := range strings.FieldsSeq(client.RedirectURIs) {
		if uri == registered || anyPort(uri) == anyPort(registered) {
			return true
		}
	}
	return false
}

// anyPort takes the port out of a loopback URI. No URL parser is asked, so there is
// nothing that it could read differently from a browser.
func anyPort(uri string) string {
	for _, loopback := range []string{"http://127.0.0.1", "http://[::1]"} {
		rest, found := strings.CutPrefix(uri, loopback+":")
		if !found {
			continue
		}
		path := strings.TrimLeft(rest, "0123456789")
		if port, err := strconv.ParseUint(rest[:len(rest)-len(path)], 10, 16); err == nil && port > 0 {
			return loopback + path
		}
	}
	return uri
}

// location adds parameters to a redirect URI, beside those that it has.
func location(uri string, add url.Values) string {
	separator := "?"
	if strings.Contains(uri, "?") {
		separator = "&"
	}
	return uri + separator + add.Encode()
}
