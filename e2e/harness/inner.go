package harness

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"
)

// TxnHeader is the header that carries the only identity inside.
const TxnHeader = "Txn-Token"

// Inner asks a process's inner listener directly, around the gateway, with the
// certificate of a workload ("": none) and exactly the given header.
func (in *Inside) Inner(from, to, method, path string, header http.Header, body any) Answer {
	var shown []tls.Certificate
	if from != "" {
		pair, err := in.Certificate(from)
		if err != nil {
			return Answer{Err: err}
		}
		shown = append(shown, pair)
	}
	return in.InnerAs(shown, to, method, path, header, body)
}

// InnerAs is Inner with any certificates.
func (in *Inside) InnerAs(shown []tls.Certificate, to, method, path string, header http.Header, body any) Answer {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	r, err := request(ctx, method, "https://"+in.InnerAddr(to)+path, body)
	if err != nil {
		return Answer{Err: err}
	}
	for name, values := range header {
		r.Header[name] = values
	}
	pool, err := in.bundle()
	if err != nil {
		return Answer{Err: err}
	}
	// The servers' refusals are tested with this, so it looks at no names.
	transport := &http.Transport{TLSClientConfig: &tls.Config{
		Certificates: shown, InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: pool})
			return err
		},
	}}
	defer transport.CloseIdleConnections()
	return send(&http.Client{Transport: transport}, r)
}

func (in *Inside) bundle() (*x509.CertPool, error) {
	text, err := os.ReadFile(in.path("trust", "bundle.pem"))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("the trust bundle holds no certificate")
	}
	return pool, nil
}

// Certificate is a workload's own, as only it and its host have it.
func (in *Inside) Certificate(w string) (tls.Certificate, error) {
	return tls.LoadX509KeyPair(in.path("trust", w, "cert.pem"), in.path("trust", w, "key.pem"))
}

// TxnKey is the key that the gateway signs Txn-Tokens with, for tests that make
// ones which are wrong in exactly one thing.
func (in *Inside) TxnKey() (ed25519.PrivateKey, error) {
	text, err := os.ReadFile(in.path("trust", "gateway", "txn.key"))
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("txn.key is not PEM")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("txn.key is %T", key)
	}
	return signer, nil
}
