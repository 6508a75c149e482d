package api

import (
	"errors"
	"net/http"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/web"
)

// editing is all that an owner may say anew: what is absent stays as it is, and null is
// no value.
type editing struct {
	Description given[string]  `json:"description"`
	Amount      given[int64]   `json:"amount"`
	Contact     given[contact] `json:"contact"`
}

func (a *API) edit(r *http.Request, who principal.Principal) (web.Reply, error) {
	var body editing
	if err := web.Decode(r, &body); err != nil {
		return web.Reply{}, err
	}
	e := claim.Edit{Description: body.Description.value, Amount: (*claim.Cents)(body.Amount.value), Contact: (*claim.Contact)(body.Contact.value)}
	if e == (claim.Edit{}) {
		return web.Reply{}, malformed(errors.New("there is nothing to change"))
	}
	return a.change(r, who, e.Command())
}

// assign is PUT /claims/{id}/assignee.
func (a *API) assign(r *http.Request, who principal.Principal) (web.Reply, error) {
	var body struct {
		Subject string `json:"subject"`
	}
	if err := web.Decode(r, &body); err != nil {
		return web.Reply{}, err
	}
	to, err := principal.ParseID(body.Subject)
	if err != nil {
		return web.Reply{}, malformed(err)
	}
	return a.change(r, who, claim.Assign(to))
}
