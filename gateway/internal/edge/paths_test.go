package edge_test

import (
	"strings"
	"testing"
)

// P1, P2, P3, P4, P7: refused before anything is matched; never redirected, never forwarded.
func TestAPathWithTwoReadingsIsRefused(t *testing.T) {
	s := start(t, options{})
	for _, target := range []string{
		"/public/../claims/c-bob", "/claims/../claims/c-bob", "/claims/./c-bob", "/claims/c-bob/..", "/..", "/.", "/claims/...",
		"/claims/%2e%2e/c-bob", "/claims/%2E/c-bob", "/claims/.%2e/c-bob", "/claims/c%2ebob", "/claims%2e/c-bob", "/api../claims",
		"/claims%2fc-bob", "/claims%2Fc-bob", "/claims/c-bob%5c..", `/claims\c-bob`, "/claims/c-bob;a=b", "/claims;/c-bob", "/claims/..;/x", "/claims/c%3bob",
		"//claims/c-bob", "/claims//c-bob", "/claims/c-bob//", "/claims/c-bob/", "///",
		"/claims/%252e%252e", "/claims/c-bob%25", "/claims/c-bob%00", "/claims/c%0d%0abob", "/claims/c%7f", "/claims/%ff", "/claims/%c0%ae", "/claims/%ed%a0%80", "/claims/%C2%85",
		"/claims/c-bob%", "/claims/c-bob%zz", "/claims/c-bob%2", "/claims/\x01", "/claims/c|bob", "/claims/c\"bob", "/claims/<c>", "/claims/ä", "/claims/c^b",
		"claims/c-bob", "*", "?", "", "http:/claims", "/claims/" + strings.Repeat("a", 3000),
		"/claims/c-bob#x", "/claims?a=%", "/claims?a;b", "/claims?a=\x7f", "/claims?" + strings.Repeat("a", 5000), "/claims?" + strings.Repeat("a&", 101),
	} {
		got := s.raw(t, "GET "+target+" HTTP/1.1\nHost: $HOST\nAuthorization: $ALICE\n\n")
		if got.status != 400 {
			t.Errorf("%.60q: got %d", target, got.status)
		}
		if seen := s.arrived(); len(seen) != 0 {
			t.Errorf("%.60q arrived as %s", target, seen[0].Target)
		}
	}
	for target, want := range map[string]string{
		"/claims/c-bob":                "/claims/c-bob",
		"/claims?region=eu&text=a%20b": "/claims?region=eu&text=a%20b",
		"/claims/a.b":                  "/claims/a.b",
		"/claims/%63-bob":              "/claims/c-bob", // P6: one reading, rebuilt
		"/claims/%C3%A4":               "/claims/%C3%A4",
		"/claims/x/delegates":          "/claims/x/delegates",
		"/claims/decisions/01ABC":      "/claims/decisions/01ABC",
		"/claims/?":                    "",
		"/claims/a%7Cb":                "/claims/a%7Cb",
		"/claims/a:b@c":                "/claims/a:b@c",
	} {
		got := s.raw(t, "GET "+target+" HTTP/1.1\nHost: $HOST\nAuthorization: $ALICE\n\n")
		if want == "" {
			got.problem(t, 400)
			continue
		}
		if a := s.one(t, "claims"); got.status != 200 || a.Target != want {
			t.Errorf("%s: %d, arrived as %s, want %s", target, got.status, a.Target, want)
		}
	}
}

// P5
func TestOnlyOurOwnHostIsServed(t *testing.T) {
	s := start(t, options{})
	port := s.host[strings.LastIndex(s.host, ":"):]
	for host, status := range map[string]int{
		"evil.example":            421,
		"evil.example" + port:     421,
		"localhost":               421, // another port is another origin
		"localhost." + port:       421,
		"localhost" + port + ".":  421,
		"localhost" + port + "@x": 421,
		"127.0.0.2" + port:        421,
		"":                        421,
		"localhost" + port:        200,
		"LocalHost" + port:        200,
		"127.0.0.1" + port:        200,
		"[::1]" + port:            200,
	} {
		got := s.raw(t, "GET /claims/c-alice HTTP/1.1\nHost: "+host+"\nAuthorization: $ALICE\n\n")
		if got.status != status && !(status == 421 && got.status == 400) {
			t.Errorf("%q: got %d, want %d", host, got.status, status)
		}
	}
	s.arrived()
	for name, request := range map[string]string{
		"absolute form, another host": "GET http://evil.example/claims/c-alice HTTP/1.1\nHost: $HOST\nAuthorization: $ALICE\n\n",
		"absolute form":               "GET http://$HOST/claims/c-alice HTTP/1.1\nHost: $HOST\nAuthorization: $ALICE\n\n",
		"two hosts":                   "GET /claims/c-alice HTTP/1.1\nHost: $HOST\nHost: evil.example\nAuthorization: $ALICE\n\n",
		"no host":                     "GET /claims/c-alice HTTP/1.1\nAuthorization: $ALICE\n\n",
		"no host, HTTP/1.0":           "GET /claims/c-alice HTTP/1.0\nAuthorization: $ALICE\n\n",
	} {
		if got := s.raw(t, request); got.status != 400 && got.status != 421 {
			t.Errorf("%s: got %d", name, got.status)
		}
	}
	if seen := s.arrived(); len(seen) != 0 {
		t.Errorf("arrived: %+v", seen)
	}
}
