package claim

import (
	"slices"
	"time"

	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
)

// twoApproversAbove is the amount, in the claim's own currency, above which one
// approver is not enough.
const twoApproversAbove Cents = 5_000_00

// Command is a verb: an action bound to the change it makes. Only this package
// makes one, so nobody can approve under the permission to read. The zero
// Command does nothing and is refused.
type Command struct {
	action   authz.Name
	apply    func(c *Claim, by principal.ID, at time.Time) error
	assignee principal.ID
}

// Action names what must be permitted.
func (c Command) Action() authz.Name { return c.action }

// Assignee is who is to get the claim, or nobody: then nothing but the claim is
// looked at. Their staff row, as it is in the transaction of the change, must Suit.
func (c Command) Assignee() principal.ID { return c.assignee }

// Apply changes the claim for by, who was permitted. It fails with a Conflict when
// the claim's status does not allow the change, or with Unfit when what was said does
// not fit the claim. What it then has done to the claim is of no use.
func (c Command) Apply(to *Claim, by principal.ID, at time.Time) error {
	if c.apply == nil {
		return Conflict("there is nothing to do")
	}
	if err := c.apply(to, by, at); err != nil {
		return err
	}
	to.Version++
	to.UpdatedAt = At(at)
	return nil
}

// HandIn submits a draft.
func HandIn() Command {
	return Command{action: Submit, apply: func(c *Claim, _ principal.ID, _ time.Time) error {
		if c.Status != Draft {
			return Conflict("only a draft can be submitted")
		}
		c.Status = Submitted
		return nil
	}}
}

// Withdraw takes a claim back that is not decided yet.
func Withdraw() Command {
	return Command{action: Withdrawal, apply: func(c *Claim, _ principal.ID, _ time.Time) error {
		if c.Status != Submitted && c.Status != InReview {
			return Conflict("only a submitted claim or one in review can be withdrawn")
		}
		c.Status = Withdrawn
		return nil
	}}
}

// Take makes the caller the assignee of a submitted claim and begins its review.
func Take() Command {
	return Command{action: Taking, apply: func(c *Claim, by principal.ID, _ time.Time) error {
		if c.Status != Submitted {
			return Conflict("only a submitted claim can be taken")
		}
		c.Status, c.Assignee = InReview, by
		return nil
	}}
}

// Assign gives the claim to somebody, in the place of who had it, and begins the
// review of a submitted one.
func Assign(to principal.ID) Command {
	return Command{action: Assigning, assignee: to, apply: func(c *Claim, _ principal.ID, _ time.Time) error {
		if c.Status != Submitted && c.Status != InReview {
			return Conflict("only a submitted claim or one in review can be assigned")
		}
		c.Status, c.Assignee = InReview, to
		return nil
	}}
}

// Suits fails with Unfit unless the claim can be assigned to this person.
func (s Staff) Suits(c Claim) error {
	adjusts := s.Role == Adjuster && slices.Contains(s.Regions.List(), c.Region)
	if s.Tenant != c.Tenant || s.Subject == c.Owner || !adjusts && s.Role != Supervisor {
		return Unfit("the assignee must be an adjuster of the claim's region or a supervisor, and not its owner")
	}
	return nil
}

// Approve approves a claim in review. Above 5,000.00 in its currency it takes
// two: the first leaves it in review.
func Approve() Command {
	return Command{action: Approval, apply: func(c *Claim, by principal.ID, _ time.Time) error {
		switch {
		case c.Status != InReview:
			return Conflict("only a claim in review can be approved")
		case c.FirstApprover != "":
			c.SecondApprover, c.Status = by, Approved
		case c.Amount > twoApproversAbove:
			c.FirstApprover = by
		default:
			c.FirstApprover, c.Status = by, Approved
		}
		return nil
	}}
}

// Reject ends a claim in review.
func Reject() Command {
	return Command{action: Rejection, apply: func(c *Claim, _ principal.ID, _ time.Time) error {
		if c.Status != InReview {
			return Conflict("only a claim in review can be rejected")
		}
		c.Status = Rejected
		return nil
	}}
}
