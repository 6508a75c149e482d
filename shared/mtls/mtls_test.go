package mtls_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"innerdoor.example/shared/mtls"
	"innerdoor.example/shared/mtls/mtlstest"
	"innerdoor.example/shared/principal"
)

// serve starts a server of identity's that answers with the name of the workload that asks.
func serve(t *testing.T, identity *mtls.Identity) (url string) {
	t.Helper()
	return mtlstest.Serve(t, identity, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, err := mtls.Peer(r)
		if err != nil {
			t.Errorf("a request without a peer came through: %v", err)
		}
		io.WriteString(w, string(peer))
	}))
}

// ask makes one request over a new connection.
func ask(t *testing.T, url string, client *tls.Config) (string, error) {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: client, DisableKeepAlives: true}
	response, err := (&http.Client{Transport: transport, Timeout: 10 * time.Second}).Get(url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

func TestAServiceTalksOnlyToWorkloadsOfItsTrustDomain(t *testing.T) {
	domain, elsewhere := mtlstest.New(t), mtlstest.New(t)
	claims := domain.Identity(t, "claims")
	url := serve(t, domain.Identity(t, "orders"))

	with := func(change func(*tls.Config)) *tls.Config {
		c := claims.Client("orders")
		change(c)
		return c
	}
	showing := func(s mtls.Settings) func(*tls.Config) {
		cert, err := tls.LoadX509KeyPair(s.Cert, s.Key)
		if err != nil {
			t.Fatal(err)
		}
		return func(c *tls.Config) {
			c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &cert, nil }
		}
	}
	refused := map[string]struct {
		client *tls.Config
		why    string
	}{
		"without a certificate": {with(func(c *tls.Config) {
			c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return new(tls.Certificate), nil }
		}), "certificate required"},
		"with claims' name from another authority": {with(showing(elsewhere.Settings(t, "claims"))), "bad certificate"},
		"with a certificate that has expired":      {with(showing(domain.SettingsFor(t, "late", -time.Minute))), "bad certificate"},
		"over TLS 1.2":                             {with(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS12, tls.VersionTLS12 }), "protocol version"},
	}
	for who, try := range refused {
		if _, err := ask(t, url, try.client); err == nil || !strings.Contains(err.Error(), try.why) {
			t.Errorf("%s: want a refusal saying %q, got %v", who, try.why, err)
		}
	}
	if peer, err := ask(t, url, claims.Client("orders")); err != nil || peer != "claims" {
		t.Errorf("claims itself: got %q, %v", peer, err)
	}
}

func TestACallerTalksOnlyToTheWorkloadThatItMeans(t *testing.T) {
	domain, elsewhere := mtlstest.New(t), mtlstest.New(t)
	gateway, orders := domain.Identity(t, "gateway"), domain.Identity(t, "orders")
	for name, server := range map[string]*mtls.Identity{
		"claims in the place of orders":       domain.Identity(t, "claims"),
		"orders of another trust domain":      elsewhere.Identity(t, "orders"),
		"the caller itself instead of orders": gateway,
	} {
		if peer, err := ask(t, serve(t, server), gateway.Client("orders")); err == nil {
			t.Errorf("%s was taken for orders, and saw %q", name, peer)
		}
	}
	url := serve(t, orders)
	for _, nobody := range []principal.Workload{"", "orders/", "ord ers", "order"} {
		if _, err := ask(t, url, gateway.Client(nobody)); err == nil {
			t.Errorf("orders was taken for %q", nobody)
		}
	}
	if peer, err := ask(t, url, gateway.Client("orders")); err != nil || peer != "gateway" {
		t.Errorf("gateway to orders: got %q, %v", peer, err)
	}
}

func TestAResumedSessionDoesNotReplaceTheCertificate(t *testing.T) {
	domain := mtlstest.New(t)
	url := serve(t, domain.Identity(t, "orders"))
	client := domain.Identity(t, "claims").Client("orders")
	client.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	for range 3 {
		transport := &http.Transport{TLSClientConfig: client, DisableKeepAlives: true}
		response, err := (&http.Client{Transport: transport}).Get(url)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.TLS.DidResume {
			t.Fatal("the session was resumed without showing the certificate")
		}
	}
}

func TestARequestWithoutACertificateOfOursHasNoPeer(t *testing.T) {
	if peer, err := mtls.Peer(httptest.NewRequest("GET", "/", nil)); err == nil {
		t.Errorf("plain HTTP: peer %q", peer)
	}
	if peer, err := mtls.Peer(&http.Request{TLS: &tls.ConnectionState{}}); err == nil {
		t.Errorf("TLS without a certificate: peer %q", peer)
	}
	foreign := &http.Request{TLS: &tls.ConnectionState{PeerCertificates: selfSigned(t, "spiffe://partner.example/gateway")}}
	if peer, err := mtls.Peer(foreign); err == nil {
		t.Errorf("another trust domain: peer %q", peer)
	}
	nameless := &http.Request{TLS: &tls.ConnectionState{PeerCertificates: selfSigned(t, "")}}
	if peer, err := mtls.Peer(nameless); err == nil {
		t.Errorf("a certificate without a SPIFFE id: peer %q", peer)
	}
	ours := &http.Request{TLS: &tls.ConnectionState{PeerCertificates: selfSigned(t, principal.Workload("gateway").SPIFFEID())}}
	if peer, err := mtls.Peer(ours); err != nil || peer != "gateway" {
		t.Errorf("the gateway: got %q, %v", peer, err)
	}
}

func TestTheTransportKeepsItsConnection(t *testing.T) {
	domain := mtlstest.New(t)
	url := serve(t, domain.Identity(t, "orders"))
	transport := domain.Identity(t, "claims").Transport("orders")
	t.Cleanup(transport.CloseIdleConnections)
	var handshakes int
	verify := transport.TLSClientConfig.VerifyPeerCertificate
	transport.TLSClientConfig.VerifyPeerCertificate = func(raw [][]byte, chains [][]*x509.Certificate) error {
		handshakes++
		return verify(raw, chains)
	}
	for range 20 {
		response, err := (&http.Client{Transport: transport}).Get(url)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
	if handshakes != 1 {
		t.Errorf("20 requests in a row took %d handshakes, want 1", handshakes)
	}
}
