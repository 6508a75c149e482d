// Package claim is the noun: what a claim is, the rules that hold whoever is
// asking, and the only constructors of what may be done to one. Who may do it is
// package policy's question.
package claim

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

// The actions on claims. Package policy gives each its rules.
const (
	Read       authz.Name = "claims:read"
	Filing     authz.Name = "claims:file"
	Editing    authz.Name = "claims:edit"
	Submit     authz.Name = "claims:submit"
	Withdrawal authz.Name = "claims:withdraw"
	Taking     authz.Name = "claims:take"
	Assigning  authz.Name = "claims:assign"
	Approval   authz.Name = "claims:approve"
	Rejection  authz.Name = "claims:reject"
	Export     authz.Name = "claims:export"
	Audit      authz.Name = "claims:audit"
)

// ID names a claim within its tenant: 1 to 64 letters, digits, dots, dashes and
// underscores, never a slash.
type ID string

// OrderID names the order that a claim is about, in the orders service.
type OrderID string

// Region is the part of the world a claim is handled in, such as eu or us.
type Region string

var regionPattern = regexp.MustCompile(`^[a-z]{2,16}$`)

// ParseRegion accepts 2 to 16 lower-case letters.
func ParseRegion(s string) (Region, error) {
	if !regionPattern.MatchString(s) {
		return "", errors.New("a region is 2 to 16 lower-case letters")
	}
	return Region(s), nil
}

// Time is a moment in milliseconds since 1970, UTC; 0 is not known.
type Time int64

// Status is where a claim stands. The zero Status is no status.
type Status string

// A claim goes from draft to submitted to in review, and ends approved or
// rejected; its owner may withdraw it before it is decided.
const (
	Draft     Status = "draft"
	Submitted Status = "submitted"
	InReview  Status = "in_review"
	Approved  Status = "approved"
	Rejected  Status = "rejected"
	Withdrawn Status = "withdrawn"
)

// Statuses lists every status, in the order of a claim's life.
func Statuses() []Status {
	return []Status{Draft, Submitted, InReview, Approved, Rejected, Withdrawn}
}

// ParseStatus accepts the names of Statuses.
func ParseStatus(s string) (Status, error) {
	if !slices.Contains(Statuses(), Status(s)) {
		return "", fmt.Errorf("a status is one of %v", Statuses())
	}
	return Status(s), nil
}

// Claim is one row of the table claims: its fields are the columns, in their
// order, so that the row converts to it. Empty is "" or 0, never NULL.
type Claim struct {
	Tenant         principal.Tenant
	ID             ID
	Owner          principal.ID
	OrderID        OrderID
	Region         Region
	Amount         Cents
	Currency       Currency
	OrderAmount    Cents
	Description    string
	ContactName    string
	ContactEmail   string
	ContactPhone   string
	Status         Status
	Assignee       principal.ID // empty until somebody takes it
	FirstApprover  principal.ID // empty until somebody approves
	SecondApprover principal.ID // empty unless two had to
	DeliveredAt    Time         // when the order arrived; 0: it has not
	Version        int64        // 1 for a new claim, one more for each change
	CreatedAt      Time
	UpdatedAt      Time
}

// Contact is how the owner of a claim can be reached.
type Contact struct{ Name, Email, Phone string }

// Ref names the claim in decisions and their records.
func (c Claim) Ref() authz.Ref {
	return authz.Ref{Type: "claim", Tenant: string(c.Tenant), ID: string(c.ID), Version: c.Version}
}

// Contact returns how to reach the owner.
func (c Claim) Contact() Contact {
	return Contact{Name: c.ContactName, Email: c.ContactEmail, Phone: c.ContactPhone}
}

var idPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// ParseID accepts what can be a claim's id.
func ParseID(s string) (ID, error) {
	if !idPattern.MatchString(s) {
		return "", errors.New("not the id of a claim: want 1 to 64 of A-Z a-z 0-9 . _ -")
	}
	return ID(s), nil
}

// ParseOrderID accepts what can be an order's id.
func ParseOrderID(s string) (OrderID, error) {
	if !idPattern.MatchString(s) {
		return "", errors.New("not the id of an order: want 1 to 64 of A-Z a-z 0-9 . _ -")
	}
	return OrderID(s), nil
}

// newID draws an id that nobody can guess.
func newID() ID { return ID("c-" + strings.ToLower(rand.Text())) }

// At is the moment t as a Time.
func At(t time.Time) Time { return Time(t.UnixMilli()) }

// Add is the moment d later.
func (t Time) Add(d time.Duration) Time { return t + Time(d.Milliseconds()) }
