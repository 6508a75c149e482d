// Package mtls gives a process its workload identity (a SPIFFE X.509 certificate) and the TLS settings that go with it.
//
// Peers are told apart by SPIFFE id alone, spiffe://innerdoor.internal/<workload>: a host name or an address proves
// nothing here. The certificate, its key and the trust bundle are files, so whatever keeps them fresh (devca in the
// demo, SPIRE's spiffe-helper or cert-manager in production) needs no change in this code.
package mtls

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/spiffetls/tlsconfig"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"

	"innerdoor.example/shared/principal"
)

// Server returns the settings of an inner listener: TLS 1.3, and a client certificate of this trust domain is required.
// Which workload may do what is decided for each operation, by Peer.
//
// Session tickets are off: a resumed session would not show the peer's certificate to the present trust bundle again.
func (i *Identity) Server() *tls.Config {
	c := tlsconfig.MTLSServerConfig(i, i, tlsconfig.AuthorizeMemberOf(trustDomain()))
	c.MinVersion = tls.VersionTLS13
	c.SessionTicketsDisabled = true
	return c
}

// Client returns the settings for calling peer: the server must be that workload by its SPIFFE id, whatever its host
// name. An empty or malformed peer matches no server.
func (i *Identity) Client(peer principal.Workload) *tls.Config {
	id, _ := spiffeid.FromString(peer.SPIFFEID()) // on error the zero id, which nobody has
	c := tlsconfig.MTLSClientConfig(i, i, tlsconfig.AuthorizeID(id))
	c.MinVersion = tls.VersionTLS13
	return c
}

// Transport returns a new transport for calling peer, tuned for many requests to the one host: connections are kept
// (a new one costs about twenty times a request), HTTP/1.1 is spoken, no proxy of the environment is used, and a peer
// that does not answer is given up. Make one for each peer and keep it.
func (i *Identity) Transport(peer principal.Workload) *http.Transport {
	return &http.Transport{
		DialContext:            (&net.Dialer{Timeout: 2 * time.Second}).DialContext,
		TLSClientConfig:        i.Client(peer),
		TLSHandshakeTimeout:    2 * time.Second,
		MaxIdleConns:           256,
		MaxIdleConnsPerHost:    256,
		IdleConnTimeout:        60 * time.Second, // shorter than the server's, so that the side that sends is the side that hangs up
		ResponseHeaderTimeout:  3 * time.Second,
		MaxResponseHeaderBytes: 16 << 10,
		DisableCompression:     true, // what the peer said is passed on as it is
	}
}

// Peer returns the workload at the other end of r's connection, which must have come in by a listener made with
// [Identity.Server]: there the certificate was verified in the handshake. Without one, or with one of another trust
// domain, it is an error and no workload.
func Peer(r *http.Request) (principal.Workload, error) {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return "", errors.New("the peer showed no certificate")
	}
	id, err := x509svid.IDFromCert(r.TLS.PeerCertificates[0])
	if err != nil {
		return "", err
	}
	return workloadOf(id)
}
