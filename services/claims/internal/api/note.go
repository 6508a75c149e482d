package api

import (
	"net/http"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/services/claims/internal/store"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/serve"
	"innerdoor.example/shared/web"
)

func (a *API) notes(r *http.Request, who principal.Principal) (web.Reply, error) {
	id, err := id(r)
	if err != nil {
		return web.Reply{}, err
	}
	limit, cursor, err := web.Paging(r)
	if err != nil {
		return web.Reply{}, err
	}
	page, err := a.Store.Notes(r.Context(), who, id, limit, cursor)
	return web.OK(pageView(page, noteViewOf), err)
}

func (a *API) note(r *http.Request, who principal.Principal) (web.Reply, error) {
	id, err := target(r)
	if err != nil {
		return web.Reply{}, err
	}
	name, err := claim.ParseNote(serve.Var(r, "note"))
	if err != nil {
		return web.Reply{}, malformed(err)
	}
	n, err := a.Store.Note(r.Context(), who, claim.NoteOf(id, name))
	return shownNote(n, err)
}

func (a *API) addNote(r *http.Request, who principal.Principal) (web.Reply, error) {
	id, err := target(r)
	if err != nil {
		return web.Reply{}, err
	}
	var body struct {
		Kind string `json:"kind"`
		Body string `json:"body"`
	}
	if err := web.Decode(r, &body); err != nil {
		return web.Reply{}, err
	}
	kind, err := claim.ParseKind(body.Kind)
	if err != nil {
		return web.Reply{}, malformed(err)
	}
	n, err := a.Store.AddNote(r.Context(), who, claim.Remark{Claim: id, Kind: kind, Body: body.Body})
	reply, err := shownNote(n, err)
	return made(reply, err, "/claims/"+string(id)+"/notes/"+n.Row.ID.Name())
}

func shownNote(n store.GrantedOf[claim.Note], err error) (web.Reply, error) {
	if err != nil {
		return web.Reply{}, err
	}
	return visible(n.By, n.Row.Version, noteViewOf(n.Row))
}
