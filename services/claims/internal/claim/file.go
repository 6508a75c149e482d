package claim

import (
	"cmp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
)

// The longest texts that a claim holds, in characters.
const (
	maxDescription = 4000
	maxContact     = 200
)

// File is what a customer may say when filing a claim. Everything else about a
// new claim is known from the token or from the order.
type File struct {
	Order       OrderID
	Description string
	Amount      Cents
	Currency    Currency
	Contact     Contact
}

// Coverage is what the orders service said about an order to the person who
// asked: that it is theirs, and what it was.
type Coverage struct {
	Order       OrderID
	DeliveredAt Time // 0: not delivered
	Amount      Cents
	Currency    Currency
	Region      Region
}

// Covered is a filing together with the coverage of its order. The zero Covered
// makes a claim that no policy permits.
type Covered struct {
	file     File
	coverage Coverage
}

// With joins what the customer said with what orders said.
func (f File) With(c Coverage) Covered { return Covered{file: f, coverage: c} }

// Action names what must be permitted.
func (Covered) Action() authz.Name { return Filing }

// New is the draft that by files at this moment. An Unfit error says why it
// cannot be saved; the claim beside it is complete, so that it can be decided
// whether by is to learn that.
func (f Covered) New(tenant principal.Tenant, by principal.ID, at time.Time) (Claim, error) {
	c := Claim{
		Tenant:       tenant,
		ID:           newID(),
		Owner:        by,
		OrderID:      f.coverage.Order,
		Region:       f.coverage.Region,
		Amount:       f.file.Amount,
		Currency:     f.file.Currency,
		OrderAmount:  f.coverage.Amount,
		Description:  f.file.Description,
		ContactName:  f.file.Contact.Name,
		ContactEmail: f.file.Contact.Email,
		ContactPhone: f.file.Contact.Phone,
		Status:       Draft,
		DeliveredAt:  f.coverage.DeliveredAt,
		Version:      1,
		CreatedAt:    At(at),
		UpdatedAt:    At(at),
	}
	return c, f.unfit()
}

func (f Covered) unfit() error {
	said := f.file
	if said.Currency != f.coverage.Currency {
		return Unfit("the amount must be in the order's currency")
	}
	return cmp.Or(unfitAmount(said.Amount, f.coverage.Amount), unfitDescription(said.Description), unfitContact(said.Contact))
}

func unfitAmount(amount, ofOrder Cents) error {
	switch {
	case amount <= 0:
		return Unfit("the amount must be above 0")
	case amount > ofOrder:
		return Unfit("the amount is above the order's")
	}
	return nil
}

func unfitDescription(text string) error {
	if text == "" || utf8.RuneCountInString(text) > maxDescription || len(Words(text)) > maxWords {
		return Unfit("the description must have 1 to 4000 characters, and at most 500 different words")
	}
	return nil
}

func unfitContact(c Contact) error {
	for _, text := range []string{c.Name, c.Email, c.Phone} {
		if utf8.RuneCountInString(text) > maxContact || strings.ContainsFunc(text, unicode.IsControl) {
			return Unfit("a line of the contact has at most 200 printable characters")
		}
	}
	return nil
}
