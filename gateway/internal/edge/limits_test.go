package edge_test

import (
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

var proxy = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}

// R3 and R6's neighbour: whoever comes at once, exactly the limit passes, and each person has a limit of their own.
func TestExactlyTheLimitPassesAndOthersAreNotCharged(t *testing.T) {
	const n = 20
	s := start(t, options{routes: shippedRoutes(t, "reads:  {count: 1200, window: 1m}", "reads:  {count: 20, window: 24h}")})
	alice := s.token(t, "alice")
	var passed, limited atomic.Int64
	var wg sync.WaitGroup
	for range n + 100 {
		wg.Go(func() {
			switch got := s.send(t, "GET", "/claims/c-alice", alice, ""); got.status {
			case 200:
				passed.Add(1)
			case 429:
				limited.Add(1)
			}
		})
	}
	wg.Wait()
	if passed.Load() != n || limited.Load() != 100 {
		t.Errorf("%d passed and %d were limited, want %d and 100", passed.Load(), limited.Load(), n)
	}
	if seen := s.arrived(); len(seen) != n {
		t.Errorf("%d arrived, want %d", len(seen), n)
	}
	got := s.send(t, "GET", "/claims/c-alice", s.token(t, "alice"), "") // another token does not help
	got.problem(t, 429)
	if retry, err := strconv.Atoi(got.header.Get("Retry-After")); err != nil || retry < 1 {
		t.Errorf("Retry-After %q", got.header.Get("Retry-After"))
	}
	if got.header.Get("RateLimit-Policy") != `"reads";q=20;w=86400` || !strings.HasPrefix(got.header.Get("RateLimit"), `"reads";r=0;t=`) {
		t.Errorf("RateLimit-Policy %q, RateLimit %q", got.header.Get("RateLimit-Policy"), got.header.Get("RateLimit"))
	}
	if got := s.send(t, "GET", "/claims/c-bob", s.token(t, "bob"), ""); got.status != 200 || !strings.HasPrefix(got.header.Get("RateLimit"), `"reads";r=19;`) {
		t.Errorf("bob pays for alice: %+v", got)
	}
	if got := s.send(t, "POST", "/claims", alice, ""); got.status != 200 {
		t.Errorf("alice's writes are charged for her reads: %+v", got)
	}
}

// R1
func TestMadeUpAddressesAreOneAddress(t *testing.T) {
	s := start(t, options{routes: shippedRoutes(t, "address:  {count: 6000, window: 1m}", "address:  {count: 5, window: 24h}")})
	statuses := map[int]int{}
	for i := range 50 {
		got := s.raw(t, get+"X-Forwarded-For: 10.0.0."+strconv.Itoa(i)+"\nForwarded: for=10.0.1."+strconv.Itoa(i)+"\n\n")
		statuses[got.status]++
	}
	if statuses[200] != 5 || statuses[429] != 45 {
		t.Errorf("got %v, want 5 × 200 and 45 × 429", statuses)
	}
}

func TestAnIPv6SubscriberIsOneAddress(t *testing.T) {
	s := start(t, options{trusted: proxy, routes: shippedRoutes(t, "address:  {count: 6000, window: 1m}", "address:  {count: 5, window: 24h}")})
	statuses := map[int]int{}
	for i := range 20 {
		statuses[s.raw(t, get+"X-Forwarded-For: 2001:db8:1:2:"+strconv.Itoa(i+1)+"::1\n\n").status]++
	}
	if statuses[200] != 5 {
		t.Errorf("got %v, want 5 × 200", statuses)
	}
	if got := s.raw(t, get+"X-Forwarded-For: 2001:db8:1:3::1\n\n"); got.status != 200 {
		t.Errorf("the neighbour pays: %+v", got)
	}
}

// Failures are charged to the address; then further failures are 429, and a good credential still passes.
func TestFailedAttemptsNeverBlockAVerifiedCredential(t *testing.T) {
	s := start(t, options{routes: shippedRoutes(t, "failures: {count: 100, window: 1m}", "failures: {count: 10, window: 24h}")})
	alice := s.token(t, "alice")
	statuses := map[int]int{}
	for range 1000 {
		got := s.send(t, "GET", "/claims/c-alice", alice[:len(alice)-4]+"AAAA", "")
		statuses[got.status]++
		if got.status == 429 && got.header.Get("Retry-After") == "" {
			t.Fatal("429 without Retry-After")
		}
	}
	if statuses[401] != 10 || statuses[429] != 990 {
		t.Errorf("got %v, want 10 × 401 and 990 × 429", statuses)
	}
	if got := s.send(t, "GET", "/claims/c-alice", alice, ""); got.status != 200 {
		t.Errorf("alice behind the same address: %+v", got)
	}
	if got := s.send(t, "GET", "/claims/c-alice", "", ""); got.status != 401 {
		t.Errorf("who shows no credential has not failed: %+v", got)
	}
	if n := s.issuer.Fetches.Load(); n != 1 {
		t.Errorf("%d fetches of the keys, want 1", n)
	}
}

func TestAnonymousCallersAreLimitedByAddress(t *testing.T) {
	s := start(t, options{trusted: proxy, routes: shippedRoutes(t, "login:  {count: 300, window: 1m}", "login:  {count: 3, window: 24h}")})
	login := func(address string) int {
		return s.raw(t, "POST /oidc/login HTTP/1.1\nHost: $HOST\nX-Forwarded-For: "+address+"\nContent-Length: 0\n\n").status
	}
	for range 3 {
		if got := login("192.0.2.1"); got != 200 {
			t.Fatalf("got %d", got)
		}
	}
	if got := login("192.0.2.1"); got != 429 {
		t.Errorf("the fourth: got %d", got)
	}
	if got := login("192.0.2.2"); got != 200 {
		t.Errorf("another address: got %d", got)
	}
}
