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
	PublicURL string `env:"PUBLIC_URL" envDefault:"http://localhost:8080"` // how clients reach us; its host is the only one served
	Routes    string `env:"ROUTES_FILE" envDefault:"routes.yaml"`
	Issuers   string `env:"ISSUERS_FILE" envDefault:"issuers.yaml"`
}

// settings are the gateway's, from the environment.
type settings struct {
	Files
	Addr     string         `env:"PUBLIC_ADDR" envDefault:"127.0.0.1:8080"` // where the public listener is
	TxnKey   string         `env:"TXN_KEY,required"`                        // file: what Txn-Tokens are signed with
	Claims   string         `env:"UPSTREAM_CLAIMS,required"`                // https://host:port
	Orders   string         `env:"UPSTREAM_ORDERS,required"`                // https://host:port
	Identity string         `env:"UPSTREAM_IDENTITY,required"`              // https://host:port
	Trusted  []netip.Prefix `env:"TRUSTED_PROXIES"`                         // peers whose X-Forwarded-For is believed: 10.0.0.0/8,…; none
	Workload mtls.Settings
	Ops      ops.Settings
}

// Validate reads all files that the settings name and lists all that is wrong.
func (s settings) Validate() error {
	mistakes := []error{s.checkPublicURL()}
	for name, upstream := range s.upstreams() {
		if u, err := url.Parse(upstream); upstream != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.Path != "" || u.User != nil) {
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

func (s settings) checkPublicURL() error {
	u, err := url.Parse(s.PublicURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil {
		return errors.New("PUBLIC_URL: must be http(s)://host[:port], without a path")
	}
	return nil
}

// services are our workloads that the gateway talks to.
var services = []string{"claims", "orders", route.Identity}

// upstreams are the addresses of the services, by the names that routes.yaml and
// their certificates have for them.
func (s settings) upstreams() map[string]string {
	return map[string]string{"claims": s.Claims, "orders": s.Orders, route.Identity: s.Identity}
}

// lookup answers ${NAME} in the files: a setting, with its default, or any other
// variable of the environment.
func (f Files) lookup(name string) (string, bool) {
	if name == "PUBLIC_URL" {
		return f.PublicURL, true
	}
	return os.LookupEnv(name)
}

func (f Files) routes() (*route.Table, error) {
	data, err := os.ReadFile(f.Routes)
	if err != nil {
		return nil, fmt.Errorf("ROUTES_FILE: %w", err)
	}
	table, err := route.Parse(data, services, f.lookup)
	return table, eachLine("ROUTES_FILE: "+f.Routes, err)
}

func (f Files) issuers() ([]authn.Issuer, error) {
	data, err := os.ReadFile(f.Issuers)
	if err != nil {
		return nil, fmt.Errorf("ISSUERS_FILE: %w", err)
	}
	issuers, err := authn.ParseIssuers(data, services, f.lookup)
	return issuers, eachLine("ISSUERS_FILE: "+f.Issuers, err)
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

// eachLine begins every line of an error with where it is.
func eachLine(where string, err error) error {
	if err == nil {
		return nil
	}
	return errors.New(where + ": " + strings.ReplaceAll(err.Error(), "\n", "\n"+where+": "))
}
