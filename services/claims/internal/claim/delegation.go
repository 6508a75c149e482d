package claim

import (
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

// Ref names the delegation in decisions and their records.
func (d Delegation) Ref() authz.Ref {
	return authz.Ref{Type: "delegation", Tenant: string(d.Tenant), ID: string(d.ID), Version: d.Version}
}

// SharedWith is the delegation of the claim to this person before it is made: what it
// has from its claim.
func (c Claim) SharedWith(subject principal.ID) Delegation {
	return Delegation{Tenant: c.Tenant, ID: ShareOf(c.ID, subject), ClaimID: c.ID, Subject: subject, Owner: c.Owner}
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

// Apply makes d what was asked for. An Unfit error says why it cannot be saved; d is
// complete all the same, so that it can be decided whether by is to learn that.
func (s Share) Apply(d *Delegation, by principal.ID, at time.Time) error {
	now := At(at)
	if d.Version == 0 {
		d.CreatedAt = now
	}
	d.ExpiresAt, d.GrantedBy = s.Expires, by
	d.UpdatedAt = now
	d.Version++
	switch {
	case s.Subject == by:
		return Unfit("a claim cannot be shared with oneself")
	case s.Expires <= now || s.Expires > now.Add(longestShare):
		return Unfit("expires_at must lie ahead, at most 90 days")
	}
	return nil
}
