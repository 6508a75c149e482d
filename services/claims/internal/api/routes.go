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
type API struct {
	Store    *store.Store
	Document []byte // what is served, in OpenAPI's YAML
}

// Routes is the whole surface, each operation with the action that is decided for it
// and the workloads that may carry it here.
func (a *API) Routes() []serve.Route {
	public := serve.From(principal.Gateway)
	return []serve.Route{
		serve.POST("/claims", claim.Filing, public, a.file),
		serve.GET("/claims", claim.Read, public, a.list),
		serve.GET("/claims/count", claim.Read, public, a.count),
		serve.GET("/claims/export", claim.Export, public, a.export),
		serve.Document("/claims/openapi.json", public, a.Document),
		serve.GET("/claims/decisions", claim.Audit, public, a.decisions),
		serve.GET("/claims/decisions/{id}", claim.Audit, public, a.decision),
		serve.GET("/claims/staff", claim.ReadStaff, public, a.staff),
		serve.PUT("/claims/staff/{subject}", claim.ChangeStaff, public, a.appoint),
		serve.DELETE("/claims/staff/{subject}", claim.ChangeStaff, public, a.dismiss),
		serve.GET("/claims/{id}", claim.Read, public, a.get),
		serve.PATCH("/claims/{id}", claim.Editing, public, a.edit),
		serve.POST("/claims/{id}/submit", claim.Submit, public, a.do(claim.HandIn())),
		serve.POST("/claims/{id}/withdraw", claim.Withdrawal, public, a.do(claim.Withdraw())),
		serve.POST("/claims/{id}/take", claim.Taking, public, a.do(claim.Take())),
		serve.PUT("/claims/{id}/assignee", claim.Assigning, public, a.assign),
		serve.POST("/claims/{id}/approve", claim.Approval, public, a.do(claim.Approve())),
		serve.POST("/claims/{id}/reject", claim.Rejection, public, a.do(claim.Reject())),
		serve.GET("/claims/{id}/notes", claim.ReadNotes, public, a.notes),
		serve.POST("/claims/{id}/notes", claim.AddNote, public, a.addNote),
		serve.GET("/claims/{id}/notes/{note}", claim.ReadNotes, public, a.note),
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

// visible answers with a row's view and version, or with nothing (204) if no rule lets
// the caller read the row.
func visible(by string, version int64, view any) (web.Reply, error) {
	if by == "" {
		return web.NoContent(nil)
	}
	reply, err := web.OK(view, nil)
	reply.Header = http.Header{"Etag": {web.ETag(version)}}
	return reply, err
}

// made turns the answer to a change into that to a creation, if it shows anything.
func made(reply web.Reply, err error, location string) (web.Reply, error) {
	if err == nil && reply.Status == http.StatusOK {
		reply.Status = http.StatusCreated
		reply.Header.Set("Location", location)
	}
	return reply, err
}

// put answers to what makes a row or changes the one there is.
func put(by string, version int64, view any) (web.Reply, error) {
	reply, err := visible(by, version, view)
	if by != "" && version == 1 {
		reply.Status = http.StatusCreated
	}
	return reply, err
}
