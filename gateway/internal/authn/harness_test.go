package authn

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/prometheus/client_golang/prometheus"

	"innerdoor.example/gateway/internal/issuertest"
	"innerdoor.example/shared/principal"
)

// settingsOf is what issuers.yaml would say about a scripted issuer.
func settingsOf(i *issuertest.Issuer) Issuer {
	s := Issuer{
		Alias: "home", Issuer: i.Name(), KeysURL: i.URL,
		Audiences: []string{"innerdoor"}, Algorithms: []jose.SignatureAlgorithm{jose.ES256}, Tenants: []string{"acme", "globex"},
	}
	s.SecondFactor.ACR = []string{"urn:innerdoor:acr:mfa"}
	s.SecondFactor.AMR = []string{"otp"}
	s.complete()
	return s
}

// bearerOf makes an authenticator that has fetched each issuer's keys once, if
// they could be had. No background refresh runs.
func bearerOf(t testing.TB, issuers ...Issuer) *Bearer {
	t.Helper()
	client := func(Issuer) *http.Client {
		return &http.Client{
			Transport:     &http.Transport{DisableKeepAlives: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	b, err := NewBearer(issuers, client, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range b.issuers {
		s.refresh()
	}
	return b
}

func present(t testing.TB, b *Bearer, credential string) (principal.Fields, error) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/claims", nil)
	r.Header.Set("Authorization", credential)
	return b.Authenticate(t.Context(), r)
}

// longAgo ends the cooldown of every key set.
func longAgo(b *Bearer) {
	for _, s := range b.issuers {
		s.mu.Lock()
		s.forced = time.Now().Add(-cooldown)
		s.mu.Unlock()
	}
}
