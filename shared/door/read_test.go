package door_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"innerdoor.example/shared/audit"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/web"
)

func TestALetterIsReadByItsOwnerAndTheClerkOfItsOfficeAndByNobodyElse(t *testing.T) {
	p := holding(t)
	for _, try := range []struct {
		who, id string
		by      string // "" is 404
	}{
		{"bob", "l-alice", ""},
		{"mallory", "l-bob", ""},
		{"clara", "l-west", ""},
		{"alice", "l-nowhere", ""},
		{"alice", "l-alice", "owner"},
		{"mallory", "l-alice", "owner"}, // her own, of the same id
		{"clara", "l-alice", "clerk-of-the-office"},
		{"clara", "l-clara", "owner"},
	} {
		got, err := p.letters.Get(t.Context(), as(t, try.who), "letters:read", try.id)
		r := p.last()
		if try.by == "" {
			e := refused(t, err, web.NotFound)
			if e.Decision != "" || got != (door.Granted[letter]{}) {
				t.Errorf("%s, refused %s, learns %q, %+v", try.who, try.id, e.Decision, got)
			}
			if r.Outcome != "hidden" || r.Result != audit.Refused || r.Status != 404 || r.Near == "" || r.Lacks == "" {
				t.Errorf("%s, refused %s, is recorded as %+v", try.who, try.id, r)
			}
		} else if err != nil || got.By != try.by || got.Row.Owner == "" || got.Row.ID != try.id {
			t.Errorf("%s gets %s as %+v, %v", try.who, try.id, got, err)
		} else if r.Outcome != "allowed" || r.Rule != try.by || r.Result != audit.Done || r.Status != 200 || r.Version != 1 {
			t.Errorf("%s, given %s, is recorded as %+v", try.who, try.id, r)
		}
		if r.Subject != as(t, try.who).ID() || r.Object != try.id || r.Type != "letter" || r.Action != "letters:read" {
			t.Errorf("%s and %s are recorded as %+v", try.who, try.id, r)
		}
	}
}

