package api

import (
	"net/http"

	"innerdoor.example/services/orders/internal/order"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/web"
)

// coverage tells claims, asking on behalf of the order's owner, what a claim about the order may rest on.
func (a *API) coverage(r *http.Request, who principal.Principal) (web.Reply, error) {
	id, err := target(r)
	if err != nil {
		return web.Reply{}, err
	}
	o, err := a.Store.Get(r.Context(), who, order.Coverage, id)
	return web.OK(coverageView(o.Row), err)
}
