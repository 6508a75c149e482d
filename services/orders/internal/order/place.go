package order

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
)

// Place is what a person may say about a new order. Everything else is known from the token or decided later.
type Place struct {
	Items    []Item
	Currency Currency
	Region   Region
	ShipTo   string
	Contact  Contact
}

// Action names what must be permitted.
func (Place) Action() authz.Name { return Placing }

// New is the order that by places at this moment: their own, under a fresh id. An Unfit error says why it cannot be
// saved; the order beside it is complete, so that it can be decided whether by is to learn that.
func (p Place) New(tenant principal.Tenant, by principal.ID, at time.Time) (Order, error) {
	o := Order{
		Tenant:       tenant,
		ID:           newID(),
		Owner:        by,
		Items:        NewItems(p.Items),
		Amount:       total(p.Items),
		Currency:     p.Currency,
		ShipTo:       p.ShipTo,
		ContactName:  p.Contact.Name,
		ContactEmail: p.Contact.Email,
		ContactPhone: p.Contact.Phone,
		Region:       p.Region,
		Status:       Placed,
		Version:      1,
		CreatedAt:    At(at),
		UpdatedAt:    At(at),
	}
	return o, p.unfit()
}

func (p Place) unfit() error {
	return cmp.Or(unfitItems(p.Items),
		unfitText("ship_to", p.ShipTo, 500),
		unfitText("contact.name", p.Contact.Name, 200),
		unfitText("contact.email", p.Contact.Email, 200),
		unfitText("contact.phone", p.Contact.Phone, 50))
}

// unfitText refuses what is not 1 to limit printable characters.
func unfitText(name, s string, limit int) error {
	if n := utf8.RuneCountInString(s); n == 0 || n > limit || strings.ContainsFunc(s, unicode.IsControl) {
		return Unfit(fmt.Sprintf("%s: want 1 to %d printable characters", name, limit))
	}
	return nil
}
