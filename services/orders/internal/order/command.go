package order

import (
	"fmt"
	"time"

	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
)

// Command is something that can be done to an order. Only this package makes one, so that nobody can pair a change
// with the permission for another. The zero Command does nothing and is refused.
type Command struct {
	action  authz.Name
	carrier Carrier
	apply   func(o *Order, at Time) error
}

// Action is what a person must be permitted to do.
func (c Command) Action() authz.Name { return c.action }

// Carrier is the related row that must exist for the command to fit; empty when it names none.
func (c Command) Carrier() Carrier { return c.carrier }

// Apply changes the order as of now, or fails with a Conflict and leaves it as it is.
func (c Command) Apply(o *Order, _ principal.ID, now time.Time) error {
	if c.apply == nil {
		return Conflict("there is nothing to do")
	}
	at := At(now)
	if err := c.apply(o, at); err != nil {
		return err
	}
	o.UpdatedAt = at
	o.Version++
	return nil
}

// Cancel calls a placed order off.
func Cancel() Command {
	return Command{action: Cancellation, apply: func(o *Order, _ Time) error {
		if err := o.must(Placed); err != nil {
			return err
		}
		o.Status = Cancelled
		return nil
	}}
}

// Assign gives a placed order to a carrier, or to another one.
func Assign(to Carrier) Command {
	return Command{action: Assigning, carrier: to, apply: func(o *Order, _ Time) error {
		if err := o.must(Placed); err != nil {
			return err
		}
		o.Carrier = to
		return nil
	}}
}

// Ship marks a placed order as on its way.
func Ship() Command {
	return Command{action: Shipping, apply: func(o *Order, at Time) error {
		if err := o.must(Placed); err != nil {
			return err
		}
		o.Status, o.ShippedAt = Shipped, at
		return nil
	}}
}

// Deliver marks a shipped order as arrived.
func Deliver() Command {
	return Command{action: Delivery, apply: func(o *Order, at Time) error {
		if err := o.must(Shipped); err != nil {
			return err
		}
		o.Status, o.DeliveredAt = Delivered, at
		return nil
	}}
}

// Refund gives the money of a delivered order back: all of it, once.
func Refund() Command {
	return Command{action: Refunding, apply: func(o *Order, _ Time) error {
		if err := o.must(Delivered); err != nil {
			return err
		}
		o.Status = Refunded
		return nil
	}}
}

func (o *Order) must(be Status) error {
	if o.Status != be {
		return Conflict(fmt.Sprintf("the order is %s, not %s", o.Status, be))
	}
	return nil
}
