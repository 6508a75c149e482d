package order

import (
	"fmt"
	"slices"

	"innerdoor.example/shared/principal"
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
