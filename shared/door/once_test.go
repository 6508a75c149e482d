package door_test

import (
	"crypto/sha256"
	"sync"
	"testing"
	"time"

	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/web"
)

// sending is a request of somebody's with this key and body, in a transaction of its own.
func sending(t testing.TB, who, key, body string, change ...func(*principal.Fields)) principal.Principal {
	return as(t, who, change...).Sending(principal.Once{Route: "POST /letters", Key: key, Digest: sha256.Sum256([]byte(body))})
}

func sendOnce(p *postOffice, who principal.Principal, id string) (door.Granted[letter], error) {
	return p.letters.Create(p.Context(), who, door.Change[letter]{Action: "letters:write",
		Apply: func(l *letter, by principal.ID, at time.Time) error {
			*l = letter{Tenant: who.Tenant(), ID: id, Owner: by, Office: "east", Weight: 1, Status: "written", Version: 1, CreatedAt: at.UnixMilli()}
			return nil
		}})
}

func stampOnce(p *postOffice, who principal.Principal, id string) (door.Granted[letter], error) {
	return p.letters.Do(p.Context(), who, door.Change[letter]{Ref: authz.Ref{ID: id}, Action: "letters:stamp",
		Apply: func(l *letter, _ principal.ID, _ time.Time) error {
			l.Status, l.Weight, l.Version = "stamped", l.Weight+1, l.Version+1
			return nil
		}})
}

func TestARequestWithAKeyIsDoneOnceAndAnsweredAlikeAndRecordedEachTime(t *testing.T) {
	p := holding(t)
	for i, id := range []string{"l-one", "l-two", "l-three"} { // the noun would make another id each time
		got, err := sendOnce(p, sending(t, "bob", "k", "a letter"), id)
		if err != nil || got.Row.ID != "l-one" || got.By != "owner" {
			t.Fatalf("no. %d: %+v, %v", i+1, got, err)
		}
		r := p.last()
		if want := map[bool]string{true: "done", false: "repeated"}[i == 0]; string(r.Result) != want || r.Status != 201 || r.Object != "l-one" || r.Shown != "owner" {
			t.Errorf("no. %d is recorded as %+v", i+1, r)
		}
	}
	if n := p.number("SELECT count(*) FROM letters WHERE id IN ('l-one', 'l-two', 'l-three')"); n != 1 {
		t.Errorf("%d letters were made", n)
	}
	for range 3 {
		if _, err := stampOnce(p, sending(t, "clara", "k", "stamp", withSecondFactor), "l-bob"); err != nil {
			t.Fatal(err)
		}
	}
	if l := p.letter("acme", "l-bob"); l.Weight != 31 {
		t.Errorf("it was stamped %d times", l.Weight-30)
	}
}

