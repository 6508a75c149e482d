package main

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"strings"

	"innerdoor.example/gateway/internal/authn"
	"innerdoor.example/gateway/internal/route"
	"innerdoor.example/shared/mtls"
	"innerdoor.example/shared/ops"
	"innerdoor.example/shared/principal"
)

// Files are the settings that can be looked at without the rest of the system.
type Files struct {
	PublicURL url.URL `env:"PUBLIC_URL" envDefault:"http://localhost:8080"` // how clients reach us; its host is the only one served
	Routes    string  `env:"ROUTES_FILE" envDefault:"routes.yaml"`
	Issuers   string  `env:"ISSUERS_FILE" envDefault:"issuers.yaml"`
}

// settings are the gateway's, from the environment.
type settings struct {
	Files
	Addr     string         `env:"PUBLIC_ADDR" envDefault:"127.0.0.1:8080"` // where the public listener is
	TxnKey   string         `env:"TXN_KEY,required"`                        // file: what Txn-Tokens are signed with
	Claims   url.URL        `env:"UPSTREAM_CLAIMS,required"`                // https://host:port
	Orders   url.URL        `env:"UPSTREAM_ORDERS,required"`                // https://host:port
	Identity url.URL        `env:"UPSTREAM_IDENTITY,required"`              // https://host:port
	Trusted  []netip.Prefix `env:"TRUSTED_PROXIES"`                         // peers whose X-Forwarded-For is believed: 10.0.0.0/8,…; none
	Workload mtls.Settings
	Ops      ops.Settings
}

// Validate reads all files that the settings name and lists all that is wrong.
func (s settings) Validate() error {
	var mistakes []error
	if u := s.PublicURL; u.Scheme != "http" && u.Scheme != "https" || !bare(u) {
		mistakes = append(mistakes, errors.New("PUBLIC_URL: must be http(s)://host[:port], without a path"))
	}
	for name, u := range s.upstreams() {
		if u.Scheme != "https" || !bare(*u) {
			mistakes = append(mistakes, fmt.Errorf("UPSTREAM_%s: must be https://host:port", strings.ToUpper(name)))
		}
	}
	if _, err := principal.LoadSigner(s.TxnKey); err != nil {
		mistakes = append(mistakes, fmt.Errorf("TXN_KEY: %w", err))
	}
	_, errRoutes := s.routes()
	_, errIssuers := s.issuers()
	return errors.Join(append(mistakes, errRoutes, errIssuers)...)
}

// bare reports whether a URL is scheme and host alone.
func bare(u url.URL) bool {
	return u.Host != "" && u == url.URL{Scheme: u.Scheme, Host: u.Host}
}

// services are our workloads that the gateway talks to.
var services = []string{"claims", "orders", route.Identity}

// upstreams are the addresses of the services, by the names that routes.yaml and
// their certificates have for them.
func (s *settings) upstreams() map[string]*url.URL {
	return map[string]*url.URL{"claims": &s.Claims, "orders": &s.Orders, route.Identity: &s.Identity}
}

// lookup answers ${NAME} in the files: a setting, with its default, or any other
// variable of the environment.
func (f Files) lookup(name string) (string, bool) {
	if name == "PUBLIC_URL" {
		return f.PublicURL.String(), true
	}
	return os.LookupEnv(name)
}

func (f Files) routes() (*route.Table, error) {
	return read("ROUTES_FILE", f.Routes, func(data []byte) (*route.Table, error) {
		return route.Parse(data, services, f.lookup)
	})
}

func (f Files) issuers() ([]authn.Issuer, error) {
	return read("ISSUERS_FILE", f.Issuers, func(data []byte) ([]authn.Issuer, error) {
		return authn.ParseIssuers(data, services, f.lookup)
	})
}

// read parses a file; every line of an error begins with where the mistake is.
func read[T any](setting, name string, parse func([]byte) (T, error)) (T, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		var none T
		return none, fmt.Errorf("%s: %w", setting, err)
	}
	parsed, err := parse(data)
	if err != nil {
		where := setting + ": " + name + ": "
		err = errors.New(where + strings.ReplaceAll(err.Error(), "\n", "\n"+where))
	}
	return parsed, err
}

// check reads a file of either kind.
func (f Files) check(name string) error {
	f.Routes, f.Issuers = name, name
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if regexp.MustCompile(`(?m)^issuers:`).Match(data) {
		_, err = f.issuers()
	} else {
		_, err = f.routes()
	}
	return err
}
