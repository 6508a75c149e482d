package order

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func kettle() Place {
	return Place{
		Items:    []Item{{Name: "kettle", Quantity: 2, Price: 100_00}, {Name: "lid", Quantity: 1, Price: 5}},
		Currency: "EUR", Region: "eu", ShipTo: "1 acme street",
		Contact: Contact{Name: "Alice", Email: "alice@acme.example", Phone: "+49 30 1"},
	}
}

func TestANewOrderIsItsMakersAndCostsWhatItsItemsDo(t *testing.T) {
	o, err := kettle().New("acme", "home:alice", noon)
	if err != nil {
		t.Fatal(err)
	}
	if o.Tenant != "acme" || o.Owner != "home:alice" || o.Status != Placed || o.Carrier != "" || o.Version != 1 {
		t.Errorf("made %+v", o)
	}
	if o.Amount != 200_05 {
		t.Errorf("costs %d, not 20005", o.Amount)
	}
	if _, err := ParseID(string(o.ID)); err != nil {
		t.Errorf("id %q: %v", o.ID, err)
	}
	if again, _ := kettle().New("acme", "home:alice", noon); again.ID == o.ID {
		t.Errorf("two orders are called %s", o.ID)
	}
}

func TestAnOrderThatDoesNotFitSaysWhy(t *testing.T) {
	for name, spoil := range map[string]func(*Place){
		"no items":       func(p *Place) { p.Items = nil },
		"too many items": func(p *Place) { p.Items = make([]Item, maxItems+1) },
		"names too long together": func(p *Place) {
			p.Items = slices.Repeat([]Item{{Name: strings.Repeat("\U0001f600", 200), Quantity: 1}}, 11)
		},
		"none of an item":  func(p *Place) { p.Items[0].Quantity = 0 },
		"too much of it":   func(p *Place) { p.Items[0].Quantity = maxQuantity + 1 },
		"a negative price": func(p *Place) { p.Items[0].Price = -1 },
		"too high a price": func(p *Place) { p.Items[0].Price = maxPrice + 1 },
		"a nameless item":  func(p *Place) { p.Items[1].Name = "" },
		"nowhere to send":  func(p *Place) { p.ShipTo = "" },
		"no name":          func(p *Place) { p.Contact.Name = "" },
		"a line break":     func(p *Place) { p.Contact.Email = "a@b\r\nBcc: c" },
		"an endless phone": func(p *Place) { p.Contact.Phone = strings.Repeat("1", 51) },
	} {
		p := kettle()
		spoil(&p)
		o, err := p.New("acme", "home:alice", noon)
		if why, ok := errors.AsType[Unfit](err); !ok || why == "" {
			t.Errorf("%s: %v", name, err)
		}
		if o.Owner != "home:alice" || o.Tenant != "acme" {
			t.Errorf("%s: nothing to decide: %+v", name, o)
		}
	}
}

func TestTheLargestOrderIsFarFromOverflowing(t *testing.T) {
	p := kettle()
	p.Items = make([]Item, maxItems)
	for i := range p.Items {
		p.Items[i] = Item{Name: "gold", Quantity: maxQuantity, Price: maxPrice}
	}
	o, err := p.New("acme", "home:alice", noon)
	if err != nil || o.Amount != maxItems*maxQuantity*maxPrice || o.Amount <= 0 {
		t.Errorf("costs %d: %v", o.Amount, err)
	}
}

func TestACommandFitsOneStatusAndConflictsWithEveryOther(t *testing.T) {
	for _, c := range []struct {
		name    string
		command Command
		from    Status
		want    func(Order) bool
	}{
		{"cancel", Cancel(), Placed, func(o Order) bool { return o.Status == Cancelled }},
		{"refund", Refund(), Delivered, func(o Order) bool { return o.Status == Refunded }},
		{"assign", Assign("swift-parcel"), Placed, func(o Order) bool { return o.Carrier == "swift-parcel" && o.Status == Placed }},
		{"ship", Ship(), Placed, func(o Order) bool { return o.Status == Shipped && o.ShippedAt == At(noon) }},
		{"deliver", Deliver(), Shipped, func(o Order) bool { return o.Status == Delivered && o.DeliveredAt == At(noon) }},
	} {
		for _, status := range Statuses() {
			before, _ := kettle().New("acme", "home:alice", noon.Add(-time.Hour))
			before.Status = status
			after := before
			err := c.command.Apply(&after, "home:max", noon)
			if status == c.from {
				if err != nil || !c.want(after) || after.Version != before.Version+1 || after.UpdatedAt != At(noon) {
					t.Errorf("%s a %s order: %v: %+v", c.name, status, err, after)
				}
				continue
			}
			if _, ok := errors.AsType[Conflict](err); !ok {
				t.Errorf("%s a %s order: %v", c.name, status, err)
			}
			if after.Status != before.Status || after.Version != before.Version || after.Carrier != before.Carrier {
				t.Errorf("%s a %s order changed it: %+v", c.name, status, after)
			}
		}
	}
}

