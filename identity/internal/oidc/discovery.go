package oidc

import (
	"net/http"

	"innerdoor.example/identity/internal/account"
	"innerdoor.example/identity/internal/signing"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/web"
)

// metadata is what OpenID Connect Discovery 1.0 §3, RFC 8414 §2 and RFC 9207 §3 name.
type metadata struct {
	Issuer                string   `json:"issuer"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	TokenEndpoint         string   `json:"token_endpoint"`
	Keys                  string   `json:"jwks_uri"`
	ResponseTypes         []string `json:"response_types_supported"`
	ResponseModes         []string `json:"response_modes_supported"`
	GrantTypes            []string `json:"grant_types_supported"`
	SubjectTypes          []string `json:"subject_types_supported"`
	IDTokenAlgorithms     []string `json:"id_token_signing_alg_values_supported"`
	ClientAuthentication  []string `json:"token_endpoint_auth_methods_supported"`
	ChallengeMethods      []string `json:"code_challenge_methods_supported"`
	Scopes                []string `json:"scopes_supported"`
	ACRs                  []string `json:"acr_values_supported"`
	Fields                []string `json:"claims_supported"`
	Prompts               []string `json:"prompt_values_supported"`
	IssuerInAnswer        bool     `json:"authorization_response_iss_parameter_supported"`
	RequestObject         bool     `json:"request_parameter_supported"`
	RequestURI            bool     `json:"request_uri_parameter_supported"`
}

func (p *Provider) discover(*http.Request, principal.Principal) (web.Reply, error) {
	return web.Reply{Header: cacheFor("300"), Body: metadata{
		Issuer:                p.issuer(),
		AuthorizationEndpoint: p.url("authorize"),
		TokenEndpoint:         p.url("token"),
		Keys:                  p.url("keys"),
		ResponseTypes:         []string{"code"},
		ResponseModes:         []string{"query"},
		GrantTypes:            []string{authorizationCode, clientCredentials},
		SubjectTypes:          []string{"public"},
		IDTokenAlgorithms:     []string{string(signing.Algorithm)},
		ClientAuthentication:  []string{"none", "client_secret_basic", "client_secret_post"},
		ChallengeMethods:      []string{"S256"},
		Scopes:                []string{openID},
		ACRs:                  []string{account.ACRPassword, account.ACRSecondFactor},
		Fields:                []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr"},
		Prompts:               []string{"none", "login"},
		IssuerInAnswer:        true,
	}}, nil
}

// keys publishes the keys. Whoever keeps them longer than 30 seconds would go on
// trusting one that was taken away.
func (p *Provider) keys(r *http.Request) (web.Reply, error) {
	set, err := p.Keys.Public(r.Context())
	return web.Reply{Header: cacheFor("30"), Body: set}, err
}

func cacheFor(seconds string) http.Header {
	return http.Header{"Cache-Control": {"public, max-age=" + seconds}}
}
