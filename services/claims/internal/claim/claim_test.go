package claim

import (
	"errors"
	"strings"
	"testing"
	"time"

	"innerdoor.example/shared/principal"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestEachCommandFitsOneStatusAndChangesNothingInTheOthers(t *testing.T) {
	for name, c := range map[string]struct {
		command    Command
		from, then Status
	}{
		"submit":  {HandIn(), Draft, Submitted},
		"take":    {Take(), Submitted, InReview},
		"approve": {Approve(), InReview, Approved},
	} {
		for _, status := range Statuses() {
			before := Claim{Status: status, Amount: 10_00, Version: 1}
			after := before
			err := c.command.Apply(&after, "home:ada", noon)
			if status == c.from {
				if err != nil || after.Status != c.then || after.Version != 2 || after.UpdatedAt != At(noon) {
					t.Errorf("%s from %s: %+v, %v", name, status, after, err)
				}
				continue
			}
			if _, ok := errors.AsType[Conflict](err); !ok || after != before {
				t.Errorf("%s from %s: %+v, %v", name, status, after, err)
			}
		}
	}
}

func TestTheZeroCommandDoesNothing(t *testing.T) {
	c := Claim{Status: Draft, Version: 1}
	if err := (Command{}).Apply(&c, "home:ada", noon); err == nil || c.Version != 1 || (Command{}).Action() != "" {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestOneApproverIsEnoughUpToFiveThousand(t *testing.T) {
	for amount, want := range map[Cents]Status{4_999_99: Approved, 5_000_00: Approved, 5_000_01: InReview} {
		c := Claim{Status: InReview, Amount: amount}
		if err := Approve().Apply(&c, "home:sam", noon); err != nil || c.Status != want || c.FirstApprover != "home:sam" || c.SecondApprover != "" {
			t.Errorf("%d: %+v, %v", amount, c, err)
		}
	}
	c := Claim{Status: InReview, Amount: 5_000_01, FirstApprover: "home:sam"}
	if err := Approve().Apply(&c, "home:sue", noon); err != nil || c.Status != Approved || c.FirstApprover != "home:sam" || c.SecondApprover != "home:sue" {
		t.Errorf("the second: %+v, %v", c, err)
	}
}

func TestAFilingThatDoesNotFitIsUnfitAndCompleteAllTheSame(t *testing.T) {
	coverage := Coverage{Order: "o-1", DeliveredAt: 5, Amount: 100_00, Currency: "EUR", Region: "eu"}
	good := File{Order: "o-1", Description: "it broke", Amount: 100_00, Currency: "EUR"}
	for name, change := range map[string]func(*File){
		"above the order":     func(f *File) { f.Amount = 100_01 },
		"nothing":             func(f *File) { f.Amount = 0 },
		"less than nothing":   func(f *File) { f.Amount = -1 },
		"another currency":    func(f *File) { f.Currency = "USD" },
		"without description": func(f *File) { f.Description = "" },
		"a long description":  func(f *File) { f.Description = strings.Repeat("é", maxDescription+1) },
		"a long contact":      func(f *File) { f.Contact.Email = strings.Repeat("a", maxContact+1) },
		"a contact of lines":  func(f *File) { f.Contact.Email = "a@b\r\nBcc: c" },
	} {
		f := good
		change(&f)
		c, err := f.With(coverage).New("acme", "home:alice", noon)
		if _, ok := errors.AsType[Unfit](err); !ok || c.Owner != "home:alice" || c.DeliveredAt != 5 {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
	c, err := good.With(coverage).New("acme", "home:alice", noon)
	other, _ := good.With(coverage).New("acme", "home:alice", noon)
	if err != nil || c.Status != Draft || c.Tenant != "acme" || c.Region != "eu" || c.OrderAmount != 100_00 || c.Version != 1 || c.ID == other.ID {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := ParseID(string(c.ID)); err != nil {
		t.Error(err)
	}
}

func TestAShareRunsAtMostNinetyDaysAndNotToOneself(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		subject principal.ID
		expires Time
		fits    bool
	}{
		{"home:dora", 0, false},
		{"home:dora", At(noon), false},
		{"home:dora", At(noon) + 1, true},
		{"home:dora", At(noon.Add(90 * day)), true},
		{"home:dora", At(noon.Add(90*day)) + 1, false},
		{"home:bob", At(noon) + 1, false},
	} {
		d := Claim{Tenant: "acme", ID: "c-1", Owner: "home:bob"}.SharedWith(c.subject)
		err := Share{Claim: "c-1", Subject: c.subject, Expires: c.expires}.Apply(&d, "home:bob", noon)
		if _, unfit := errors.AsType[Unfit](err); unfit == c.fits || d.GrantedBy != "home:bob" || d.Owner != "home:bob" || d.Version != 1 {
			t.Errorf("%s until %d: %+v, %v", c.subject, c.expires, d, err)
		}
	}
}

func TestNamesAreParsedStrictly(t *testing.T) {
	for _, bad := range []string{"", "a/b", "a b", "é", "a'", "..\x00", strings.Repeat("a", 65), "a\n"} {
		if _, err := ParseID(bad); err == nil {
			t.Errorf("%q is the id of a claim", bad)
		}
		if _, err := ParseOrderID(bad); err == nil {
			t.Errorf("%q is the id of an order", bad)
		}
		if _, err := ParseRegion(bad); err == nil {
			t.Errorf("%q is a region", bad)
		}
		if _, err := ParseStatus(bad); err == nil {
			t.Errorf("%q is a status", bad)
		}
		if _, err := ParseRole(bad); err == nil {
			t.Errorf("%q is a role", bad)
		}
		if _, err := ParseCurrency(bad); err == nil {
			t.Errorf("%q is a currency", bad)
		}
	}
	_, id := ParseID("c-alice_1.2")
	_, region := ParseRegion("eu")
	_, status := ParseStatus("in_review")
	_, role := ParseRole("adjuster")
	_, currency := ParseCurrency("EUR")
	if err := errors.Join(id, region, status, role, currency); err != nil {
		t.Error(err)
	}
}