// TestWhatAnAdminSaysIsSavedAsSaid: made the first time, changed the second, and nothing else of the row with it.
func TestWhatAnAdminSaysIsSavedAsSaid(t *testing.T) {
	later := noon.Add(time.Hour)
	manager := Appointment{Subject: "home:max", Role: Manager, LimitAmount: 1_000_00, LimitCurrency: "EUR"}
	support := Appointment{Subject: "home:max", Role: Support}
	row := manager.Row("acme")
	if err := manager.Apply(&row, "home:tom", noon); err != nil {
		t.Fatal(err)
	}
	if want := (Staff{"acme", "home:max", Manager, 1_000_00, "EUR", 1, At(noon), At(noon)}); row != want {
		t.Errorf("made %+v, want %+v", row, want)
	}
	if err := support.Apply(&row, "home:tom", later); err != nil {
		t.Fatal(err)
	}
	if want := (Staff{"acme", "home:max", Support, 0, "", 2, At(noon), At(later)}); row != want {
		t.Errorf("changed to %+v, want %+v", row, want)
	}
	engagement := Engagement{Subject: "home:swift", Carrier: "swift-parcel"}
	courier := engagement.Row("acme")
	if err := engagement.Apply(&courier, "home:tom", noon); err != nil {
		t.Fatal(err)
	}
	if want := (Courier{"acme", "home:swift", "swift-parcel", 1, At(noon), At(noon)}); courier != want {
		t.Errorf("made %+v, want %+v", courier, want)
	}
}

func TestALimitIsAnAmountAndItsCurrencyOrNeither(t *testing.T) {
	for _, a := range []Appointment{{LimitAmount: -1, LimitCurrency: "EUR"}, {LimitAmount: 1}, {LimitCurrency: "EUR"}} {
		row := Staff{}
		if _, ok := errors.AsType[Unfit](a.Apply(&row, "home:tom", noon)); !ok {
			t.Errorf("%+v fits", a)
		}
	}
	for _, a := range []Appointment{{LimitAmount: 1, LimitCurrency: "EUR"}, {}} {
		row := Staff{}
		if err := a.Apply(&row, "home:tom", noon); err != nil {
			t.Errorf("%+v: %v", a, err)
		}
	}
}

func TestTheZeroCommandDoesNothing(t *testing.T) {
	var o Order
	if err := (Command{}).Apply(&o, "home:max", noon); err == nil || o.Version != 0 {
		t.Errorf("%v: %+v", err, o)
	}
}

func TestItemsComeBackFromTheirTextAsTheyWere(t *testing.T) {
	was := kettle().Items
	is, err := NewItems(was).Lines()
	if err != nil || !slices.Equal(is, was) {
		t.Errorf("%v: %+v", err, is)
	}
	for _, bad := range []Items{"", "{}", `[{"quantity":"2"}]`} {
		if lines, err := bad.Lines(); err == nil {
			t.Errorf("%q was read as %v", bad, lines)
		}
	}
}

func TestNamesAreParsedStrictly(t *testing.T) {
	for _, bad := range []string{"", "a/b", "..\x00", "ö", strings.Repeat("a", 65), "a b"} {
		if _, err := ParseID(bad); err == nil {
			t.Errorf("%q is an id", bad)
		}
		if _, err := ParseCarrier(bad); err == nil {
			t.Errorf("%q is a carrier", bad)
		}
		if _, err := ParseStatus(bad); err == nil {
			t.Errorf("%q is a status", bad)
		}
		if _, err := ParseRegion(bad); err == nil {
			t.Errorf("%q is a region", bad)
		}
		if _, err := ParseCurrency(bad); err == nil {
			t.Errorf("%q is a currency", bad)
		}
		if _, err := ParseRole(bad); err == nil {
			t.Errorf("%q is a role", bad)
		}
	}
	if _, err := ParseID("O_1.a-b"); err != nil {
		t.Error(err)
	}
	if _, err := ParseRole("manager"); err != nil {
		t.Error(err)
	}
}
