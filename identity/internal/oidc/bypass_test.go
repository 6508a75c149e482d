package oidc_test

import (
	"crypto/tls"
	"net/http"
	"testing"

	"innerdoor.example/shared/mtls"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/principal/principaltest"
)

// inside calls identity's inner listener as a workload and returns the status.
func (w *world) inside(t *testing.T, as *mtls.Identity, path string, tokens ...string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.inner+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header[principal.Header] = tokens
	res, err := (&http.Client{Transport: as.Transport("identity")}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

func TestAroundTheGatewayThereIsNoWayIn(t *testing.T) {
	w := newWorld(t)
	const discovery, keys = "/oidc/.well-known/openid-configuration", "/oidc/keys"
	gateway, claims := w.domain.Identity(t, "gateway"), w.domain.Identity(t, "claims")
	stranger, _ := principaltest.Keys(t)
	good := w.anonymous(t)
	for name, c := range map[string]struct {
		as     *mtls.Identity
		path   string
		tokens []string
		want   int
	}{
		"another workload":          {claims, discovery, []string{good}, http.StatusForbidden},
		"another workload, keys":    {claims, keys, nil, http.StatusForbidden},
		"no Txn-Token":              {gateway, discovery, nil, http.StatusUnauthorized},
		"two Txn-Tokens":            {gateway, discovery, []string{good, good}, http.StatusUnauthorized},
		"a stranger's Txn-Token":    {gateway, discovery, []string{principaltest.Token(t, stranger, principal.Fields{ID: principal.AnonymousID})}, http.StatusUnauthorized},
		"the gateway":               {gateway, discovery, []string{good}, http.StatusOK},
		"the gateway, for the keys": {gateway, keys, nil, http.StatusOK},
	} {
		if got := w.inside(t, c.as, c.path, c.tokens...); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	anybody := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // an attacker does not verify
	if res, err := anybody.Get(w.inner + keys); err == nil {
		res.Body.Close()
		t.Errorf("without a certificate: %d", res.StatusCode)
	}
}

func TestWithoutItsDatabaseIdentityIsUnavailableAndLetsNobodyIn(t *testing.T) {
	w := newWorld(t)
	b := loggedIn(t, w)
	code := b.get(t, w.asking()).back(t).Get("code")
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]page{
		"authorize": b.get(t, w.asking()),
		"token":     w.redeem(t, code),
		"keys":      b.get(t, w.issuer+"/keys"),
	} {
		if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", name, got.status, got.header)
		}
	}
}
