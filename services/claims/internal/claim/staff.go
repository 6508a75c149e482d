package claim

import (
	"fmt"
	"slices"
	"strings"
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
	Adjuster   Role = "adjuster"
	Supervisor Role = "supervisor"
	Support    Role = "support"
	Auditor    Role = "auditor"
	Admin      Role = "admin"
)

var roles = []Role{Adjuster, Supervisor, Support, Auditor, Admin}

// ParseRole accepts the name of a role.
func ParseRole(s string) (Role, error) {
	if !slices.Contains(roles, Role(s)) {
		return "", fmt.Errorf("a role is one of %v", roles)
	}
	return Role(s), nil
}

// Staff is one row: the one role of a person in a tenant, the regions it is for
// and up to which amount it reaches. A zero limit reaches nothing.
type Staff struct {
	Tenant        principal.Tenant
	Subject       principal.ID
	Role          Role
	Regions       Regions
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
	Regions       []Region
	LimitAmount   Cents
	LimitCurrency Currency
}

// Action names what must be permitted, to appoint as well as to dismiss.
func (Appointment) Action() authz.Name { return ChangeStaff }

// Row is whom the appointment is about, before anything else is said of them.
func (a Appointment) Row(tenant principal.Tenant) Staff {
	return Staff{Tenant: tenant, Subject: a.Subject}
}

// maxRegions keeps small what is loaded for every decision about a person, and makes
// each region a way of its own into their lists.
const maxRegions = 8

// Apply gives the role, in the place of any other. An Unfit error says why it cannot
// be saved; the row is complete all the same, so that it can be decided whether by is
// to learn that.
func (a Appointment) Apply(to *Staff, _ principal.ID, at time.Time) error {
	now := At(at)
	if to.Version == 0 {
		to.CreatedAt = now
	}
	to.Role, to.Regions, to.LimitAmount, to.LimitCurrency = a.Role, RegionsOf(a.Regions), a.LimitAmount, a.LimitCurrency
	to.UpdatedAt = now
	to.Version++
	switch {
	case len(a.Regions) > maxRegions || len(to.Regions.List()) != len(a.Regions):
		return Unfit("regions are at most 8, each once")
	case a.LimitAmount < 0 || (a.LimitAmount == 0) != (a.LimitCurrency == ""):
		return Unfit("a limit is an amount above 0 and its currency, or neither")
	}
	return nil
}

// RegionsOf is these regions, in order, each once. It takes little time however many
// there are: anybody may send an appointment, and all writers wait for its refusal.
func RegionsOf(all []Region) Regions {
	var names []string
	for _, region := range slices.Compact(slices.Sorted(slices.Values(all))) {
		names = append(names, string(region))
	}
	return Regions(strings.Join(names, " "))
}

// Regions are the regions of one person, separated by spaces.
type Regions string

// List is each region; it is never nil: a person may have none.
func (r Regions) List() []Region {
	all := []Region{}
	for name := range strings.FieldsSeq(string(r)) {
		all = append(all, Region(name))
	}
	return all
}
