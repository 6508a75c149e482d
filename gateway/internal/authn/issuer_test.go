package authn

import (
	"strings"
	"testing"
)

func lookup(name string) (string, bool) {
	value, ok := map[string]string{"PUBLIC_URL": "http://localhost:8080", "UPSTREAM_IDENTITY": "https://127.0.0.1:1", "EMPTY": ""}[name]
	return value, ok
}

const goodIssuers = `issuers:
  - alias: home
    issuer: ${PUBLIC_URL}/oidc
    keys_url: ${UPSTREAM_IDENTITY}/oidc/keys
    keys_peer: identity
    audiences: [innerdoor]
    algorithms: [ES256]
    tenants: [acme]
`

func TestEveryMistakeInTheIssuersIsReportedAtOnce(t *testing.T) {
	issuers, err := ParseIssuers([]byte(goodIssuers), []string{"identity"}, lookup)
	if err != nil || issuers[0].Issuer != "http://localhost:8080/oidc" || issuers[0].Fields.Tenant != "tenant" {
		t.Fatalf("the good file: %+v, %v", issuers, err)
	}
	bad := goodIssuers + `
  - alias: home
    issuer: ${NOT_SET}/oidc
    keys_url: http://keys.example/keys
    keys_peer: claims
    audiences: []
    algorithms: [HS256, none]
    tenants: []
    max_lifetime: 2000h
    audience: typo
    alias: again
  - alias: Key
    keys_url: https://user:secret@keys.example
    algorithms: [RS256]
    tenants: ["*"]
    second_factor: {acr: []}
`
	_, err = ParseIssuers([]byte(bad), []string{"identity"}, lookup)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		`line 11: NOT_SET is not set`,
		`line 14: must not be an empty list`,
		`line 16: must not be an empty list`,
		`line 18: unknown field "audience"`,
		`line 19: field "alias" is given twice`,
		`line 10: alias or issuer is already the one of line 2`,
		`line 10: issuer home: keys_url must be an https URL`,
		`line 10: issuer home: keys_peer must be one of [identity], not "claims"`,
		`line 10: issuer home: algorithm "HS256" is not one of`,
		`line 10: issuer home: algorithm "none" is not one of`,
		`line 10: issuer home: max_lifetime`,
		`line 20: issuer Key: alias must be`,
		`line 20: issuer Key: issuer is missing`,
		`line 20: issuer Key: keys_url must`,
		`line 20: issuer Key: audiences is missing`,
		`line 20: issuer Key: tenant "*"`,
		`line 24: must not be an empty list`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no word of: %s", want)
		}
	}
	if strings.Contains(err.Error(), "secret") {
		t.Error("a secret is in the error")
	}
	if t.Failed() {
		t.Log("\n" + err.Error())
	}
}

// Else "operator:seed" could be a person, and a person's deeds look like an operator's.
func TestNoIssuersPeopleAreCalledLikeThoseOfAnotherKind(t *testing.T) {
	for _, alias := range []string{"key", "partner", "operator"} {
		_, err := ParseIssuers([]byte(strings.Replace(goodIssuers, "alias: home", "alias: "+alias, 1)), []string{"identity"}, lookup)
		if err == nil || !strings.Contains(err.Error(), "alias is kept") {
			t.Errorf("%s: %v", alias, err)
		}
	}
}
