package main

import (
	"errors"
	"fmt"
	"net"

	"innerdoor.example/identity/internal/oidc"
	"innerdoor.example/shared/mtls"
	"innerdoor.example/shared/ops"
	"innerdoor.example/shared/principal"
)

// Storage is what every command needs that touches the database.
type Storage struct {
	DataDir string `env:"DATA_DIR,required"` // the database's directory, made if need be
}

// settings is all that serve needs.
type settings struct {
	Storage
	InnerAddr string `env:"INNER_ADDR,required"` // host:port of the inner listener; ":0" takes any free port
	Issuer    string `env:"ISSUER,required"`     // as clients see it through the gateway: http://localhost:8080/oidc
	Audience  string `env:"AUDIENCE" envDefault:"innerdoor"`
	TxnKeys   string `env:"TXN_JWKS,required"` // file of the keys that verify Txn-Tokens
	MTLS      mtls.Settings
	Ops       ops.Settings
}

// Validate lists what is wrong with the settings, one mistake a line.
func (s settings) Validate() error {
	var mistakes []error
	if _, _, err := net.SplitHostPort(s.InnerAddr); err != nil {
		mistakes = append(mistakes, fmt.Errorf("INNER_ADDR: not host:port: %q", s.InnerAddr))
	}
	if _, err := oidc.ParseIssuer(s.Issuer); err != nil {
		mistakes = append(mistakes, fmt.Errorf("ISSUER: %w", err))
	}
	if _, err := principal.LoadVerifier(s.TxnKeys); err != nil {
		mistakes = append(mistakes, fmt.Errorf("TXN_JWKS: %w", err))
	}
	return errors.Join(mistakes...)
}
