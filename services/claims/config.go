package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"innerdoor.example/shared/mtls"
	"innerdoor.example/shared/ops"
	"innerdoor.example/shared/principal"
)

// config is what `serve` is told by the environment.
type config struct {
	Inner     string        `env:"INNER_ADDR" envDefault:"127.0.0.1:8081"`         // host:port of the mTLS listener
	Orders    string        `env:"ORDERS_URL,required"`                            // https://host:port of the orders service
	Keys      string        `env:"TXN_JWKS,required"`                              // file: the keys that Txn-Tokens are signed with
	Retention time.Duration `env:"RECORD_RETENTION" envDefault:"8760h"`            // how long decisions are kept
	CursorKey string        `env:"CURSOR_KEY_FILE"`                                // default: DATA_DIR/cursor.key, made if absent
	StepUpACR string        `env:"STEP_UP_ACR" envDefault:"urn:innerdoor:acr:mfa"` // what a stronger login is called
	Data      data
	TLS       mtls.Settings
	Ops       ops.Settings
}

// data is what every sub-command that touches the database is told.
type data struct {
	Dir string `env:"DATA_DIR,required"` // an existing folder of this service's own
}

// Validate implements ops.Parse's check.
func (c config) Validate() error {
	var mistakes []error
	if _, _, err := net.SplitHostPort(c.Inner); err != nil {
		mistakes = append(mistakes, fmt.Errorf("INNER_ADDR: not host:port: %q", c.Inner))
	}
	if u, err := url.Parse(c.Orders); err != nil || u.Scheme != "https" || u.Host == "" || u.Path != "" || u.RawQuery != "" {
		mistakes = append(mistakes, errors.New("ORDERS_URL: not of the form https://host:port"))
	}
	if c.Retention <= 0 {
		mistakes = append(mistakes, fmt.Errorf("RECORD_RETENTION: not a positive duration: %v", c.Retention))
	}
	if _, err := principal.LoadVerifier(c.Keys); err != nil {
		mistakes = append(mistakes, fmt.Errorf("TXN_JWKS: %w", err))
	}
	return errors.Join(mistakes...)
}

// Validate implements ops.Parse's check.
func (d data) Validate() error {
	if info, err := os.Stat(d.Dir); err != nil || !info.IsDir() {
		return fmt.Errorf("DATA_DIR: not a folder: %q", d.Dir)
	}
	return nil
}

func (c config) cursorKey() string {
	return cmp.Or(c.CursorKey, filepath.Join(c.Data.Dir, "cursor.key"))
}
