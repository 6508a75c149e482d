package claim

import (
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
	action authz.Name
	apply  func(c *Claim, by principal.ID, at time.Time) error
}

// Action names what must be permitted.
func (c Command) Action() authz.Name { return c.action }

// Apply changes the claim for by, who was permitted. It fails with a Conflict
// when the claim's status does not allow the change, and then has changed
// nothing.
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
	return Command{Submit, func(c *Claim, _ principal.ID, _ time.Time) error {
		if c.Status != Draft {
			return Conflict("only a draft can be submitted")
		}
		c.Status = Submitted
		return nil
	}}
}

// Take makes the caller the assignee of a submitted claim and begins its review.
func Take() Command {
	return Command{Taking, func(c *Claim, by principal.ID, _ time.Time) error {
		if c.Status != Submitted {
			return Conflict("only a submitted claim can be taken")
		}
		c.Status, c.Assignee = InReview, by
		return nil
	}}
}

// Approve approves a claim in review. Above 5,000.00 in its currency it takes
// two: the first leaves it in review.
func Approve() Command {
	return Command{Approval, func(c *Claim, by principal.ID, _ time.Time) error {
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
