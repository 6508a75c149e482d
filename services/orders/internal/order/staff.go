package order

import (
	"fmt"
	"slices"
	"time"

	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
)

// The actions on staff.
const (
	ReadStaff   authz.Name = "staff:read"
	ChangeStaff authz.Name = "staff:change"
)

// Role is what a person does for the shop. People without one are customers.
type Role string

// Every role there is in this service.
const (
	Manager Role = "manager"
	Auditor Role = "auditor"
	Support Role = "support"
	Admin   Role = "admin"
)

var roles = []Role{Manager, Auditor, Support, Admin}

// ParseRole accepts the name of a role.
func ParseRole(s string) (Role, error) {
	if !slices.Contains(roles, Role(s)) {
		return "", fmt.Errorf("a role is one of %v", roles)
	}
	return Role(s), nil
}

// Staff is one row: the one role of a person in a tenant, and up to which amount it reaches. A zero limit reaches
// nothing.
type Staff struct {
	Tenant        principal.Tenant
	Subject       principal.ID
	Role          Role
	LimitAmount   Cents
	LimitCurrency Currency
	Version       int64
	CreatedAt     Time
	UpdatedAt     Time
}

// Ref names the row by its person, and the version of it that a decision saw.
func (s Staff) Ref() authz.Ref {
	return authz.Ref{Type: "staff", Tenant: string(s.Tenant), ID: string(s.Subject), Version: s.Version}
}

// Appointment is what an admin may say about the role of a person.
type Appointment struct {
	Subject       principal.ID
	Role          Role
	LimitAmount   Cents
	LimitCurrency Currency
}

// Action names what must be permitted, to appoint as well as to dismiss.
func (Appointment) Action() authz.Name { return ChangeStaff }

// Row is whom the appointment is about, before anything else is said of them.
func (a Appointment) Row(tenant principal.Tenant) Staff {
	return Staff{Tenant: tenant, Subject: a.Subject}
}

// Apply gives the role, in the place of any other. An Unfit error says why it cannot be saved.
func (a Appointment) Apply(to *Staff, _ principal.ID, at time.Time) error {
	to.Role, to.LimitAmount, to.LimitCurrency = a.Role, a.LimitAmount, a.LimitCurrency
	to.Version, to.CreatedAt, to.UpdatedAt = saved(to.Version, to.CreatedAt, at)
	if a.LimitAmount < 0 || (a.LimitAmount == 0) != (a.LimitCurrency == "") {
		return Unfit("a limit is an amount above 0 and its currency, or neither")
	}
	return nil
}

// saved is what to save of a row that is now changed, or made if it has no version yet.
func saved(version int64, created Time, now time.Time) (next int64, createdAt, updatedAt Time) {
	if version == 0 {
		created = At(now)
	}
	return version + 1, created, At(now)
}
