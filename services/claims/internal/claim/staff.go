package claim

import (
	"fmt"
	"slices"
	"strings"

	"innerdoor.example/shared/principal"
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
