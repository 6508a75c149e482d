// Package cast is the people of the tests, the demo and the docs, and what they
// own. The same facts are in the seed.yaml of each process.
package cast

import "strings"

// The tenants.
const (
	Acme   = "acme"
	Globex = "globex"
)

// A Person is somebody who can ask. What they may do is not written here: that is
// what is to be proved.
type Person struct {
	Name   string
	Tenant string
	Login  string // the account, where it is not Name
	Scopes string // what the token is asked for, with spaces between
	TOTP   bool   // logs in with a second factor
	Client bool   // a client with a secret (RFC 6749 §4.4), not a human being
}

// ID is who the person is in the trust domain.
func (p Person) ID() string { return "home:" + p.Account() }

// Account is what the person is called at the login.
func (p Person) Account() string {
	if p.Login != "" {
		return p.Login
	}
	return p.Name
}

// AllScopes are those of both services. A scope says what the client may ask for,
// so that everybody has all of them and none of them opens anything by itself.
var AllScopes = strings.Join([]string{
	"claims:read", "claims:write", "claims:decide", "claims:export", "claims:staff", "claims:audit",
	"orders:read", "orders:write", "orders:manage", "orders:ship", "orders:staff", "orders:audit",
}, " ")

func human(name, tenant string) Person { return Person{Name: name, Tenant: tenant, Scopes: AllScopes} }

func strong(name, tenant string) Person {
	return Person{Name: name, Tenant: tenant, Scopes: AllScopes, TOTP: true}
}

func machine(name, tenant string) Person {
	return Person{Name: name, Tenant: tenant, Scopes: "orders:read orders:ship", Client: true}
}

// The people of acme.
var (
	Alice  = human("alice", Acme)                                                        // customer
	Bob    = human("bob", Acme)                                                          // customer
	Ada    = human("ada", Acme)                                                          // adjuster, eu, up to 500.00 EUR; has a claim of her own
	Ursula = human("ursula", Acme)                                                       // adjuster, us, up to 500.00 USD
	Sam    = strong("sam", Acme)                                                         // supervisor, up to 10,000.00 EUR; has a claim of his own
	Sue    = strong("sue", Acme)                                                         // supervisor, up to 10,000.00 EUR
	Olive  = human("olive", Acme)                                                        // support
	Vera   = strong("vera", Acme)                                                        // auditor
	Tom    = strong("tom", Acme)                                                         // admin; reads no claim and no order
	Max    = strong("max", Acme)                                                         // manager of orders
	Dora   = human("dora", Acme)                                                         // delegate of bob's claim
	Eddy   = human("eddy", Acme)                                                         // was one; it has expired
	Swift  = machine("swift", Acme)                                                      // carrier
	Narrow = Person{Name: "narrow", Tenant: Acme, Login: "alice", Scopes: "claims:read"} // alice's token with one scope
)

// The people of globex: a customer, and the twins of acme's staff.
var (
	Mallory = human("mallory", Globex)
	Grace   = human("grace", Globex)
	Gus     = strong("gus", Globex)
	Glen    = human("glen", Globex)
	Gina    = strong("gina", Globex)
	Gary    = strong("gary", Globex)
	Glide   = machine("glide", Globex)
)

// Everyone is the whole cast.
func Everyone() []Person {
	return []Person{
		Alice, Bob, Ada, Ursula, Sam, Sue, Olive, Vera, Tom, Max, Dora, Eddy, Swift, Narrow,
		Mallory, Grace, Gus, Glen, Gina, Gary, Glide,
	}
}

// Named finds one of Everyone.
func Named(name string) (Person, bool) {
	for _, p := range Everyone() {
		if p.Name == name {
			return p, true
		}
	}
	return Person{}, false
}
