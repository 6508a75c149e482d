package api_test

import (
	"strings"
	"testing"

	"innerdoor.example/services/orders/internal/api"
	"innerdoor.example/shared/serve/servetest"
)

// writes are in an order in which all of them succeed.
var writes = []servetest.Write{
	{Route: "POST /orders", As: "alice", Path: "/orders", Body: kettle, Key: "items"},
	{Route: "PUT /orders/{id}/carrier", As: "max", Path: "/orders/o-alice-placed/carrier", Body: toSwift, Key: "carrier"},
	{Route: "POST /orders/{id}/cancel", As: "bob", Path: "/orders/o-other/cancel"},
	{Route: "POST /orders/{id}/ship", As: "swift", Path: "/orders/o-swift/ship"},
	{Route: "POST /orders/{id}/deliver", As: "rival", Path: "/orders/o-bob-shipped/deliver"},
	{Route: "POST /orders/{id}/refund", As: "max", Path: "/orders/o-bob-free/refund"},
	{Route: "PUT /orders/staff/{subject}", As: "tom", Path: "/orders/staff/home:eve", Body: `{"role":"support"}`, Key: "role"},
	{Route: "DELETE /orders/staff/{subject}", As: "tom", Path: "/orders/staff/home:olive"},
	{Route: "PUT /orders/carriers/{subject}", As: "tom", Path: "/orders/carriers/home:eve", Body: toSwift, Key: "carrier"},
	{Route: "DELETE /orders/carriers/{subject}", As: "tom", Path: "/orders/carriers/home:swift"},
}

func TestWhatIsNotUnderstoodIsRefusedAndWritesNothing(t *testing.T) {
	w := newWorld(t)
	var bad []servetest.Write
	for _, id := range []string{"o%00", "ö", strings.Repeat("o", 65), "acme:o-swift"} {
		bad = append(bad, servetest.Write{Route: "POST", As: "swift", Path: "/orders/" + id + "/ship"})
	}
	for _, path := range []string{"staff/eve", "staff/home:", "staff/home:" + strings.Repeat("e", 200), "carriers/:eve"} {
		bad = append(bad, servetest.Write{Route: "DELETE", As: "tom", Path: "/orders/" + path})
	}
	for _, x := range writes {
		if x.Body != "" {
			x.Body = "{}"
			bad = append(bad, x)
		}
	}
	servetest.CheckWrites(t, servetest.Service{Routes: (&api.API{Document: []byte("openapi: 3.1.0")}).Routes(), File: w.file,
		Send: func(as, method, path, body string, header ...string) (int, string) {
			a := w.ask(question{as: as, method: method, path: path, body: body, header: header})
			return a.status, a.body
		},
	}, writes, bad)
	w.want(404, question{as: "swift", method: "POST", path: "/orders/globex/o-glide/ship"})
}
