package claim

import (
	"strings"
	"time"

	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
)

// The actions on a claim's delegations.
const (
	ReadShares authz.Name = "delegates:read"
	Sharing    authz.Name = "delegates:share"
)

// MaxShares is how many live delegations a person may hold in a tenant: they
// are loaded as one set for every decision about that person.
const MaxShares = 100

// longestShare is how long a delegation may run.
const longestShare = 90 * 24 * time.Hour

// Delegation lets one person read one claim until it expires. Its fields are the
// columns of the view shares, in their order: the delegation itself, and of its
// claim what rules are about.
type Delegation struct {
	Tenant    principal.Tenant
	ID        DelegationID
	ClaimID   ID
	Subject   principal.ID // who may read
	ExpiresAt Time         // at this moment it is over
	GrantedBy principal.ID
	Version   int64
	CreatedAt Time
	UpdatedAt Time
	Owner     principal.ID // of the claim
}

// DelegationID names a delegation within its tenant: the claim's id, a slash and
// the delegate's.
type DelegationID string

// ShareOf is the id of the delegation of this claim to this person.
func ShareOf(id ID, subject principal.ID) DelegationID {
	return DelegationID(string(id) + "/" + string(subject))
}

// Parts are the claim and the delegate that the id was made of.
func (id DelegationID) Parts() (ID, principal.ID) {
	claim, subject, _ := strings.Cut(string(id), "/")
	return ID(claim), principal.ID(subject)
}

// Ref names the delegation in decisions and their records.
func (d Delegation) Ref() authz.Ref {
	return authz.Ref{Type: "delegation", Tenant: string(d.Tenant), ID: string(d.ID), Version: d.Version}
}

// Share is what the owner may say about a delegation.
type Share struct {
	Claim   ID
	Subject principal.ID
	Expires Time
}

// ID is the delegation that is meant.
func (s Share) ID() DelegationID { return ShareOf(s.Claim, s.Subject) }

// Action names what must be permitted.
func (Share) Action() authz.Name { return Sharing }

// Apply makes d what was asked for; an Unfit error says why it cannot be.
func (s Share) Apply(d *Delegation, by principal.ID, at time.Time) error {
	switch now := At(at); {
	case s.Subject == by:
		return Unfit("a claim cannot be shared with oneself")
	case s.Expires <= now || s.Expires > now.Add(longestShare):
		return Unfit("expires_at must lie ahead, at most 90 days")
	}
	d.ExpiresAt, d.GrantedBy = s.Expires, by
	d.UpdatedAt = At(at)
	return nil
}
