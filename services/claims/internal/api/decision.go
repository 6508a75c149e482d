package api

import (
	"net/http"

	"innerdoor.example/services/claims/internal/store"
	"innerdoor.example/shared/audit"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/serve"
	"innerdoor.example/shared/web"
)

func (a *API) decisions(r *http.Request, who principal.Principal) (web.Reply, error) {
	given, err := web.Query(r, "limit", "cursor", "txn", "subject", "object", "rule", "action")
	if err != nil {
		return web.Reply{}, err
	}
	limit, err := web.Number(given, "limit")
	if err != nil {
		return web.Reply{}, err
	}
	page, err := a.Store.Decisions(r.Context(), who, store.DecisionQuery{
		Limit: limit, Cursor: given["cursor"],
		Txn: given["txn"], Subject: given["subject"], Object: given["object"], Rule: given["rule"], Action: given["action"],
	})
	return web.OK(pageView(page, asItIs), err)
}

func (a *API) decision(r *http.Request, who principal.Principal) (web.Reply, error) {
	if _, err := web.Query(r); err != nil {
		return web.Reply{}, err
	}
	id, err := audit.ParseID(serve.Var(r, "id"))
	if err != nil {
		return web.Reply{}, malformed(err)
	}
	d, err := a.Store.Decision(r.Context(), who, id)
	return web.OK(d.Row, err)
}
