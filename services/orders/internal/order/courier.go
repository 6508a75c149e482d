package order

import (
	"time"

	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
)

// The actions on couriers.
const (
	ReadCarriers   authz.Name = "carriers:read"
	ChangeCarriers authz.Name = "carriers:change"
)

// Courier is one row of the table carriers: for whom a person carries in a tenant.
type Courier struct {
	Tenant    principal.Tenant
	Subject   principal.ID
	Carrier   Carrier
	Version   int64
	CreatedAt Time
	UpdatedAt Time
}

// Ref names the row by its person, and the version of it that a decision saw.
func (c Courier) Ref() authz.Ref {
	return authz.Ref{Type: "carrier", Tenant: string(c.Tenant), ID: string(c.Subject), Version: c.Version}
}

// Engagement is what an admin may say about whom a person carries for.
type Engagement struct {
	Subject principal.ID
	Carrier Carrier
}

// Action names what must be permitted, to begin the engagement as well as to end it.
func (Engagement) Action() authz.Name { return ChangeCarriers }

// Row is whom the engagement is about, before anything else is said of them.
func (e Engagement) Row(tenant principal.Tenant) Courier {
	return Courier{Tenant: tenant, Subject: e.Subject}
}

// Apply makes the person carry for the carrier, in the place of any other.
func (e Engagement) Apply(to *Courier, _ principal.ID, at time.Time) error {
	to.Carrier = e.Carrier
	to.Version, to.CreatedAt, to.UpdatedAt = saved(to.Version, to.CreatedAt, at)
	return nil
}
