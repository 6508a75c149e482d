// Package seed makes the people and clients of a seed file, each with a fresh random
// secret, and writes the secrets into a file that only its owner may read.
package seed

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"innerdoor.example/shared/principal"
)

// File is a seed file. It holds no secret.
type File struct {
	Scopes  []string           `yaml:"scopes"` // all there are; people have them all unless their entry says otherwise
	Tenants []principal.Tenant `yaml:"tenants"`
	People  map[string]*Person `yaml:"people"`  // by subject
	Clients map[string]*Client `yaml:"clients"` // by client_id
}

// Person is somebody to be made.
type Person struct {
	Tenant principal.Tenant `yaml:"tenant"`
	TOTP   bool             `yaml:"totp"` // with a second factor
	Scopes []string         `yaml:"scopes"`
}

// Client is a client to be made: a public one if it has redirect URIs and no
// tenant, else a confidential one with tokens of its own.
type Client struct {
	Tenant       principal.Tenant `yaml:"tenant"`
	RedirectURIs []string         `yaml:"redirect_uris"`
	Scopes       []string         `yaml:"scopes"`
}

// Read reads a seed file strictly; all its mistakes come in one error.
func Read(r io.Reader) (*File, error) {
	var f File
	if err := yaml.NewDecoder(r, yaml.Strict()).Decode(&f); err != nil {
		return nil, err
	}
	return &f, f.check()
}

// subjectForm is what the gateway accepts as a sub.
var subjectForm = regexp.MustCompile(`^[A-Za-z0-9._|@+-]{1,128}$`)

func (f *File) check() error {
	var mistakes []error
	wrong := func(format string, args ...any) { mistakes = append(mistakes, fmt.Errorf(format, args...)) }
	for _, tenant := range f.Tenants {
		if _, err := principal.ParseTenant(string(tenant)); err != nil {
			mistakes = append(mistakes, err)
		}
	}
	for subject, person := range f.People {
		switch {
		case !subjectForm.MatchString(subject):
			wrong("people: %q is not a subject", subject)
		case person == nil || !slices.Contains(f.Tenants, person.Tenant):
			wrong("people: %s has no tenant of the list", subject)
		default:
			mistakes = append(mistakes, f.checkScopes("people: "+subject, person.Scopes))
		}
		if _, both := f.Clients[subject]; both {
			wrong("%s is a person and a client: a client and a person never share a subject (RFC 9700 §4.15)", subject)
		}
	}
	for id, client := range f.Clients {
		switch {
		case !subjectForm.MatchString(id):
			wrong("clients: %q is not a client_id", id)
		case client == nil || len(client.Scopes) == 0:
			wrong("clients: %s has no scopes", id)
		default:
			mistakes = append(mistakes, f.checkScopes("clients: "+id, client.Scopes), f.checkClient(id, client))
		}
	}
	return errors.Join(mistakes...)
}

func (f *File) checkScopes(who string, scopes []string) error {
	for _, scope := range scopes {
		if !slices.Contains(f.Scopes, scope) {
			return fmt.Errorf("%s: the scope %q is not on the list", who, scope)
		}
	}
	return nil
}

func (f *File) checkClient(id string, client *Client) error {
	if (client.Tenant == "") == (len(client.RedirectURIs) == 0) {
		return fmt.Errorf("clients: %s needs either redirect_uris or a tenant", id)
	}
	if client.Tenant != "" && !slices.Contains(f.Tenants, client.Tenant) {
		return fmt.Errorf("clients: %s has no tenant of the list", id)
	}
	for _, uri := range client.RedirectURIs {
		u, err := url.Parse(uri)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil ||
			strings.ContainsAny(uri, " #*") {
			return fmt.Errorf("clients: %s: %q cannot be redirected to", id, uri)
		}
	}
	return nil
}
