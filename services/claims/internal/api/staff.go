package api

import (
	"net/http"

	"innerdoor.example/services/claims/internal/claim"
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
	return web.OK(pageView(page, staffViewOf), err)
}

func (a *API) appoint(r *http.Request, who principal.Principal) (web.Reply, error) {
	subject, version, err := appointee(r)
	if err != nil {
		return web.Reply{}, err
	}
	var body struct {
		Role     string   `json:"role"`
		Regions  []string `json:"regions"`
		Limit    int64    `json:"limit"`
		Currency string   `json:"currency"`
	}
	if err := web.Decode(r, &body); err != nil {
		return web.Reply{}, err
	}
	appointment := claim.Appointment{Subject: subject, LimitAmount: claim.Cents(body.Limit)}
	if appointment.Role, err = claim.ParseRole(body.Role); err != nil {
		return web.Reply{}, malformed(err)
	}
	for _, name := range body.Regions {
		region, err := claim.ParseRegion(name)
		if err != nil {
			return web.Reply{}, malformed(err)
		}
		appointment.Regions = append(appointment.Regions, region)
	}
	if body.Currency != "" {
		if appointment.LimitCurrency, err = claim.ParseCurrency(body.Currency); err != nil {
			return web.Reply{}, malformed(err)
		}
	}
	s, err := a.Store.Appoint(r.Context(), who, version, appointment)
	if err != nil {
		return web.Reply{}, err
	}
	return put(s.By, s.Row.Version, staffViewOf(s.Row))
}

func (a *API) dismiss(r *http.Request, who principal.Principal) (web.Reply, error) {
	subject, version, err := appointee(r)
	if err != nil {
		return web.Reply{}, err
	}
	if err := web.NoBody(r); err != nil {
		return web.Reply{}, err
	}
	return web.NoContent(a.Store.Dismiss(r.Context(), who, version, claim.Appointment{Subject: subject}))
}

// appointee is the person whom the request is about, and the version of their row that
// it insists on.
func appointee(r *http.Request) (principal.ID, int64, error) {
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
