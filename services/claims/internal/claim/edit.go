package claim

import (
	"cmp"
	"time"

	"innerdoor.example/shared/principal"
)

// Edit is what the owner may say anew about a draft; nil leaves it as it is.
type Edit struct {
	Description *string
	Amount      *Cents
	Contact     *Contact
}

// Command makes these changes to a draft.
func (e Edit) Command() Command {
	return Command{action: Editing, apply: func(c *Claim, _ principal.ID, _ time.Time) error {
		if c.Status != Draft {
			return Conflict("only a draft can be edited")
		}
		if e.Description != nil {
			c.Description = *e.Description
		}
		if e.Amount != nil {
			c.Amount = *e.Amount
		}
		if e.Contact != nil {
			c.ContactName, c.ContactEmail, c.ContactPhone = e.Contact.Name, e.Contact.Email, e.Contact.Phone
		}
		return cmp.Or(unfitAmount(c.Amount, c.OrderAmount), unfitDescription(c.Description), unfitContact(c.Contact()))
	}}
}
