package serve_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"innerdoor.example/shared/serve"
)

func TestCheckFindsEachMistake(t *testing.T) {
	public := serve.From("gateway")
	good := serve.GET("/orders/{id}", "orders:read", public, tell("read"))
	for mistake, bad := range map[string][]serve.Route{
		"GET /x: no action":               {serve.GET("/x", "", public, tell("x"))},
		"GET /x: an action without rules": {serve.GET("/x", "claims:read", public, tell("x"))},
		"GET /x: nobody may call it":      {serve.GET("/x", "orders:read", nil, tell("x"))},
		"POST /x: nobody may call it":     {serve.POST("/x", "orders:read", serve.From("gateway", ""), tell("x"))},
		"GET /x: no handler":              {serve.GET("/x", "orders:read", public, nil)},
		"GET /y: no handler":              {serve.Anonymous("GET", "/y", public, nil)},
		"GET x: not a path":               {serve.GET("x", "orders:read", public, tell("x"))},
		"get /x: not a method":            {serve.Anonymous("get", "/x", public, tellAnybody("x"))},
		" /x: not a method":               {{Pattern: "/x", Action: "orders:read", From: public, Handler: tell("x")}},
		"GET /orders/{id}: declared twice": {
			serve.GET("/orders/{id}", "orders:edit", public, tell("x")),
		},
		"PATCH /orders/{order}: the same path is also called /orders/{id}": {
			serve.PATCH("/orders/{order}", "orders:edit", public, tell("x")),
		},
		"GET /x: an action that nobody decides": {{
			Method: "GET", Pattern: "/x", Action: "orders:read", From: public, Handler: tell("x"), Anonymous: true,
		}},
		"GET /x: anonymous and without a token": {{
			Method: "GET", Pattern: "/x", From: public, Handler: tell("x"), Anonymous: true, WithoutToken: true,
		}},
	} {
		err := serve.Check(append([]serve.Route{good}, bad...), knows)
		if err == nil || err.Error() != mistake {
			t.Errorf("got %v, want %s", err, mistake)
		}
	}
	all := serve.Check([]serve.Route{{}, serve.GET("/x", "claims:read", nil, tell("x"))}, knows)
	if all == nil || strings.Count(all.Error(), "\n") != 6 {
		t.Errorf("not all mistakes at once: %v", all)
	}
	if err := serve.Check(routes(), knows); err != nil {
		t.Error(err)
	}
}

func TestPrintIsOneSortedLineARoute(t *testing.T) {
	var out strings.Builder
	serve.Print(&out, routes())
	const want = `GET /internal/orders/{id}/coverage orders:coverage claims
GET /keys no-token gateway
POST /orders orders:place gateway
GET /orders/both orders:read gateway,claims
GET /orders/count orders:read gateway
GET /orders/fails orders:read gateway
GET /orders/openapi.json anonymous gateway
GET /orders/panics orders:read gateway
GET /orders/{id} orders:read gateway
PATCH /orders/{id} orders:edit gateway
DELETE /orders/{id}/carrier orders:assign gateway
PUT /orders/{id}/carrier orders:assign gateway
`
	if out.String() != want {
		t.Errorf("got\n%s", out.String())
	}
}

func plain(t *testing.T, handler http.Handler, path string) int {
	t.Helper()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code
}
