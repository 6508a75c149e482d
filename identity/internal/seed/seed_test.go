package seed_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"innerdoor.example/identity/internal/seed"
	"innerdoor.example/identity/internal/store"
)

const small = `
scopes: [openid, read]
tenants: [acme]
people: { alice: { tenant: acme }, sam: { tenant: acme, totp: true } }
clients:
  demo: { redirect_uris: ["http://127.0.0.1/callback"], scopes: [openid] }
  swift: { tenant: acme, scopes: [read] }
`

func read(t *testing.T, text string) *seed.File {
	t.Helper()
	f, err := seed.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func load(t *testing.T, file string) *seed.Secrets {
	t.Helper()
	s, err := seed.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSeedingTwiceKeepsEverybodysSecrets(t *testing.T) {
	people, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer people.Close()
	file := filepath.Join(t.TempDir(), "secrets.json")
	plant := func(text string, reset bool) (int, *seed.Secrets) {
		t.Helper()
		s := load(t, file)
		added, err := read(t, text).Plant(t.Context(), people, s, reset)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Save(file); err != nil {
			t.Fatal(err)
		}
		return added, load(t, file)
	}
	added, first := plant(small, false)
	if added != 4 || first.People["alice"].Password == "" || first.People["alice"].TOTP != "" || first.People["sam"].TOTP == "" ||
		first.Clients["swift"].Secret == "" || first.Clients["demo"].Secret != "" || first.Clients["demo"].RedirectURI == "" {
		t.Fatalf("added %d: %+v", added, first)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the secrets: %v, %v", info, err)
	}
	hash, err := people.Person(t.Context(), "alice")
	if err != nil || strings.Contains(hash.Password, first.People["alice"].Password) {
		t.Fatalf("the password itself is kept: %v", err)
	}
	if added, again := plant(small, false); added != 0 || !reflect.DeepEqual(first, again) {
		t.Errorf("the second time: added %d", added)
	}
	more := strings.Replace(small, "alice:", "bob: { tenant: acme }, alice:", 1)
	if added, again := plant(more, false); added != 1 || again.People["alice"] != first.People["alice"] {
		t.Errorf("with bob: added %d", added)
	}
	if added, again := plant(more, true); added != 5 || again.People["alice"].Password == first.People["alice"].Password ||
		again.Clients["swift"] == first.Clients["swift"] {
		t.Errorf("reset: added %d", added)
	}
}

func TestAClientAndAPersonNeverShareASubject(t *testing.T) {
	people, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer people.Close()
	for name, pair := range map[string][2]string{
		"a client after a person": {"{people: {alice: {tenant: acme}}", "{clients: {alice: {tenant: acme, scopes: [read]}}"},
		"a person after a client": {"{clients: {swift: {tenant: acme, scopes: [read]}}", "{people: {swift: {tenant: acme}}"},
	} {
		for i, text := range pair {
			s := &seed.Secrets{People: map[string]seed.PersonSecret{}, Clients: map[string]seed.ClientSecret{}}
			_, err := read(t, text+", tenants: [acme], scopes: [read]}").Plant(t.Context(), people, s, true)
			if refused := err != nil; refused != (i == 1) {
				t.Errorf("%s, step %d: %v", name, i, err)
			}
		}
	}
}

func TestASeedFileWithMistakesIsRefused(t *testing.T) {
	read(t, small)
	for name, change := range map[string][2]string{
		"an unknown field":             {"totp: true", "otp: true"},
		"a password":                   {"totp: true", "password: x"},
		"an unknown tenant":            {"sam: { tenant: acme", "sam: { tenant: globex"},
		"a tenant that is none":        {"tenants: [acme]", "tenants: [Acme!]"},
		"a person without a tenant":    {"alice: { tenant: acme }", "alice: {}"},
		"a person twice":               {"sam:", "alice:"},
		"a client named like a person": {"swift:", "sam:"},
		"a name that is no subject":    {"sam:", "\"sam:x\":"},
		"a scope that is not listed":   {"scopes: [read] }", "scopes: [write] }"},
		"a client without scopes":      {", scopes: [read] }", " }"},
		"a client of neither kind":     {"swift: { tenant: acme, ", "swift: { "},
		"a client of both kinds":       {"demo: {", "demo: { tenant: acme,"},
		"a redirect with a wildcard":   {"/callback", "/*"},
		"a redirect with a fragment":   {"/callback", "/#x"},
		"a redirect to a script":       {"http://127.0.0.1/callback", "javascript:alert(1)"},
	} {
		text := strings.Replace(small, change[0], change[1], 1)
		if text == small {
			t.Fatalf("%s: nothing changed", name)
		}
		if _, err := seed.Read(strings.NewReader(text)); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
