// Package harness starts the whole system, logs people in and asks it things. It
// speaks HTTP and reads files, and knows none of the product's packages.
package harness

import (
	"encoding/json"
	"fmt"
	"os"
)

// System is a running system, seen from outside.
type System struct {
	Origin  string  // of the gateway: http://localhost:8080
	Secrets Secrets // made at seeding
	Inside  *Inside // nil where the system runs elsewhere

	logins logins
	stop   func() error
}

// Secrets are the passwords and keys of people and clients that seeding made up.
type Secrets struct {
	People  map[string]PersonSecret `json:"people"`
	Clients map[string]ClientSecret `json:"clients"`
}

// PersonSecret is how somebody logs in. TOTP is empty for who has no second factor.
type PersonSecret struct {
	Tenant   string `json:"tenant"`
	Password string `json:"password"`
	TOTP     string `json:"totp"`
}

// ClientSecret is how a client shows who it is. A public one has no Secret.
type ClientSecret struct {
	ID          string `json:"id"`
	Secret      string `json:"secret"`
	RedirectURI string `json:"redirect_uri"`
}

// Attach is a system that already runs at origin; file holds its secrets.
func Attach(origin, file string) (*System, error) {
	secrets, err := readSecrets(file)
	return &System{Origin: origin, Secrets: secrets}, err
}

// Around is a system that somebody else started and that Stop ends by stop.
func Around(in *Inside, secrets string, stop func() error) (*System, error) {
	s, err := Attach(in.Origin, secrets)
	s.Inside, s.stop = in, stop
	return s, err
}

// Stop ends what Launch started.
func (s *System) Stop() error {
	if s.stop == nil {
		return nil
	}
	return s.stop()
}

func readSecrets(file string) (Secrets, error) {
	var s Secrets
	text, err := os.ReadFile(file)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("%s: %w", file, err)
	}
	return s, nil
}
