package servetest

import (
	"net/http"
	"strings"
	"testing"

	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/serve"
	"innerdoor.example/shared/web"
)

const document = `
openapi: 3.1.0
info: {title: letters, version: "1"}
paths:
  /letters/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      x-innerdoor-action: letters:read
      x-innerdoor-scope: letters:read
      x-innerdoor-views: {owner: Letter}
      responses:
        "200": {description: the letter, content: {application/json: {schema: {$ref: "#/components/schemas/Letter"}}}}
        "400": &problem {description: a problem, content: {application/problem+json: {schema: {type: object}}}}
        "401": *problem
        "403": *problem
        "404": *problem
        "503": *problem
  /letters:
    post:
      x-innerdoor-action: letters:write
      x-innerdoor-scope: letters:write
      x-innerdoor-views: {owner: Letter}
      parameters:
        - {name: Idempotency-Key, in: header, schema: {type: string}}
        - {name: If-Match, in: header, schema: {type: string}}
      requestBody: {content: {application/json: {schema: {type: object}}}}
      responses:
        "201": {description: the letter}
        "400": *problem
        "401": *problem
        "403": *problem
        "409": *problem
        "412": *problem
        "413": *problem
        "415": *problem
        "422": *problem
        "503": *problem
  /letters/openapi.json:
    get: {responses: {"200": {description: this}}}
components:
  schemas:
    Letter: {type: object}
`

func routes() []serve.Route {
	public := serve.From(principal.Gateway)
	h := func(*http.Request, principal.Principal) (web.Reply, error) { return web.Reply{}, nil }
	return []serve.Route{
		serve.GET("/letters/{id}", "letters:read", public, h),
		serve.POST("/letters", "letters:write", public, h),
		serve.GET("/internal/letters", "letters:count", serve.From("claims"), h),
		serve.Document("/letters/openapi.json", public, []byte(document)),
	}
}

func scope(action authz.Name) string { return string(action) }

func TestADocumentThatSaysWhatIsServedPasses(t *testing.T) {
	CheckDocument(t, []byte(document), routes(), scope)
}

func TestEachDifferenceBetweenDocumentAndServiceIsNamed(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"another version":          {"openapi: 3.1.0", "openapi: 3.0.3", "not 3.1"},
		"a route too few":          {"  /letters/openapi.json:\n    get: {responses: {\"200\": {description: this}}}\n", "", "GET /letters/openapi.json: served, but not in the document"},
		"a route too many":         {"  /letters:\n", "  /letters:\n    get: {responses: {\"200\": {description: all}}}\n", "GET /letters: in the document, but not served"},
		"an internal route":        {"  /letters:\n", "  /internal/letters:\n    get: {responses: {\"200\": {description: all}}}\n  /letters:\n", "GET /internal/letters: in the document, but not served"},
		"another action":           {"x-innerdoor-action: letters:read", "x-innerdoor-action: letters:write", `x-innerdoor-action is "letters:write", not "letters:read"`},
		"another scope":            {"x-innerdoor-scope: letters:read", "x-innerdoor-scope: all", `x-innerdoor-scope is "all", not "letters:read"`},
		"an action of nobody":      {"get: {responses: {\"200\": {description: this}", "get: {x-innerdoor-action: letters:read, responses: {\"200\": {description: this}", `x-innerdoor-action is "letters:read", not ""`},
		"no views":                 {"      x-innerdoor-views: {owner: Letter}\n      responses", "      responses", "x-innerdoor-views is not a map"},
		"a view of no schema":      {"{owner: Letter}\n      responses", "{owner: Parcel}\n      responses", `owner: there is no schema "Parcel"`},
		"no good answer":           {"\"201\": {description: the letter}", "\"404\": *problem", "no answer to what is permitted"},
		"an error of another form": {"\"503\": *problem\n  /letters:", "\"503\": {description: sorry}\n  /letters:", "503 is no problem"},
		"a hidden refusal":         {"        \"404\": *problem\n", "", "GET /letters/{id}: no answer 404"},
		"no large body":            {"        \"413\": *problem\n", "", "no answer 413"},
		"no condition":             {"        \"412\": *problem\n", "", "no answer 412"},
		"no conflict":              {"        \"409\": *problem\n", "", "no answer 409"},
		"no Idempotency-Key":       {"        - {name: Idempotency-Key, in: header, schema: {type: string}}\n", "", "it takes an Idempotency-Key"},
		"no parameter of a path":   {"    parameters: [{name: id, in: path, required: true, schema: {type: string}}]\n", "", "id"},
	} {
		changed := strings.Replace(document, c.old, c.new, 1)
		if changed == document {
			t.Errorf("%s: nothing was changed", name)
		}
		if found := strings.Join(mistakes(t, []byte(changed), routes(), scope), "\n"); !strings.Contains(found, c.want) {
			t.Errorf("%s: found %q, not %q", name, found, c.want)
		}
	}
}
