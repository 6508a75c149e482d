// Package api is the HTTP surface of claims: what comes in is parsed into the
// noun's types, what goes out is a view. It decides nothing.
package api

import (
	"net/http"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/services/claims/internal/store"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/serve"
	"innerdoor.example/shared/web"
)

// API answers requests from what the store lets out.
type API struct{ Store *store.Store }

// Routes is the whole surface, each operation with the action that is decided for it
// and the workloads that may carry it here.
func (a *API) Routes() []serve.Route {
	public := serve.From(principal.Gateway)
	return []serve.Route{
		serve.POST("/claims", claim.Filing, public, a.file),
		serve.GET("/claims", claim.Read, public, a.list),
		serve.GET("/claims/count", claim.Read, public, a.count),
		serve.GET("/claims/decisions", claim.Audit, public, a.decisions),
		serve.GET("/claims/decisions/{id}", claim.Audit, public, a.decision),
		serve.GET("/claims/{id}", claim.Read, public, a.get),
		serve.POST("/claims/{id}/submit", claim.Submit, public, a.do(claim.HandIn())),
		serve.POST("/claims/{id}/take", claim.Taking, public, a.do(claim.Take())),
		serve.POST("/claims/{id}/approve", claim.Approval, public, a.do(claim.Approve())),
		serve.GET("/claims/{id}/delegates", claim.ReadShares, public, a.shares),
		serve.PUT("/claims/{id}/delegates/{subject}", claim.Sharing, public, a.share),
		serve.DELETE("/claims/{id}/delegates/{subject}", claim.Sharing, public, a.unshare),
	}
}

// target is the claim that the request is about. No operation on one claim takes
// filters.
func target(r *http.Request) (claim.ID, error) {
	if _, err := web.Query(r); err != nil {
		return "", err
	}
	return id(r)
}

func id(r *http.Request) (claim.ID, error) {
	id, err := claim.ParseID(serve.Var(r, "id"))
	return id, malformed(err)
}

// malformed is the answer to what cannot be parsed; the text of err is for the
// client.
func malformed(err error) error {
	if err == nil {
		return nil
	}
	return &web.Error{Kind: web.Malformed, Detail: err.Error()}
}
