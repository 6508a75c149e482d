package api

import (
	"fmt"
	"net/http"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/services/claims/internal/store"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/serve"
	"innerdoor.example/shared/web"
)

// views is what is shown of a claim, by the rule that permits reading it: on its own,
// on lists, and after a change. A rule without a view shows nothing.
var views = map[string]func(claim.Claim) any{
	"owner":              whole,
	"assignee":           whole,
	"adjuster-in-region": whole,
	"supervisor":         whole,
	"auditor":            whole,
	"support":            masked,
	"delegate":           story,
}

func view(c store.Granted) (any, error) {
	show, ok := views[c.By]
	if !ok {
		return nil, fmt.Errorf("the rule %q has no view of a claim", c.By)
	}
	return show(c.Row), nil
}

func (a *API) get(r *http.Request, who principal.Principal) (web.Reply, error) {
	id, err := target(r)
	if err != nil {
		return web.Reply{}, err
	}
	c, err := a.Store.Get(r.Context(), who, id)
	return shown(c, err)
}

func (a *API) list(r *http.Request, who principal.Principal) (web.Reply, error) {
	given, err := web.Query(r, "limit", "cursor", "status", "region", "order", "text")
	if err != nil {
		return web.Reply{}, err
	}
	q, err := query(given)
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
	given, err := web.Query(r, "status", "region", "order", "text")
	if err != nil {
		return web.Reply{}, err
	}
	q, err := query(given)
	if err != nil {
		return web.Reply{}, err
	}
	n, err := a.Store.Count(r.Context(), who, q)
	return web.OK(web.Count{Count: n}, err)
}

// query reads a list's parameters, as far as they are given.
func query(given map[string]string) (q store.Query, err error) {
	q.Cursor = given["cursor"]
	if q.Limit, err = web.Number(given, "limit"); err != nil {
		return q, err
	}
	if text, ok := given["status"]; ok {
		if q.Status, err = claim.ParseStatus(text); err != nil {
			return q, malformed(err)
		}
	}
	if text, ok := given["region"]; ok {
		if q.Region, err = claim.ParseRegion(text); err != nil {
			return q, malformed(err)
		}
	}
	if text, ok := given["order"]; ok {
		if q.Order, err = claim.ParseOrderID(text); err != nil {
			return q, malformed(err)
		}
	}
	if text, ok := given["text"]; ok {
		if q.Words, err = claim.ParseSearch(text); err != nil {
			return q, malformed(err)
		}
	}
	return q, nil
}

// filing is all that a customer may say about a new claim: nothing about whose it is
// or how far.
type filing struct {
	Order       string  `json:"order"`
	Description string  `json:"description"`
	Amount      int64   `json:"amount"`
	Currency    string  `json:"currency"`
	Contact     contact `json:"contact"`
}

func (a *API) file(r *http.Request, who principal.Principal) (web.Reply, error) {
	if _, err := web.Query(r); err != nil {
		return web.Reply{}, err
	}
	var body filing
	if err := web.Decode(r, &body); err != nil {
		return web.Reply{}, err
	}
	order, err := claim.ParseOrderID(body.Order)
	if err != nil {
		return web.Reply{}, malformed(err)
	}
	currency, err := claim.ParseCurrency(body.Currency)
	if err != nil {
		return web.Reply{}, malformed(err)
	}
	c, err := a.Store.File(r.Context(), who, claim.File{
		Order: order, Description: body.Description, Contact: claim.Contact(body.Contact),
		Amount: claim.Cents(body.Amount), Currency: currency,
	})
	reply, err := shown(c, err)
	return made(reply, err, "/claims/"+string(c.Row.ID))
}

// do is POST /claims/{id}/<verb>: it does the command to the claim that the request
// names.
func (a *API) do(c claim.Command) serve.Handler {
	return func(r *http.Request, who principal.Principal) (web.Reply, error) {
		if err := web.NoBody(r); err != nil {
			return web.Reply{}, err
		}
		return a.change(r, who, c)
	}
}

// change does the command to the claim that the request names, in the version that it
// insists on.
func (a *API) change(r *http.Request, who principal.Principal, c claim.Command) (web.Reply, error) {
	id, err := target(r)
	if err != nil {
		return web.Reply{}, err
	}
	version, err := web.IfMatch(r)
	if err != nil {
		return web.Reply{}, err
	}
	changed, err := a.Store.Do(r.Context(), who, id, version, c)
	return shown(changed, err)
}

// shown answers with what the caller may see of the claim.
func shown(c store.Granted, err error) (web.Reply, error) {
	if err != nil {
		return web.Reply{}, err
	}
	if c.By == "" {
		return visible("", 0, nil)
	}
	v, err := view(c)
	if err != nil {
		return web.Reply{}, err
	}
	return visible(c.By, c.Row.Version, v)
}
