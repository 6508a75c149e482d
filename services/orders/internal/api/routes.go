// Package api is HTTP in, HTTP out: it reads requests strictly, asks the store on behalf of who asks, and shows what came
// out. It decides nothing.
package api

import (
	"net/http"

	"innerdoor.example/services/orders/internal/order"
	"innerdoor.example/services/orders/internal/store"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/serve"
	"innerdoor.example/shared/web"
)

// API is the service's operations over its store.
type API struct {
	Store    *store.Store
	Document []byte // what is served, in OpenAPI's YAML
}

// Routes is the whole surface: every operation, the action that is decided for it, and who may carry it here.
func (a *API) Routes() []serve.Route {
	public, claims := serve.From(principal.Gateway), serve.From("claims")
	return []serve.Route{
		serve.POST("/orders", order.Placing, public, a.place),
		serve.GET("/orders", order.Read, public, a.list),
		serve.GET("/orders/count", order.Read, public, a.count),
		serve.Document("/orders/openapi.json", public, a.Document),
		serve.GET("/orders/decisions", order.Audit, public, a.decisions),
		serve.GET("/orders/decisions/{id}", order.Audit, public, a.decision),
		serve.GET("/orders/staff", order.ReadStaff, public, a.staff),
		serve.PUT("/orders/staff/{subject}", order.ChangeStaff, public, a.appoint),
		serve.DELETE("/orders/staff/{subject}", order.ChangeStaff, public, a.dismiss),
		serve.GET("/orders/carriers", order.ReadCarriers, public, a.couriers),
		serve.PUT("/orders/carriers/{subject}", order.ChangeCarriers, public, a.engage),
		serve.DELETE("/orders/carriers/{subject}", order.ChangeCarriers, public, a.release),
		serve.GET("/orders/{id}", order.Read, public, a.get),
		serve.POST("/orders/{id}/cancel", order.Cancellation, public, a.verb(order.Cancel())),
		serve.PUT("/orders/{id}/carrier", order.Assigning, public, a.assign),
		serve.POST("/orders/{id}/ship", order.Shipping, public, a.verb(order.Ship())),
		serve.POST("/orders/{id}/deliver", order.Delivery, public, a.verb(order.Deliver())),
		serve.POST("/orders/{id}/refund", order.Refunding, public, a.verb(order.Refund())),
		serve.GET("/internal/orders/{id}/coverage", order.Coverage, claims, a.coverage),
	}
}

// target is the order that the request is about. No operation on one order takes a query.
func target(r *http.Request) (order.ID, error) {
	if _, err := web.Query(r); err != nil {
		return "", err
	}
	id, err := order.ParseID(serve.Var(r, "id"))
	return id, malformed(err)
}

// malformed is the answer to what cannot be parsed; the text of err is for the client.
func malformed(err error) error {
	if err == nil {
		return nil
	}
	return &web.Error{Kind: web.Malformed, Detail: err.Error()}
}
