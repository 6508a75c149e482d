package edge_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"innerdoor.example/shared/mtls/mtlstest"
)

// A warm request through the whole edge, the upstream and its mutual TLS included …
func BenchmarkWarmRequest(b *testing.B) {
	s := start(b, options{deaf: true, routes: shippedRoutes(b, "count: 6000, window: 1m", "count: 1000000, window: 1s", "reads:  {count: 1200, window: 1m}", "reads:  {count: 1000000, window: 1s}")})
	r := httptest.NewRequest(http.MethodGet, s.url+"/claims/c-alice", nil)
	r.RequestURI = "/claims/c-alice"
	r.Header.Set("Authorization", "Bearer "+s.token(b, "alice"))
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		s.edge.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
		s.log.reset()
	}
}

// … and through a bare proxy over the same transport, to the same upstream.
func BenchmarkBareProxy(b *testing.B) {
	domain := mtlstest.New(b)
	u := must(url.Parse(mtlstest.Serve(b, domain.Identity(b, "claims"), &service{deaf: true})))
	proxy := &httputil.ReverseProxy{
		Transport: domain.Identity(b, "gateway").Transport("claims"),
		Rewrite:   func(pr *httputil.ProxyRequest) { pr.SetURL(u) },
	}
	r := httptest.NewRequest(http.MethodGet, "/claims/c-alice", nil)
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		proxy.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
	}
}
