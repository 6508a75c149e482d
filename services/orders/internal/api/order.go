package api

import (
	"errors"
	"fmt"
	"net/http"

	"innerdoor.example/services/orders/internal/order"
	"innerdoor.example/services/orders/internal/store"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/serve"
	"innerdoor.example/shared/web"
)

// views is what is shown of an order, by the rule that permits reading it: on its own, on lists, and after a change. A rule
// without a view shows nothing.
var views = map[string]func(order.Order) (any, error){
	"owner":   whole,
	"manager": whole,
	"auditor": whole,
	"support": masked,
	"carrier": parcel,
}

func view(o store.Granted) (any, error) {
	show, ok := views[o.By]
	if !ok {
		return nil, fmt.Errorf("the rule %q has no view of an order", o.By)
	}
	return show(o.Row)
}

func (a *API) get(r *http.Request, who principal.Principal) (web.Reply, error) {
	id, err := target(r)
	if err != nil {
		return web.Reply{}, err
	}
	o, err := a.Store.Get(r.Context(), who, order.Read, id)
	return shown(o, err)
}

func (a *API) list(r *http.Request, who principal.Principal) (web.Reply, error) {
	q, err := query(r, "limit", "cursor", "status", "region")
	if err != nil {
		return web.Reply{}, err
	}
	page, err := a.Store.List(r.Context(), who, q)
	if err != nil {
		return web.Reply{}, err
	}
	return web.OK(listView(page))
}

func (a *API) count(r *http.Request, who principal.Principal) (web.Reply, error) {
	q, err := query(r, "status", "region")
	if err != nil {
		return web.Reply{}, err
	}
	n, err := a.Store.Count(r.Context(), who, q)
	return web.OK(web.Count{Count: n}, err)
}

// query reads a list's parameters; the names are those that the operation takes.
func query(r *http.Request, names ...string) (q store.Query, err error) {
	given, err := web.Query(r, names...)
	if err != nil {
		return q, err
	}
	q.Cursor = given["cursor"]
	if q.Limit, err = web.Number(given, "limit"); err != nil {
		return q, err
	}
	if text, ok := given["status"]; ok {
		if q.Status, err = order.ParseStatus(text); err != nil {
			return q, malformed(err)
		}
	}
	if text, ok := given["region"]; ok {
		if q.Region, err = order.ParseRegion(text); err != nil {
			return q, malformed(err)
		}
	}
	return q, nil
}

// placing is what a client may say about a new order: nothing about whose it is, what it costs in all, or how far it is.
type placing struct {
	Items    []item  `json:"items"`
	Currency string  `json:"currency"`
	Region   string  `json:"region"`
	ShipTo   string  `json:"ship_to"`
	Contact  contact `json:"contact"`
}

func (p placing) parse() (order.Place, error) {
	currency, noCurrency := order.ParseCurrency(p.Currency)
	region, noRegion := order.ParseRegion(p.Region)
	items := make([]order.Item, len(p.Items))
	for i, line := range p.Items {
		items[i] = order.Item(line)
	}
	return order.Place{
		Items: items, Currency: currency, Region: region, ShipTo: p.ShipTo, Contact: order.Contact(p.Contact),
	}, malformed(errors.Join(noCurrency, noRegion))
}

func (a *API) place(r *http.Request, who principal.Principal) (web.Reply, error) {
	if _, err := web.Query(r); err != nil {
		return web.Reply{}, err
	}
	var body placing
	if err := web.Decode(r, &body); err != nil {
		return web.Reply{}, err
	}
	place, err := body.parse()
	if err != nil {
		return web.Reply{}, err
	}
	o, err := a.Store.Place(r.Context(), who, place)
	reply, err := shown(o, err)
	if err == nil && reply.Status == http.StatusOK {
		reply.Status = http.StatusCreated
		reply.Header.Set("Location", "/orders/"+string(o.Row.ID))
	}
	return reply, err
}

func (a *API) assign(r *http.Request, who principal.Principal) (web.Reply, error) {
	carrier, err := carrierIn(r)
	if err != nil {
		return web.Reply{}, err
	}
	return a.do(r, who, order.Assign(carrier))
}

// verb is POST /orders/{id}/<verb>: a command that says it all.
func (a *API) verb(c order.Command) serve.Handler {
	return func(r *http.Request, who principal.Principal) (web.Reply, error) {
		if err := web.NoBody(r); err != nil {
			return web.Reply{}, err
		}
		return a.do(r, who, c)
	}
}

// do does the command to the order that the request names, in the version that it insists on.
func (a *API) do(r *http.Request, who principal.Principal, c order.Command) (web.Reply, error) {
	id, err := target(r)
	if err != nil {
		return web.Reply{}, err
	}
	version, err := web.IfMatch(r)
	if err != nil {
		return web.Reply{}, err
	}
	o, err := a.Store.Do(r.Context(), who, id, version, c)
	return shown(o, err)
}

// shown answers with what the caller may see of the order, and its version; with nothing, if that is nothing (204).
func shown(o store.Granted, err error) (web.Reply, error) {
	if err != nil {
		return web.Reply{}, err
	}
	if o.By == "" {
		return web.NoContent(nil)
	}
	reply, err := web.OK(view(o))
	reply.Header = http.Header{"Etag": {web.ETag(o.Row.Version)}}
	return reply, err
}
