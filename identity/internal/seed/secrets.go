package seed

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"innerdoor.example/shared/principal"
)

// Secrets is the file that the seeded log in with: the only place where their
// secrets are ever readable.
type Secrets struct {
	People  map[string]PersonSecret `json:"people"`
	Clients map[string]ClientSecret `json:"clients"`
}

// PersonSecret is what a person knows and has.
type PersonSecret struct {
	Tenant   principal.Tenant `json:"tenant"`
	Password string           `json:"password"`
	TOTP     string           `json:"totp"` // base32; empty: no second factor
}

// ClientSecret is what a client knows: a confidential one its secret, a public one
// where its answers go.
type ClientSecret struct {
	ID          string `json:"id"`
	Secret      string `json:"secret,omitempty"`
	RedirectURI string `json:"redirect_uri,omitempty"`
}

// Load reads a file of secrets; one that does not exist is empty.
func Load(file string) (*Secrets, error) {
	s := &Secrets{People: map[string]PersonSecret{}, Clients: map[string]ClientSecret{}}
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, s); err != nil {
		return nil, fmt.Errorf("%s is not a file of secrets: %w", file, err)
	}
	return s, nil
}

// Save writes the file anew, whole or not at all, for its owner only.
func (s *Secrets) Save(file string) error {
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(file), ".secrets-*") // has mode 0600
	if err != nil {
		return err
	}
	_, err = temporary.Write(append(raw, '\n'))
	if err = errors.Join(err, temporary.Sync(), temporary.Close()); err == nil {
		err = os.Rename(temporary.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return nil
}