func TestManyAtOnceWithOneKeyAreDoneOnce(t *testing.T) {
	p := holding(t)
	var all sync.WaitGroup
	for range 32 {
		who := sending(t, "clara", "k", "stamp", withSecondFactor)
		all.Go(func() {
			if _, err := stampOnce(p, who, "l-bob"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if l := p.letter("acme", "l-bob"); l.Weight != 31 || l.Version != 2 {
		t.Errorf("it was stamped %d times", l.Weight-30)
	}
}

func TestAKeyOfAnotherRequestIsUnfit(t *testing.T) {
	p := holding(t)
	if _, err := sendOnce(p, sending(t, "bob", "k", "a letter"), "l-one"); err != nil {
		t.Fatal(err)
	}
	_, err := sendOnce(p, sending(t, "bob", "k", "another letter"), "l-two")
	if e := refused(t, err, web.Unprocessable); e.Detail == "" || e.Decision != p.last().ID || p.last().Result != "unfit" {
		t.Errorf("answered %+v, recorded %+v", e, p.last())
	}
	if n := p.number("SELECT count(*) FROM letters WHERE id = 'l-two'"); n != 0 {
		t.Error("it was made all the same")
	}
}

func TestAKeyIsItsPersonsTenantsAndRoutesOwn(t *testing.T) {
	p := holding(t)
	elsewhere := sending(t, "bob", "k", "a letter", func(f *principal.Fields) { f.Context.Tenant = "globex" })
	otherRoute := as(t, "bob").Sending(principal.Once{Route: "POST /parcels", Key: "k", Digest: sha256.Sum256([]byte("a letter"))})
	for id, who := range map[string]principal.Principal{
		"l-bob1": sending(t, "bob", "k", "a letter"), "l-alice1": sending(t, "alice", "k", "a letter"),
		"l-globex1": elsewhere, "l-route1": otherRoute, "l-key1": sending(t, "bob", "K", "a letter"), "l-none1": as(t, "bob"),
	} {
		got, err := sendOnce(p, who, id)
		if err != nil || got.Row.ID != id {
			t.Errorf("%s: %+v, %v", id, got, err)
		}
	}
}

func TestWhoLostTheRightIsRefusedAlsoAsARepetition(t *testing.T) {
	for name, try := range map[string]struct {
		change string
		scope  string
		want   web.Kind
	}{
		"the role":            {"DELETE FROM staff WHERE subject = 'home:clara'", "letters:read letters:write", web.Forbidden},
		"the office":          {"UPDATE staff SET office = 'west' WHERE subject = 'home:clara'", "letters:read letters:write", web.NotFound},
		"every office":        {"UPDATE staff SET office = '' WHERE subject = 'home:clara'", "letters:read letters:write", web.Forbidden},
		"the scope":           {"SELECT 1", "letters:read", web.Scope},
		"the scope of seeing": {"SELECT 1", "letters:write", web.Scope},
		"the letter":          {"DELETE FROM letters WHERE id = 'l-bob'", "letters:read letters:write", web.NotFound},
	} {
		p := holding(t)
		if got, err := stampOnce(p, sending(t, "clara", "k", "stamp", withSecondFactor), "l-bob"); err != nil || got.Row.ID != "l-bob" {
			t.Fatalf("%s: %+v, %v", name, got, err)
		}
		p.exec(try.change)
		got, err := stampOnce(p, sending(t, "clara", "k", "stamp", withSecondFactor, scoped(try.scope)), "l-bob")
		if k := kind(t, err); k != try.want || got != (door.Granted[letter]{}) {
			t.Errorf("without %s: %v, %+v", name, k, got)
		}
		if r := p.last(); r.Result == "done" || r.Result == "repeated" {
			t.Errorf("without %s: recorded %+v", name, r)
		}
	}
}

func TestWhatWasRefusedMayBeSentAgainAfterAStrongerLogin(t *testing.T) {
	p := holding(t)
	_, err := stampOnce(p, sending(t, "clara", "k", "stamp"), "l-bob")
	refused(t, err, web.StepUp)
	got, err := stampOnce(p, sending(t, "clara", "k", "stamp", withSecondFactor), "l-bob")
	if err != nil || got.Row.Status != "stamped" || p.last().Result != "done" {
		t.Errorf("with a second factor: %+v, %v", got, err)
	}
	_, err = stampOnce(p, sending(t, "clara", "k", "stamp"), "l-bob") // done, but asked for weakly
	refused(t, err, web.StepUp)
}

func TestAKeyIsKeptForADay(t *testing.T) {
	p := holding(t)
	at := now
	p.service.Now = func() time.Time { return at }
	for i, try := range []struct {
		after time.Duration
		want  string
	}{{0, "l-0"}, {24*time.Hour - time.Millisecond, "l-0"}, {24 * time.Hour, "l-2"}, {25 * time.Hour, "l-2"}} {
		at = now.Add(try.after)
		got, err := sendOnce(p, sending(t, "bob", "k", "a letter"), "l-"+string(rune('0'+i)))
		if err != nil || got.Row.ID != try.want {
			t.Errorf("after %v: %s, %v", try.after, got.Row.ID, err)
		}
	}
}

func TestForgottenKeysAreRemovedAsOthersCome(t *testing.T) {
	p := holding(t)
	at := now
	p.service.Now = func() time.Time { return at }
	for i := range 20 {
		if _, err := sendOnce(p, sending(t, "bob", string(rune('a'+i)), "a letter"), "l-"+string(rune('a'+i))); err != nil {
			t.Fatal(err)
		}
	}
	at = now.Add(24 * time.Hour)
	for i := range 3 {
		if _, err := sendOnce(p, sending(t, "bob", string(rune('A'+i)), "a letter"), "l-"+string(rune('A'+i))); err != nil {
			t.Fatal(err)
		}
	}
	if n := p.number("SELECT count(*) FROM once"); n != 3 {
		t.Errorf("%d keys are kept, of which 3 are young", n)
	}
}

func TestNothingOfABodyIsKept(t *testing.T) {
	p := holding(t)
	if _, err := sendOnce(p, sending(t, "bob", "k", "a letter"), "l-one"); err != nil {
		t.Fatal(err)
	}
	if n := p.number("SELECT count(*) FROM once WHERE object = 'l-one' AND status = 201 AND length(digest) = 32"); n != 1 {
		t.Errorf("%d outcomes are kept", n)
	}
}

func TestTwoChangesInOneRequestAreAnErrorAndNotARepetition(t *testing.T) {
	p := holding(t)
	who := sending(t, "bob", "k", "two letters")
	if _, err := sendOnce(p, who, "l-one"); err != nil {
		t.Fatal(err)
	}
	_, err := sendOnce(p, who, "l-two")
	refused(t, err, web.Internal)
}
