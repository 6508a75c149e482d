package claim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"innerdoor.example/shared/principal"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestEachCommandFitsOneStatusAndChangesNothingInTheOthers(t *testing.T) {
	for name, c := range map[string]struct {
		command Command
		from    []Status
		then    Status
	}{
		"edit":     {Edit{Description: new("the lid")}.Command(), []Status{Draft}, Draft},
		"submit":   {HandIn(), []Status{Draft}, Submitted},
		"withdraw": {Withdraw(), []Status{Submitted, InReview}, Withdrawn},
		"take":     {Take(), []Status{Submitted}, InReview},
		"assign":   {Assign("home:sue"), []Status{Submitted, InReview}, InReview},
		"approve":  {Approve(), []Status{InReview}, Approved},
		"reject":   {Reject(), []Status{InReview}, Rejected},
	} {
		for _, status := range Statuses() {
			before := Claim{Status: status, Amount: 10_00, OrderAmount: 10_00, Version: 1}
			after := before
			err := c.command.Apply(&after, "home:ada", noon)
			if slices.Contains(c.from, status) {
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
		"too many words":      func(f *File) { f.Description = words(maxWords + 1) },
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

// words are so many different words, and each of them twice.
func words(n int) string {
	var b strings.Builder
	for i := range 2 * n {
		b.WriteString(" " + string(rune('一'+i%n)))
	}
	return b.String()
}

func TestADescriptionOfAsManyWordsAsItMayHaveFits(t *testing.T) {
	c := Claim{Status: Draft, Amount: 1, OrderAmount: 1}
	if err := (Edit{Description: new(words(maxWords))}).Command().Apply(&c, "home:alice", noon); err != nil || len(Words(c.Description)) != maxWords {
		t.Errorf("%d words: %v", len(Words(c.Description)), err)
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

func TestAnAssigneeIsAnAdjusterOfTheRegionOrASupervisorAndNotTheOwner(t *testing.T) {
	c := Claim{Tenant: "acme", Region: "eu", Owner: "home:bob"}
	for _, unsuited := range []Staff{
		{},
		{Tenant: "acme", Subject: "home:ada", Role: Adjuster},
		{Tenant: "acme", Subject: "home:ursula", Role: Adjuster, Regions: "us eux"},
		{Tenant: "globex", Subject: "home:grace", Role: Adjuster, Regions: "eu"},
		{Tenant: "acme", Subject: "home:olive", Role: Support, Regions: "eu"},
		{Tenant: "acme", Subject: "home:bob", Role: Supervisor},
		{Tenant: "acme", Subject: "home:bob", Role: Adjuster, Regions: "eu"},
	} {
		if _, ok := errors.AsType[Unfit](unsuited.Suits(c)); !ok {
			t.Errorf("%+v suits", unsuited)
		}
	}
	for _, suited := range []Staff{
		{Tenant: "acme", Subject: "home:ada", Role: Adjuster, Regions: "us eu"},
		{Tenant: "acme", Subject: "home:sam", Role: Supervisor},
	} {
		if err := suited.Suits(c); err != nil {
			t.Errorf("%+v: %v", suited, err)
		}
	}
}

func TestAnEditChangesWhatItSaysAndKeepsToTheOrder(t *testing.T) {
	draft := Claim{Status: Draft, Description: "old", Amount: 5, OrderAmount: 10, ContactName: "A", ContactEmail: "a@x", Version: 1}
	c := draft
	if err := (Edit{Amount: new(Cents(10))}).Command().Apply(&c, "home:alice", noon); err != nil || c.Amount != 10 || c.Description != "old" || c.ContactName != "A" {
		t.Errorf("%+v, %v", c, err)
	}
	c = draft
	if err := (Edit{Contact: &Contact{Name: "B"}}).Command().Apply(&c, "home:alice", noon); err != nil || c.Contact() != (Contact{Name: "B"}) || c.Amount != 5 {
		t.Errorf("%+v, %v", c, err)
	}
	for _, e := range []Edit{{Amount: new(Cents(11))}, {Amount: new(Cents(0))}, {Description: new("")}, {Description: new(strings.Repeat("ä", 4001))}, {Description: new(words(501))},
		{Contact: &Contact{Phone: strings.Repeat("1", 201)}}} {
		c = draft
		if _, ok := errors.AsType[Unfit](e.Command().Apply(&c, "home:alice", noon)); !ok || c.Version != 1 {
			t.Errorf("%+v fits", e)
		}
	}
}

func TestWordsAreRunsOfLettersAndDigitsInLowerCaseEachOnce(t *testing.T) {
	for text, want := range map[string][]string{
		"":                               nil,
		"... --":                         nil,
		"The kettle, the KETTLE!":        {"kettle", "the"},
		"it's 2nd-hand":                  {"2nd", "hand", "it", "s"},
		"Straße/ÄRGER 中文":                {"straße", "ärger", "中文"},
		strings.Repeat("x", 65) + " yes": {"yes"},
		"100% _wild_ ' OR 1=1":           {"1", "100", "or", "wild"},
	} {
		if got := Words(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{"", " . ", "a b c d e f g h i", strings.Repeat("x", 65), "kettle " + strings.Repeat("x", 65)} {
		if got, err := ParseSearch(text); err == nil {
			t.Errorf("%q is searched for as %q", text, got)
		}
	}
	if got, err := ParseSearch("Lid KETTLE lid"); err != nil || !slices.Equal(got, []string{"kettle", "lid"}) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestANoteHasWhatItHasFromItsClaimAndItsAuthor(t *testing.T) {
	c := Claim{Tenant: "acme", ID: "c-1", Owner: "home:bob", Region: "eu", Status: InReview, Assignee: "home:ada"}
	n := c.Noted(Internal)
	if err := (Remark{Claim: "c-1", Kind: Internal, Body: "x"}).Apply(&n, "home:sam", noon); err != nil {
		t.Fatal(err)
	}
	if n.Author != "home:sam" || n.Owner != "home:bob" || n.Region != "eu" || n.Assignee != "home:ada" || n.Kind != Internal || n.Version != 1 ||
		!strings.HasPrefix(string(n.ID), "c-1/n-") || NoteOf("c-1", n.ID.Name()) != n.ID {
		t.Errorf("%+v", n)
	}
	for _, body := range []string{"", strings.Repeat("ä", 4001)} {
		unfit := c.Noted(Public)
		if _, ok := errors.AsType[Unfit](Remark{Claim: "c-1", Kind: Public, Body: body}.Apply(&unfit, "home:sam", noon)); !ok || unfit.Author != "home:sam" {
			t.Errorf("%d characters fit, or the note is incomplete: %+v", len(body), unfit)
		}
	}
}

func TestAnAppointmentTakesThePlaceOfAnyOther(t *testing.T) {
	row := Appointment{Subject: "home:max"}.Row("acme")
	must := func(a Appointment, want Staff) {
		t.Helper()
		if err := a.Apply(&row, "home:tom", noon); err != nil || row != want {
			t.Errorf("%+v, %v; want %+v", row, err, want)
		}
	}
	must(Appointment{Role: Adjuster, Regions: []Region{"eu", "us"}, LimitAmount: 5, LimitCurrency: "EUR"},
		Staff{Tenant: "acme", Subject: "home:max", Role: Adjuster, Regions: "eu us", LimitAmount: 5, LimitCurrency: "EUR", Version: 1, CreatedAt: At(noon), UpdatedAt: At(noon)})
	must(Appointment{Role: Support}, Staff{Tenant: "acme", Subject: "home:max", Role: Support, Version: 2, CreatedAt: At(noon), UpdatedAt: At(noon)})
	for _, a := range []Appointment{{Role: Adjuster, Regions: []Region{"eu", "eu"}}, {Role: Adjuster, LimitAmount: 1}, {Role: Adjuster, LimitCurrency: "EUR"},
		{Role: Adjuster, LimitAmount: -1, LimitCurrency: "EUR"}, {Role: Adjuster, Regions: make([]Region, 9)}} {
		unfit := row
		if _, ok := errors.AsType[Unfit](a.Apply(&unfit, "home:tom", noon)); !ok || unfit.Role != Adjuster {
			t.Errorf("%+v fits, or the row is incomplete: %+v", a, unfit)
		}
	}
}

// Whoever may not appoint anybody may still send as many regions as a body holds, and the decision waits for them.
func TestAnAppointmentOfVeryManyRegionsIsSoonUnfit(t *testing.T) {
	all := make([]Region, 16_000)
	for i := range all {
		all[i] = Region(fmt.Sprintf("r%d", i))
	}
	row, begun := Appointment{Subject: "home:max"}.Row("acme"), time.Now()
	err := Appointment{Role: Adjuster, Regions: all}.Apply(&row, "home:mallory", noon)
	if _, ok := errors.AsType[Unfit](err); !ok || row.Role != Adjuster {
		t.Errorf("%v, or the row is incomplete", err)
	}
	if took := time.Since(begun); took > 200*time.Millisecond {
		t.Errorf("it took %v", took)
	}
}
