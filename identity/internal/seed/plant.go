package seed

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"maps"
	"slices"
	"strings"

	"innerdoor.example/identity/internal/account"
	"innerdoor.example/identity/internal/store"
)

// Plant adds the people and clients of the file that do not exist yet, and puts
// their secrets into s. Who exists stays as is, unless reset, which makes everybody
// anew. It returns how many were added.
func (f *File) Plant(ctx context.Context, into *store.Store, s *Secrets, reset bool) (added int, err error) {
	g := gardener{store: into, hasher: account.NewHasher(), secrets: s, reset: reset, all: strings.Join(f.Scopes, " ")}
	for _, subject := range slices.Sorted(maps.Keys(f.People)) {
		if err := g.person(ctx, subject, f.People[subject]); err != nil {
			return g.added, err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(f.Clients)) {
		if err := g.client(ctx, id, f.Clients[id]); err != nil {
			return g.added, err
		}
	}
	return g.added, nil
}

type gardener struct {
	store   *store.Store
	hasher  *account.Hasher
	secrets *Secrets
	reset   bool
	all     string // scopes
	added   int
}

func (g *gardener) person(ctx context.Context, subject string, p *Person) error {
	if _, err := g.store.Person(ctx, subject); !errors.Is(err, store.ErrAbsent) && (err != nil || !g.reset) {
		return err // nil: the person exists, and a password takes long to hash for nothing
	}
	secret := PersonSecret{Tenant: p.Tenant, Password: rand.Text()}
	if p.TOTP {
		secret.TOTP = totpSecret()
	}
	hash, err := g.hasher.Hash(ctx, secret.Password)
	if err != nil {
		return err
	}
	scopes := g.all
	if len(p.Scopes) > 0 {
		scopes = strings.Join(p.Scopes, " ")
	}
	added, err := g.store.AddPerson(ctx, store.Person{
		Subject: subject, Tenant: p.Tenant, Password: hash, TOTPSecret: secret.TOTP, Scopes: scopes,
	}, g.reset)
	if added {
		g.secrets.People[subject] = secret
		g.added++
	}
	return err
}

func (g *gardener) client(ctx context.Context, id string, c *Client) error {
	made := store.Client{
		ID: id, Tenant: c.Tenant,
		RedirectURIs: strings.Join(c.RedirectURIs, " "), Scopes: strings.Join(c.Scopes, " "),
	}
	secret := ClientSecret{ID: id}
	if c.Tenant != "" {
		secret.Secret = store.NewHandle()
		made.SecretHash = store.Hash(secret.Secret)
	} else {
		secret.RedirectURI = c.RedirectURIs[0]
	}
	added, err := g.store.AddClient(ctx, made, g.reset)
	if added {
		g.secrets.Clients[id] = secret
		g.added++
	}
	return err
}

// totpSecret returns 160 random bits (RFC 4226 §4) in base32.
func totpSecret() string {
	var bits [20]byte
	_, _ = rand.Read(bits[:]) // never fails: crypto/rand ends the process first
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(bits[:])
}