func TestTheRecordHoldsWhoWhatWhyAndTheEvidence(t *testing.T) {
	p := holding(t)
	who := as(t, "clara", func(f *principal.Fields) {
		f.Txn, f.Request.Address = "txn-of-clara-0123456789abcdef", "192.0.2.7"
		f.Context = principal.Context{Tenant: "acme", Issuer: "https://home.example", Client: "app", Credential: principal.CredentialBearer,
			ACR: "urn:pwd", AMR: []string{"pwd", "otp"}, AuthTime: 1700000000, Route: "letter"}
	})
	if _, err := p.letters.Get(t.Context(), who, "letters:read", "l-bob"); err != nil {
		t.Fatal(err)
	}
	got := p.last()
	var evidence map[string]any
	if err := json.Unmarshal(got.Evidence, &evidence); err != nil {
		t.Fatal(err)
	}
	for word, want := range map[string]string{"me": "home:clara", "my tenant": "acme", "tenant": "acme", "owner": "home:bob", "office": "east"} {
		if evidence[word] != want {
			t.Errorf("the evidence for %q is %v, not %q: %s", word, evidence[word], want, got.Evidence)
		}
	}
	if len(got.ID) != 26 {
		t.Errorf("the id is %q", got.ID)
	}
	got.ID, got.Evidence = "", nil
	want := audit.Record{At: now.UnixMilli(), Service: "post", Build: "test", Policy: letters.Digest(),
		Txn: "txn-of-clara-0123456789abcdef", Tenant: "acme", Subject: "home:clara", Issuer: "https://home.example", Client: "app",
		Credential: "bearer", Scope: "letters:read letters:write post:audit", ACR: "urn:pwd", AMR: "pwd otp", AuthTime: 1700000000,
		Peer: "gateway", Address: "192.0.2.7", Route: "letter", Action: "letters:read", Type: "letter", Object: "l-bob", Version: 1,
		Outcome: "allowed", Rule: "clerk-of-the-office", Result: audit.Done, Status: 200}
	if a, b := asJSON(t, got), asJSON(t, want); a != b {
		t.Errorf("recorded\n%s, not\n%s", a, b)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestHiddenAndAbsentAreAnsweredByTheSameBytesAndLeaveRecordsOfOneKind(t *testing.T) {
	p := holding(t)
	who := as(t, "bob", func(f *principal.Fields) { f.Txn = "one-transaction-0123456789abc" })
	answer := func(id string) (string, audit.Record) {
		_, err := p.letters.Get(t.Context(), who, "letters:read", id)
		w := httptest.NewRecorder()
		web.Write(w, httptest.NewRequest("GET", "/", nil), web.Reply{}, err)
		return asJSON(t, w.Header()) + w.Body.String(), p.last()
	}
	hidden, one := answer("l-alice")
	absent, two := answer("l-other")
	if hidden != absent || !strings.Contains(hidden, "404") {
		t.Errorf("hidden is answered\n%s, absent\n%s", hidden, absent)
	}
	if strings.Contains(hidden, one.ID) {
		t.Errorf("the answer names the decision: %s", hidden)
	}
	one.ID, one.Object, one.Version, one.Evidence = two.ID, two.Object, two.Version, two.Evidence
	one.Rule, one.Near, one.Lacks = two.Rule, two.Near, two.Lacks // the record may say more than the answer
	if a, b := asJSON(t, one), asJSON(t, two); a != b {
		t.Errorf("hidden is recorded\n%s, absent\n%s", a, b)
	}
}

func TestNobodyIsRefusedBeforeAnythingIsLookedAt(t *testing.T) {
	p := holding(t)
	if err := p.db.Close(); err != nil { // whoever looks now gets Unavailable
		t.Fatal(err)
	}
	anonymous := as(t, "x", func(f *principal.Fields) {
		*f = principal.Fields{ID: principal.AnonymousID, Context: principal.Context{Credential: principal.CredentialAnonymous}}
	})
	for name, who := range map[string]principal.Principal{"the zero principal": {}, "an anonymous one": anonymous} {
		for call, err := range calls(t, p, who) {
			if got := kind(t, err); got != web.Unauthenticated {
				t.Errorf("%s: %s answers %v", name, call, err)
			}
		}
	}
	for call, err := range calls(t, p, as(t, "alice")) {
		if got := kind(t, err); got != web.Unavailable {
			t.Errorf("alice: %s answers %v", call, err)
		}
	}
}

// calls calls every method of a door, and gives their errors.
func calls(t *testing.T, p *postOffice, who principal.Principal) map[string]error {
	t.Helper()
	errs := map[string]error{}
	_, errs["Get"] = p.letters.Get(t.Context(), who, "letters:read", "l-alice")
	_, errs["List"] = p.letters.List(t.Context(), who, "letters:read", door.Query[letter]{})
	_, errs["Count"] = p.letters.Count(t.Context(), who, "letters:read", door.Query[letter]{})
	_, errs["Do"] = p.letters.Do(t.Context(), who, weigh("l-alice", 21))
	_, errs["Create"] = p.letters.Create(t.Context(), who, write("l-new", "home:alice", 1))
	_, errs["Put"] = p.letters.Put(t.Context(), who, weigh("l-alice", 22))
	errs["Remove"] = p.copies.Remove(t.Context(), who, door.Change[copied]{Action: "copies:make", Ref: authz.Ref{ID: "l-alice/home:dora"}})
	errs["Open"] = p.letters.Open(t.Context(), who, "letters:stamp") // refused: alice is no clerk
	errs["Refused"] = p.letters.Refused(t.Context(), who, "letters:write", "o-1", "order-covered")
	return errs
}

func TestWithoutTheScopeNoRowIsLookedAt(t *testing.T) {
	p := holding(t)
	p.exec("ALTER TABLE letters RENAME TO elsewhere")
	for _, id := range []string{"l-alice", "l-bob", "l-nowhere"} {
		_, err := p.letters.Get(t.Context(), as(t, "alice", scoped("letters:write")), "letters:read", id)
		e, r := refused(t, err, web.Scope), p.last()
		if e.Scope != "letters:read" || e.Decision != r.ID || r.Outcome != "forbidden" || r.Status != 403 || r.Object != id {
			t.Errorf("%s is answered %+v and recorded %+v", id, e, r)
		}
	}
	p.exec("ALTER TABLE elsewhere RENAME TO letters")
	if _, err := p.letters.Get(t.Context(), as(t, "alice"), "letters:read", "l-alice"); err != nil {
		t.Error(err)
	}
}

func TestWhereAllIsClosedTheDeskSaysSoBeforeAnyRowIsLookedAt(t *testing.T) {
	p := holding(t)
	if _, err := p.letters.Get(t.Context(), as(t, "alice"), "letters:read", "l-alice"); err != nil {
		t.Fatal(err)
	}
	id := p.last().ID
	for _, try := range []string{id, "nothing"} {
		_, err := p.decisions.Get(t.Context(), as(t, "alice"), "post:audit", try)
		if e := refused(t, err, web.Forbidden); e.Decision != p.last().ID {
			t.Errorf("alice is answered %+v", e)
		}
	}
	p.exec("INSERT INTO staff VALUES ('globex', 'home:grace', 'auditor', '')")
	_, err := p.decisions.Get(t.Context(), as(t, "grace"), "post:audit", id) // acme's
	refused(t, err, web.NotFound)
	_, err = p.decisions.Get(t.Context(), as(t, "vera"), "post:audit", "nothing")
	refused(t, err, web.NotFound)
	got, err := p.decisions.Get(t.Context(), as(t, "vera"), "post:audit", id)
	if err != nil || got.Row.Subject != "home:alice" || got.Row.Object != "l-alice" || got.By != "auditor" {
		t.Errorf("vera reads %+v, %v", got, err)
	}
}

func TestDecisionsAreListedByWhatTheyAreAbout(t *testing.T) {
	p := holding(t)
	_, _ = p.letters.Get(t.Context(), as(t, "bob"), "letters:read", "l-alice")
	_, _ = p.letters.Get(t.Context(), as(t, "alice"), "letters:read", "l-alice")
	_, _ = p.letters.List(t.Context(), as(t, "alice"), "letters:read", door.Query[letter]{})
	_, _ = p.letters.Get(t.Context(), as(t, "mallory"), "letters:read", "l-alice")
	list := func(who, name, value string) (out []string) {
		t.Helper()
		q := door.Query[audit.Record]{Filter: door.Given(name, value)}
		got, err := p.decisions.List(t.Context(), as(t, who), "post:audit", q)
		if err != nil {
			t.Fatal(err)
		}
		n, err := p.decisions.Count(t.Context(), as(t, who), "post:audit", q)
		if err != nil || n < int64(len(got.Rows)) { // the listing itself has been recorded since
			t.Errorf("counted %d, %v", n, err)
		}
		for _, g := range got.Rows {
			out = append(out, string(g.Row.Subject)+" "+g.Row.Object+" "+g.Row.Rule)
		}
		return out
	}
	if got := list("vera", "object", "l-alice"); !slices.Equal(sorted(got), []string{"home:alice  owner", "home:alice l-alice owner", "home:bob l-alice "}) {
		t.Errorf("about l-alice: %q", got)
	}
	if got := list("vera", "subject", "home:alice"); len(got) != 2 {
		t.Errorf("about alice: %q", got)
	}
	if got := list("vera", "rule", "owner"); len(got) != 2 {
		t.Errorf("about the rule: %q", got)
	}
	if got := list("vera", "action", "letters:read"); len(got) != 3 {
		t.Errorf("about the action: %q", got)
	}
	_, err := p.decisions.List(t.Context(), as(t, "alice"), "post:audit", door.Query[audit.Record]{})
	refused(t, err, web.Forbidden)
}

func TestTheTableOfDecisionsKeepsToTheTenantByItself(t *testing.T) {
	p := holding(t)
	if _, err := p.letters.Get(t.Context(), as(t, "alice"), "letters:read", "l-alice"); err != nil {
		t.Fatal(err)
	}
	for tenant, want := range map[principal.Tenant]error{"globex": door.ErrAbsent, "acme": nil} {
		err := p.db.Read(t.Context(), func(ctx context.Context, tx *database.Tx) error {
			return second(door.Records[subject]{}.Find(ctx, tx, tenant, p.last().ID))
		})
		if !errors.Is(err, want) {
			t.Errorf("at %s: %v", tenant, err)
		}
	}
}

func TestDecisionsAreMadeByDoorsOnly(t *testing.T) {
	p := holding(t)
	if _, err := p.letters.Get(t.Context(), as(t, "alice"), "letters:read", "l-alice"); err != nil {
		t.Fatal(err)
	}
	first := p.last()
	forge := door.Change[audit.Record]{Action: "post:audit", Ref: authz.Ref{ID: first.ID},
		Apply: func(r *audit.Record, _ principal.ID, _ time.Time) error { r.Rule = "forged"; return nil }}
	_, err := p.decisions.Do(t.Context(), as(t, "vera"), forge)
	refused(t, err, web.Internal)
	forge.Ref = authz.Ref{}
	forge.Apply = func(r *audit.Record, _ principal.ID, _ time.Time) error {
		r.Tenant, r.ID, r.Rule = "acme", "forged", "forged"
		return nil
	}
	_, err = p.decisions.Create(t.Context(), as(t, "vera"), forge)
	refused(t, err, web.Unavailable)
	err = p.decisions.Remove(t.Context(), as(t, "vera"), forge)
	refused(t, err, web.Internal)
	if got := p.records(); len(got) != 1 || asJSON(t, got[0]) != asJSON(t, first) {
		t.Errorf("the records are %+v", got)
	}
}

func sorted(s []string) []string { slices.Sort(s); return s }

func TestWhatCannotBeRecordedIsNeitherShownNorDone(t *testing.T) {
	p := holding(t)
	p.exec("ALTER TABLE records RENAME TO elsewhere")
	for call, err := range calls(t, p, as(t, "alice")) {
		if got := kind(t, err); got != web.Unavailable {
			t.Errorf("%s answers %v", call, err)
		}
	}
	if got := p.letter("acme", "l-alice"); got.Weight != 20 || got.Version != 1 {
		t.Errorf("the letter is now %+v", got)
	}
	if n := p.number("SELECT count(*) FROM letters"); n != 5 {
		t.Errorf("there are %d letters", n)
	}
	if n := p.number("SELECT count(*) FROM copies"); n != 1 {
		t.Errorf("there are %d copies", n)
	}
	p.exec("ALTER TABLE elsewhere RENAME TO records")
	for call, err := range calls(t, p, as(t, "alice")) {
		if want := map[string]bool{"Open": true, "Refused": true}[call]; (err != nil) != want {
			t.Errorf("afterwards %s answers %v", call, err)
		}
	}
}

func TestACallerWhoHasGoneIsShownNothing(t *testing.T) {
	p := holding(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got, err := p.letters.Get(ctx, as(t, "alice"), "letters:read", "l-alice")
	if refused(t, err, web.Unavailable); got.By != "" {
		t.Errorf("shown %+v", got)
	}
	_, err = p.letters.Do(ctx, as(t, "alice"), weigh("l-alice", 21))
	refused(t, err, web.Unavailable)
	if n := len(p.records()); n != 0 || p.letter("acme", "l-alice").Weight != 20 {
		t.Errorf("%d records, %+v", n, p.letter("acme", "l-alice"))
	}
	if _, err = p.letters.Do(t.Context(), as(t, "alice"), weigh("l-alice", 21)); err != nil {
		t.Error(err)
	}
}

// confused finds another row than was asked for.
type confused struct{ letterTable }

func (confused) Find(ctx context.Context, tx *database.Tx, tenant principal.Tenant, _ string) (letter, error) {
	return letterTable{}.Find(ctx, tx, tenant, "l-bob")
}

func TestARowThatWasNotAskedForIsNotShown(t *testing.T) {
	p := holding(t)
	if _, err := p.letters.Get(t.Context(), as(t, "bob"), "letters:read", "l-west"); err != nil {
		t.Fatal(err)
	}
	p.letters.Table = confused{letterTable{&p.open}}
	_, err := p.letters.Get(t.Context(), as(t, "bob"), "letters:read", "l-west")
	refused(t, err, web.Internal)
}

func TestOpenAsksBeforeThereIsARow(t *testing.T) {
	p := holding(t)
	err := p.letters.Open(t.Context(), as(t, "alice"), "letters:stamp")
	if e, r := refused(t, err, web.Forbidden), p.last(); e.Decision != r.ID || r.Status != 403 || r.Action != "letters:stamp" {
		t.Errorf("alice is answered %+v, recorded %+v", e, r)
	}
	err = p.letters.Open(t.Context(), as(t, "clara"), "letters:stamp")
	if e := refused(t, err, web.StepUp); e.ACR != "urn:second" || e.Decision != p.last().ID {
		t.Errorf("clara is answered %+v", e)
	}
	n := len(p.records())
	if err := p.letters.Open(t.Context(), as(t, "clara", withSecondFactor), "letters:stamp"); err != nil {
		t.Error(err)
	}
	if len(p.records()) != n {
		t.Error("what is only opened is recorded")
	}
}

func TestWhatAnotherServiceRefusedIsRecordedHereAndAnsweredAsAbsent(t *testing.T) {
	p := holding(t)
	err := p.letters.Refused(t.Context(), as(t, "alice"), "letters:write", "o-bob", "order-covered")
	e, r := refused(t, err, web.NotFound), p.last()
	if e.Decision != "" || r.Rule != "order-covered" || r.Object != "o-bob" || r.Outcome != "hidden" || r.Action != "letters:write" {
		t.Errorf("answered %+v, recorded %+v", e, r)
	}
}

func TestWhyIsInTheLogAtDebugLevelOnly(t *testing.T) {
	p := holding(t)
	for level, want := range map[slog.Level]bool{slog.LevelInfo: false, slog.LevelDebug: true} {
		var log bytes.Buffer
		p.service.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: level}))
		_, _ = p.letters.Get(t.Context(), as(t, "bob"), "letters:read", "l-alice")
		_, _ = p.letters.Do(t.Context(), as(t, "bob"), weigh("l-bob", 5000))
		for _, part := range []string{"owner is me", "not-too-heavy", "home:bob", "evidence"} {
			if strings.Contains(log.String(), part) != want {
				t.Errorf("at %v, %q in the log is not %v:\n%s", level, part, want, log.String())
			}
		}
	}
}
