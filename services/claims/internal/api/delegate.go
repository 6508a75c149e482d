package api

import (
	"net/http"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/serve"
	"innerdoor.example/shared/web"
)

func (a *API) shares(r *http.Request, who principal.Principal) (web.Reply, error) {
	id, err := id(r)
	if err != nil {
		return web.Reply{}, err
	}
	limit, cursor, err := web.Paging(r)
	if err != nil {
		return web.Reply{}, err
	}
	page, err := a.Store.Shares(r.Context(), who, id, limit, cursor)
	return web.OK(pageView(page, shareViewOf), err)
}

func (a *API) share(r *http.Request, who principal.Principal) (web.Reply, error) {
	share, version, err := sharing(r)
	if err != nil {
		return web.Reply{}, err
	}
	var body struct {
		ExpiresAt claim.Time `json:"expires_at"`
	}
	if err := web.Decode(r, &body); err != nil {
		return web.Reply{}, err
	}
	share.Expires = body.ExpiresAt
	d, err := a.Store.Share(r.Context(), who, version, share)
	if err != nil {
		return web.Reply{}, err
	}
	return put(d.By, d.Row.Version, shareViewOf(d.Row))
}

func (a *API) unshare(r *http.Request, who principal.Principal) (web.Reply, error) {
	share, version, err := sharing(r)
	if err != nil {
		return web.Reply{}, err
	}
	if err := web.NoBody(r); err != nil {
		return web.Reply{}, err
	}
	return web.NoContent(a.Store.Unshare(r.Context(), who, version, share))
}

// sharing is the delegation that the request is about, and the version that it
// insists on.
func sharing(r *http.Request) (claim.Share, int64, error) {
	id, err := target(r)
	if err != nil {
		return claim.Share{}, 0, err
	}
	subject, err := principal.ParseID(serve.Var(r, "subject"))
	if err != nil {
		return claim.Share{}, 0, malformed(err)
	}
	version, err := web.IfMatch(r)
	return claim.Share{Claim: id, Subject: subject}, version, err
}
