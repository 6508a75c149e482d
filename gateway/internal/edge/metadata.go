package edge

import (
	"net/http"
	"net/url"

	"innerdoor.example/shared/web"
)

const metadataPath = "/.well-known/oauth-protected-resource"

// resource is the document by which a client without a token finds out where to
// get one (RFC 9728 §2).
type resource struct {
	Resource             string   `json:"resource"`
	AuthorizationServers []string `json:"authorization_servers"`
	BearerMethods        []string `json:"bearer_methods_supported"`
}

func document(public *url.URL, issuers []string) web.Reply {
	return web.Reply{
		Header: http.Header{"Cache-Control": {"public, max-age=300"}},
		Body:   resource{Resource: public.String(), AuthorizationServers: issuers, BearerMethods: []string{"header"}},
	}
}
