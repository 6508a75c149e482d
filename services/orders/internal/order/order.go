// Package order is the noun of this service: what an order is, what can be done to it, and what must be true of it
// whoever is asking. Who may do what is decided in package policy.
package order

import (
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
)

// The actions on an order. Package policy gives each its scope and its rules.
const (
	Placing      authz.Name = "orders:place"
	Read         authz.Name = "orders:read"
	Cancellation authz.Name = "orders:cancel"
	Assigning    authz.Name = "orders:assign"
	Shipping     authz.Name = "orders:ship"
	Delivery     authz.Name = "orders:deliver"
	Refunding    authz.Name = "orders:refund"
	Coverage     authz.Name = "orders:coverage"
	Audit        authz.Name = "orders:audit"
)

// ID names an order within its tenant.
type ID string

var idPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// ParseID accepts what can be an order's id.
func ParseID(s string) (ID, error) {
	if !idPattern.MatchString(s) {
		return "", errors.New("not the id of an order: want 1 to 64 of A-Z a-z 0-9 . _ -")
	}
	return ID(s), nil
}

// newID draws an id that nobody can guess.
func newID() ID { return ID("o-" + strings.ToLower(rand.Text())) }

// Status is where an order is in its life: placed → shipped → delivered; cancelled; refunded.
type Status string

// Every status there is.
const (
	Placed    Status = "placed"
	Shipped   Status = "shipped"
	Delivered Status = "delivered"
	Cancelled Status = "cancelled"
	Refunded  Status = "refunded"
)

// Statuses lists every status, in the order of an order's life.
func Statuses() []Status { return []Status{Placed, Shipped, Delivered, Cancelled, Refunded} }

// ParseStatus accepts the names of Statuses.
func ParseStatus(s string) (Status, error) {
	if !slices.Contains(Statuses(), Status(s)) {
		return "", fmt.Errorf("a status is one of %v", Statuses())
	}
	return Status(s), nil
}

// Region is the part of the world an order is sold in, such as eu or us.
type Region string

var regionPattern = regexp.MustCompile(`^[a-z]{2,16}$`)

// ParseRegion accepts 2 to 16 lower-case letters.
func ParseRegion(s string) (Region, error) {
	if !regionPattern.MatchString(s) {
		return "", errors.New("a region is 2 to 16 lower-case letters")
	}
	return Region(s), nil
}

// Carrier names a parcel service. An order that none was given yet has the empty one.
type Carrier string

var carrierPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// ParseCarrier accepts lower-case letters, digits and inner dashes, at most 63 of them.
func ParseCarrier(s string) (Carrier, error) {
	if !carrierPattern.MatchString(s) {
		return "", errors.New("a carrier is 1 to 63 lower-case letters, digits and dashes")
	}
	return Carrier(s), nil
}

// Time is a moment in unix milliseconds; zero means that it has not come yet.
type Time int64

// At is the moment t, cut to the millisecond.
func At(t time.Time) Time { return Time(t.UnixMilli()) }

// Order is one row: every column of the table, in its order, so that the generated row converts to it as it is.
type Order struct {
	Tenant       principal.Tenant
	ID           ID
	Owner        principal.ID
	Items        Items
	Amount       Cents
	Currency     Currency
	ShipTo       string
	ContactName  string
	ContactEmail string
	ContactPhone string
	Region       Region
	Carrier      Carrier
	Status       Status
	Version      int64
	CreatedAt    Time
	UpdatedAt    Time
	ShippedAt    Time
	DeliveredAt  Time
}

// Ref names the order, and the version of it that a decision saw.
func (o Order) Ref() authz.Ref {
	return authz.Ref{Type: "order", Tenant: string(o.Tenant), ID: string(o.ID), Version: o.Version}
}

// Contact is who to reach about an order.
type Contact struct{ Name, Email, Phone string }

// Contact returns who to reach about this order.
func (o Order) Contact() Contact {
	return Contact{Name: o.ContactName, Email: o.ContactEmail, Phone: o.ContactPhone}
}
