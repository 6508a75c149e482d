package api

import (
	"errors"
	"net/http"
	"strings"

	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/web"
)

// The forms of an export.
const (
	ndjson = "ndjson"
	asCSV  = "csv"
)

// columns are those of the CSV, members of the whole view. Who sees less of a claim has
// empty cells.
var columns = []string{"id", "tenant", "owner", "order", "region", "status", "description", "amount", "currency", "order_amount",
	"contact.name", "contact.email", "contact.phone", "assignee", "first_approver", "second_approver",
	"delivered_at", "version", "created_at", "updated_at"}

func (a *API) export(r *http.Request, who principal.Principal) (web.Reply, error) {
	given, err := web.Query(r, "status", "region", "order", "text", "format")
	if err != nil {
		return web.Reply{}, err
	}
	q, err := query(given)
	if err != nil {
		return web.Reply{}, err
	}
	form, err := form(given["format"], r.Header.Get("Accept"))
	if err != nil {
		return web.Reply{}, err
	}
	chunks := a.Store.Export(r.Context(), who, q)
	if form == asCSV {
		return web.CSV(chunks, view, columns...), nil
	}
	return web.NDJSON(chunks, view), nil
}

// form is the one that is asked for by name, or else the first that is accepted.
func form(name, accept string) (string, error) {
	switch name {
	case ndjson, asCSV:
		return name, nil
	case "":
	default:
		return "", malformed(errors.New("format must be ndjson or csv"))
	}
	for media := range strings.SplitSeq(accept, ",") {
		media, _, _ = strings.Cut(media, ";")
		switch strings.ToLower(strings.TrimSpace(media)) {
		case "text/csv":
			return asCSV, nil
		case "application/x-ndjson":
			return ndjson, nil
		}
	}
	return ndjson, nil
}
