package edge

import (
	"net"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"innerdoor.example/gateway/internal/route"
	"innerdoor.example/shared/web"
)

const (
	maxHeader     = 16 << 10 // net/http's own limit is 4 KiB more on a connection's second request
	maxPath       = 2 << 10
	maxQuery      = 4 << 10
	maxParameters = 100
)

func malformed(detail string) error { return &web.Error{Kind: web.Malformed, Detail: detail} }

var singletons = []string{"Authorization", "Content-Type", "Idempotency-Key", "If-Match"}

// headerGate refuses what two readers could read in two ways. What a name or value
// may be made of at all, net/http has checked already (RFC 9110 §5).
func headerGate(x *Exchange) error {
	if !slices.Contains(route.Methods, x.In.Method) {
		return web.NotAllowed(route.Methods)
	}
	size := len(x.In.RequestURI)
	for name, values := range x.In.Header {
		if strings.Contains(name, "_") {
			return malformed("a header field's name has an underscore") // some read it as a hyphen
		}
		for _, value := range values {
			size += len(name) + len(value) + len(": \r\n")
		}
	}
	if size > maxHeader {
		return &web.Error{Kind: web.HeaderTooLarge}
	}
	for _, name := range singletons {
		if len(x.In.Header[name]) > 1 {
			return malformed(name + " is given more than once")
		}
	}
	return nil
}

// pathGate judges the request target as it came, before anything is decoded,
// cleaned or matched, and refuses instead of repairing.
func (e *Edge) pathGate(x *Exchange) error {
	if !slices.Contains(e.hosts, strings.ToLower(x.In.Host)) {
		return &web.Error{Kind: web.Misdirected}
	}
	path, query, _ := strings.Cut(x.In.RequestURI, "?")
	if err := checkPath(path); err != nil {
		return err
	}
	return checkQuery(query)
}

// checkPath accepts origin-form only (RFC 9112 §3.2.1), in one spelling: no empty
// or dot segments, plain or encoded, and no encoded separators or controls.
func checkPath(path string) error {
	if len(path) > maxPath || !strings.HasPrefix(path, "/") {
		return malformed("the request target is not a path")
	}
	for segment := range strings.SplitSeq(path[1:], "/") {
		decoded, err := url.PathUnescape(segment)
		switch {
		case segment == "" && path != "/":
			return malformed("the path has an empty segment")
		case err != nil || !utf8.ValidString(decoded), strings.ContainsFunc(segment, notInPath), strings.ContainsFunc(decoded, deceptive):
			return malformed("the path has a character that is not allowed")
		case decoded == "." || strings.Contains(decoded, ".."):
			return malformed("the path has dots that some reader would follow")
		case strings.Contains(strings.ToLower(segment), "%2e"):
			return malformed("the path has an encoded dot")
		}
	}
	return nil
}

// notInPath is what RFC 3986 §3.3 does not allow raw in a segment.
func notInPath(r rune) bool {
	return r <= ' ' || r > '~' || strings.ContainsRune("\"#<>[\\]^`{|}", r)
}

// deceptive is what some reader behind us could take for something else.
func deceptive(r rune) bool {
	return r < ' ' || r >= 0x7f && r < 0xa0 || strings.ContainsRune(`/\;%`, r)
}

func checkQuery(query string) error {
	if len(query) > maxQuery || strings.Count(query, "&") >= maxParameters {
		return malformed("the query is too long")
	}
	if strings.ContainsFunc(query, func(r rune) bool { return r <= ' ' || r > '~' || r == '#' }) {
		return malformed("the query has a character that is not allowed")
	}
	if _, err := url.ParseQuery(query); err != nil {
		return malformed("the query cannot be read")
	}
	return nil
}

// hosts lists the Host values that mean us. This machine by one of its names is
// this machine by each of them.
func hosts(public *url.URL) []string {
	names := []string{strings.ToLower(public.Hostname())}
	if loopback := []string{"localhost", "127.0.0.1", "::1"}; slices.Contains(loopback, names[0]) {
		names = loopback
	}
	usual := map[string]string{"http": "80", "https": "443"}[public.Scheme]
	port := public.Port()
	var out []string
	for _, name := range names {
		if port != "" {
			out = append(out, net.JoinHostPort(name, port))
		}
		if port == "" || port == usual {
			out = append(out, strings.TrimSuffix(net.JoinHostPort(name, ""), ":"), net.JoinHostPort(name, usual))
		}
	}
	return out
}
