package serve

import (
	"net/http"

	"github.com/goccy/go-yaml"

	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/web"
)

// Document declares the operation that serves the service's own description, an OpenAPI file written in YAML, as JSON to
// everybody whom the gateway lets in.
func Document(pattern string, from []principal.Workload, file []byte) Route {
	document, err := yaml.YAMLToJSON(file)
	return Anonymous(http.MethodGet, pattern, from, func(*http.Request) (web.Reply, error) {
		return web.Reply{Header: http.Header{"Content-Type": {"application/json"}}, Raw: document}, err
	})
}
