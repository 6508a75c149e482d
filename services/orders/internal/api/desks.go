package api

import (
	"errors"
	"net/http"

	"innerdoor.example/services/orders/internal/order"
	"innerdoor.example/services/orders/internal/store"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/serve"
	"innerdoor.example/shared/web"
)

func (a *API) staff(r *http.Request, who principal.Principal) (web.Reply, error) {
	limit, cursor, err := web.Paging(r)
	if err != nil {
		return web.Reply{}, err
	}
	page, err := a.Store.Staff(r.Context(), who, limit, cursor)
	return web.OK(plain(page, staffView), err)
}

// appointing is what an admin may say about a person's role.
type appointing struct {
	Role     string      `json:"role"`
	Limit    order.Cents `json:"limit"`
	Currency string      `json:"currency"`
}

func (p appointing) parse(subject principal.ID) (order.Appointment, error) {
	role, noRole := order.ParseRole(p.Role)
	var currency order.Currency
	var noCurrency error
	if p.Currency != "" {
		currency, noCurrency = order.ParseCurrency(p.Currency)
	}
	return order.Appointment{Subject: subject, Role: role, LimitAmount: p.Limit, LimitCurrency: currency},
		malformed(errors.Join(noRole, noCurrency))
}

func (a *API) appoint(r *http.Request, who principal.Principal) (web.Reply, error) {
	subject, version, err := person(r)
	if err != nil {
		return web.Reply{}, err
	}
	var body appointing
	if err := web.Decode(r, &body); err != nil {
		return web.Reply{}, err
	}
	appointment, err := body.parse(subject)
	if err != nil {
		return web.Reply{}, err
	}
	s, err := a.Store.Appoint(r.Context(), who, version, appointment)
	return kept(s, staffView, err)
}

func (a *API) dismiss(r *http.Request, who principal.Principal) (web.Reply, error) {
	subject, version, err := person(r)
	if err == nil {
		err = web.NoBody(r)
	}
	if err != nil {
		return web.Reply{}, err
	}
	return web.NoContent(a.Store.Dismiss(r.Context(), who, version, order.Appointment{Subject: subject}))
}

func (a *API) couriers(r *http.Request, who principal.Principal) (web.Reply, error) {
	limit, cursor, err := web.Paging(r)
	if err != nil {
		return web.Reply{}, err
	}
	page, err := a.Store.Couriers(r.Context(), who, limit, cursor)
	return web.OK(plain(page, courierView), err)
}

func (a *API) engage(r *http.Request, who principal.Principal) (web.Reply, error) {
	subject, version, err := person(r)
	if err != nil {
		return web.Reply{}, err
	}
	carrier, err := carrierIn(r)
	if err != nil {
		return web.Reply{}, err
	}
	c, err := a.Store.Engage(r.Context(), who, version, order.Engagement{Subject: subject, Carrier: carrier})
	return kept(c, courierView, err)
}

func (a *API) release(r *http.Request, who principal.Principal) (web.Reply, error) {
	subject, version, err := person(r)
	if err == nil {
		err = web.NoBody(r)
	}
	if err != nil {
		return web.Reply{}, err
	}
	return web.NoContent(a.Store.Release(r.Context(), who, version, order.Engagement{Subject: subject}))
}

// person is whom the request is about, and the version of their row that it insists on.
func person(r *http.Request) (principal.ID, int64, error) {
	if _, err := web.Query(r); err != nil {
		return "", 0, err
	}
	subject, err := principal.ParseID(serve.Var(r, "subject"))
	if err != nil {
		return "", 0, malformed(err)
	}
	version, err := web.IfMatch(r)
	return subject, version, err
}

// carrierIn reads a body that names a carrier and nothing else.
func carrierIn(r *http.Request) (order.Carrier, error) {
	var body struct {
		Carrier string `json:"carrier"`
	}
	if err := web.Decode(r, &body); err != nil {
		return "", err
	}
	carrier, err := order.ParseCarrier(body.Carrier)
	return carrier, malformed(err)
}

// kept answers with what the caller may see of a row as it was saved. Its first version is the one that was made.
func kept[R noun, V any](g store.GrantedOf[R], view func(R) V, err error) (web.Reply, error) {
	if err != nil || g.By == "" {
		return web.NoContent(err)
	}
	version := g.Row.Ref().Version
	reply := web.Reply{Status: http.StatusOK, Header: http.Header{"Etag": {web.ETag(version)}}, Body: view(g.Row)}
	if version == 1 {
		reply.Status = http.StatusCreated
	}
	return reply, nil
}

type noun interface{ Ref() authz.Ref }
