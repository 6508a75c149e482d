package ordersclient

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/shared/mtls"
	"innerdoor.example/shared/mtls/mtlstest"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/principal/principaltest"
)

const good = `{"order":"o-1","status":"delivered","delivered_at":5,"amount":20000,"currency":"EUR","region":"eu","later":1}`

// ask asks a server of this workload that answers so.
func ask(t *testing.T, workload principal.Workload, answer http.HandlerFunc) (claim.Coverage, error) {
	t.Helper()
	domain := mtlstest.New(t)
	transport := domain.Identity(t, "claims").Transport(Orders)
	t.Cleanup(transport.CloseIdleConnections)
	c := New(mtlstest.Serve(t, domain.Identity(t, workload), answer), transport)
	return c.Coverage(t.Context(), alice(t), "o-1")
}

func alice(t *testing.T) principal.Principal {
	t.Helper()
	return principaltest.Of(t, principal.Fields{ID: "home:alice", Context: principal.Context{Tenant: "acme"}}, "gateway")
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func TestOnlyOrdersOwnNoIsARefusal(t *testing.T) {
	for _, status := range []int{403, 404} {
		if _, err := ask(t, Orders, says(status, good)); !errors.Is(err, ErrRefused) {
			t.Errorf("%d: %v", status, err)
		}
	}
	for _, status := range []int{201, 301, 400, 401, 429, 500, 503} {
		if c, err := ask(t, Orders, says(status, good)); err == nil || errors.Is(err, ErrRefused) || c != (claim.Coverage{}) {
			t.Errorf("%d: %+v, %v", status, c, err)
		}
	}
	for _, body := range []string{"", "{}", "<html>", `{"order":"o-2","status":"delivered","delivered_at":5}`} {
		if c, err := ask(t, Orders, says(200, body)); err == nil || errors.Is(err, ErrRefused) || c != (claim.Coverage{}) {
			t.Errorf("%q: %+v, %v", body, c, err)
		}
	}
	if c, err := ask(t, "identity", says(200, good)); err == nil || errors.Is(err, ErrRefused) || c != (claim.Coverage{}) {
		t.Errorf("another workload answered: %+v, %v", c, err)
	}
	want := claim.Coverage{Order: "o-1", DeliveredAt: 5, Amount: 200_00, Currency: "EUR", Region: "eu"}
	if c, err := ask(t, Orders, says(200, good)); err != nil || c != want {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestAnOrderThatIsNotDeliveredHasNoDeliveryTime(t *testing.T) {
	for _, status := range []string{"placed", "shipped", "cancelled", "refunded", ""} {
		c, err := ask(t, Orders, says(200, fmt.Sprintf(`{"order":"o-1","status":%q,"delivered_at":5}`, status)))
		if err != nil || c.DeliveredAt != 0 {
			t.Errorf("%s: %+v, %v", status, c, err)
		}
	}
}

func TestOrdersIsAskedWithThePersonsOwnTokenThroughClaims(t *testing.T) {
	who := alice(t)
	domain := mtlstest.New(t)
	transport := domain.Identity(t, "claims").Transport(Orders)
	t.Cleanup(transport.CloseIdleConnections)
	var peer principal.Workload
	var tokens []string
	var path string
	url := mtlstest.Serve(t, domain.Identity(t, Orders), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, _ = mtls.Peer(r)
		tokens, path = r.Header.Values(principal.Header), r.URL.Path
		fmt.Fprint(w, good)
	}))
	if _, err := New(url, transport).Coverage(t.Context(), who, "o-1"); err != nil {
		t.Fatal(err)
	}
	if peer != "claims" || len(tokens) != 1 || tokens[0] != who.Token() || path != "/internal/orders/o-1/coverage" {
		t.Errorf("asked through %s with %d tokens at %s", peer, len(tokens), path)
	}
}
