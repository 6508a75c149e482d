package door_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"innerdoor.example/shared/audit"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/web"
)

var errStamped = errors.New("it is stamped")

// weigh sets the weight, of a letter that is not stamped.
func weigh(id string, grams int64) door.Change[letter] {
	return door.Change[letter]{Ref: authz.Ref{ID: id}, Action: "letters:write",
		Apply: func(l *letter, _ principal.ID, _ time.Time) error {
			if l.Status == "stamped" {
				return errStamped
			}
			l.Weight = grams
			l.Version++
			return nil
		}}
}

func stamp(id string) door.Change[letter] {
	return door.Change[letter]{Ref: authz.Ref{ID: id}, Action: "letters:stamp",
		Apply: func(l *letter, _ principal.ID, _ time.Time) error {
			if l.Status == "stamped" {
				return errStamped
			}
			l.Status = "stamped"
			l.Version++
			return nil
		}}
}

// write makes a letter; one that weighs nothing is unfit.
func write(id string, owner principal.ID, grams int64) door.Change[letter] {
	return door.Change[letter]{Action: "letters:write",
		Apply: func(l *letter, _ principal.ID, at time.Time) error {
			*l = letter{Tenant: "acme", ID: id, Owner: owner, Office: "east", Weight: grams, Status: "written", Version: 1, CreatedAt: at.UnixMilli()}
			if grams == 1000 {
				return door.Unfit(errors.New("a round weight is a guess"))
			}
			return nil
		}}
}

func TestAChangeIsSavedAndShownByTheRuleThatPermitsReadingIt(t *testing.T) {
	p := holding(t)
	got, err := p.letters.Do(t.Context(), as(t, "alice"), weigh("l-alice", 25))
	if err != nil || got.By != "owner" || got.Row.Weight != 25 || got.Row.Version != 2 || p.letter("acme", "l-alice") != got.Row {
		t.Errorf("alice gets %+v, %v", got, err)
	}
	if r := p.last(); r.Rule != "owner" || r.Shown != "owner" || r.Version != 1 || r.Status != 200 || r.Result != audit.Done {
		t.Errorf("recorded %+v", r)
	}
	got, err = p.letters.Do(t.Context(), as(t, "alice", scoped("letters:write")), weigh("l-alice", 26))
	if err != nil || got != (door.Granted[letter]{}) || p.letter("acme", "l-alice").Weight != 26 {
		t.Errorf("without the scope to read, alice gets %+v, %v", got, err)
	}
	if r := p.last(); r.Shown != "" || r.Status != 204 || r.Result != audit.Done {
		t.Errorf("recorded %+v", r)
	}
	if got := p.letter("globex", "l-alice"); got.Weight != 60 || got.Version != 1 {
		t.Errorf("mallory's letter of the same id is now %+v", got)
	}
}

func TestARefusedChangeChangesNothingAndIsRecorded(t *testing.T) {
	p := holding(t)
	for _, try := range []struct {
		name    string
		who     principal.Principal
		change  door.Change[letter]
		want    web.Kind
		outcome string
		result  audit.Result
	}{
		{"bob weighs alice's", as(t, "bob"), weigh("l-alice", 1), web.NotFound, "hidden", audit.Refused},
		{"bob weighs nothing", as(t, "bob"), weigh("l-nowhere", 1), web.NotFound, "hidden", audit.Refused},
		{"mallory weighs bob's", as(t, "mallory"), weigh("l-bob", 1), web.NotFound, "hidden", audit.Refused},
		{"clara weighs alice's, which she may read", as(t, "clara"), weigh("l-alice", 1), web.Forbidden, "forbidden", audit.Refused},
		{"the same without the scope to read", as(t, "clara", scoped("letters:write")), weigh("l-alice", 1), web.NotFound, "hidden", audit.Refused},
		{"alice without the scope", as(t, "alice", scoped("letters:read")), weigh("l-alice", 1), web.Scope, "forbidden", audit.Refused},
		{"clara stamps without her second factor", as(t, "clara"), stamp("l-alice"), web.StepUp, "step_up", audit.Refused},
		{"clara stamps her own", as(t, "clara", withSecondFactor), stamp("l-clara"), web.Forbidden, "forbidden", audit.Refused},
		{"alice makes hers too heavy", as(t, "alice"), weigh("l-alice", 1001), web.Forbidden, "forbidden", audit.Refused},
		{"alice insists on another version", as(t, "alice"), version(weigh("l-alice", 1), 2), web.Stale, "allowed", audit.Stale},
		{"bob insists on another version of alice's", as(t, "bob"), version(weigh("l-alice", 1), 2), web.NotFound, "hidden", audit.Refused},
		{"the zero change", as(t, "alice"), door.Change[letter]{}, web.NotFound, "hidden", audit.Refused},
	} {
		t.Run(try.name, func(t *testing.T) {
			before, n := p.number("SELECT sum(weight + version) FROM letters"), len(p.records())
			got, err := p.letters.Do(t.Context(), try.who, try.change)
			e := refused(t, err, try.want)
			r := p.last()
			if r.Outcome != try.outcome || r.Result != try.result || r.Status != try.want.Status() || len(p.records()) != n+1 {
				t.Errorf("recorded %+v", r)
			}
			if hidden := try.want == web.NotFound; hidden != (e.Decision == "") {
				t.Errorf("answered %+v", e)
			}
			if after := p.number("SELECT sum(weight + version) FROM letters"); after != before || got != (door.Granted[letter]{}) {
				t.Errorf("letters were %d, are %d; shown %+v", before, after, got)
			}
		})
	}
	for _, err := range []error{
		second(p.letters.Do(t.Context(), as(t, "alice"), version(weigh("l-alice", 1000), 1))),
		second(p.letters.Do(t.Context(), as(t, "clara", withSecondFactor), stamp("l-alice"))),
	} {
		if err != nil {
			t.Error(err)
		}
	}
}

func version[R any](c door.Change[R], v int64) door.Change[R] {
	c.Ref.Version = v
	return c
}

func second[T any](_ T, err error) error { return err }

func TestWhatIsPermittedButDoesNotFitIsUndoneAndRecorded(t *testing.T) {
	p := holding(t)
	clara := as(t, "clara", withSecondFactor)
	related := func(answer error) door.Change[letter] {
		c := weigh("l-alice", 27)
		c.Related = func(ctx context.Context, tx *database.Tx, l letter) error {
			_, err := tx.ExecContext(ctx, "UPDATE letters SET weight = 99 WHERE id = ?", l.ID)
			return errors.Join(err, answer)
		}
		return c
	}
	_, err := p.letters.Do(t.Context(), clara, stamp("l-alice"))
	if err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]struct {
		err    error
		want   web.Kind
		detail string
		result audit.Result
	}{
		"stamped twice":    {second(p.letters.Do(t.Context(), clara, stamp("l-alice"))), web.Conflict, "it is stamped", audit.Conflict},
		"related unfit":    {second(p.letters.Do(t.Context(), as(t, "alice"), related(door.Unfit(errors.New("no such clerk"))))), web.Unprocessable, "no such clerk", audit.Unfit},
		"already there":    {second(p.letters.Create(t.Context(), as(t, "alice"), write("l-alice", "home:alice", 1))), web.Conflict, "there is such a letter", audit.Conflict},
		"a guessed weight": {second(p.letters.Create(t.Context(), as(t, "alice"), write("l-new", "home:alice", 1000))), web.Unprocessable, "a round weight is a guess", audit.Unfit},
	} {
		if e := refused(t, try.err, try.want); e.Detail != try.detail || e.Decision == "" {
			t.Errorf("%s is answered %+v", name, e)
		}
		found := false
		for _, r := range p.records() {
			found = found || r.Result == try.result && r.Outcome == "allowed" && r.Status == try.want.Status()
		}
		if !found {
			t.Errorf("%s is not recorded", name)
		}
	}
	_, err = p.letters.Do(t.Context(), as(t, "alice"), related(errors.New("disk on fire")))
	refused(t, err, web.Unavailable)
	if got := p.letter("acme", "l-alice"); got.Weight != 20 || got.Version != 2 {
		t.Errorf("the letter is %+v", got)
	}
}

func TestARowIsMadeByWhoMayMakeSuchARow(t *testing.T) {
	p := holding(t)
	for name, try := range map[string]struct {
		who    principal.Principal
		change door.Change[letter]
		want   web.Kind
	}{
		"alice writes in bob's name":          {as(t, "alice"), write("l-new", "home:bob", 1), web.Forbidden},
		"and does not learn that it is unfit": {as(t, "alice"), write("l-new", "home:bob", 1000), web.Forbidden},
		"or that it is there":                 {as(t, "alice"), write("l-bob", "home:bob", 1), web.Forbidden},
		"mallory writes at acme":              {as(t, "mallory"), write("l-new", "home:mallory", 1), web.Forbidden},
		"alice writes a heavy one":            {as(t, "alice"), write("l-new", "home:alice", 1001), web.Forbidden},
		"alice without the scope":             {as(t, "alice", scoped("letters:read")), write("l-new", "home:alice", 1), web.Scope},
	} {
		_, err := p.letters.Create(t.Context(), try.who, try.change)
		if e, r := refused(t, err, try.want), p.last(); e.Decision != r.ID || r.Status != 403 || e.Detail != "" {
			t.Errorf("%s: answered %+v, recorded %+v", name, e, r)
		}
	}
	if n := p.number("SELECT count(*) FROM letters"); n != 5 {
		t.Errorf("there are %d letters", n)
	}
	got, err := p.letters.Create(t.Context(), as(t, "alice"), write("l-new", "home:alice", 1))
	if err != nil || got.By != "owner" || p.letter("acme", "l-new") != got.Row {
		t.Errorf("alice makes %+v, %v", got, err)
	}
	if r := p.last(); r.Object != "l-new" || r.Status != 201 || r.Shown != "owner" {
		t.Errorf("recorded %+v", r)
	}
}

func TestAChangeThatMovesARowOrKeepsItsVersionIsABug(t *testing.T) {
	p := holding(t)
	for _, move := range []func(*letter){
		func(l *letter) { l.ID, l.Version = "l-bob", 2 },
		func(l *letter) { l.Tenant, l.Version = "globex", 2 },
		func(l *letter) { l.Weight = 1 },
	} {
		c := weigh("l-alice", 1)
		c.Apply = func(l *letter, _ principal.ID, _ time.Time) error { move(l); return nil }
		_, err := p.letters.Do(t.Context(), as(t, "alice"), c)
		refused(t, err, web.Internal)
	}
	_, err := p.copies.Put(t.Context(), as(t, "alice"), door.Change[copied]{
		Ref: authz.Ref{ID: "l-alice/home:ed"}, Action: "copies:make",
		Apply: func(c *copied, by principal.ID, _ time.Time) error {
			*c = copied{Tenant: "acme", ID: "l-alice/home:dora", Owner: by}
			return nil
		},
	})
	refused(t, err, web.Internal)
	if p.letter("acme", "l-alice").Weight != 20 || p.number("SELECT count(*) FROM copies") != 1 {
		t.Error("a bug changed something")
	}
}

func TestAPanicInAChangeUndoesOnlyThatChange(t *testing.T) {
	p := holding(t)
	var others sync.WaitGroup
	for range 8 {
		others.Go(func() {
			if _, err := p.letters.Do(t.Context(), as(t, "bob"), weigh("l-bob", 31)); err != nil {
				t.Error(err)
			}
		})
	}
	c := weigh("l-alice", 1)
	c.Apply = func(l *letter, _ principal.ID, _ time.Time) error { l.Weight = 1; panic("ink") }
	_, err := p.letters.Do(t.Context(), as(t, "alice"), c)
	refused(t, err, web.Internal)
	others.Wait()
	if a, b := p.letter("acme", "l-alice"), p.letter("acme", "l-bob"); a.Weight != 20 || b.Version != 9 {
		t.Errorf("alice's is %+v, bob's %+v", a, b)
	}
}

func TestUnderAParent(t *testing.T) {
	p := holding(t)
	under := func(id string) door.Parent[copied] {
		return func(ctx context.Context, in *door.Inside) (copied, error) {
			l, err := p.letters.See(ctx, in, "letters:read", id)
			return copied{Tenant: l.Tenant, ID: id + "/home:dora", Letter: l.ID, Owner: l.Owner, Office: l.Office}, err
		}
	}
	change := func(letter, person string) door.Change[copied] {
		return door.Change[copied]{Action: "copies:make", Ref: authz.Ref{ID: letter + "/" + person}, Parent: under(letter),
			Apply: func(c *copied, _ principal.ID, at time.Time) error {
				c.ID, c.Version, c.CreatedAt = letter+"/"+person, c.Version+1, at.UnixMilli()
				return nil
			}}
	}
	create := func(letter, person string) door.Change[copied] {
		c := change(letter, person)
		c.Ref = authz.Ref{}
		return c
	}
	call := map[string]func(who, letter, person string) error{
		"list": func(who, letter, _ string) error {
			return second(p.copies.List(t.Context(), as(t, who), "copies:read",
				door.Query[copied]{Parent: under(letter), Filter: door.Given("letter", letter)}))
		},
		"count": func(who, letter, _ string) error {
			return second(p.copies.Count(t.Context(), as(t, who), "copies:read",
				door.Query[copied]{Parent: under(letter), Filter: door.Given("letter", letter)}))
		},
		"create": func(who, letter, person string) error {
			return second(p.copies.Create(t.Context(), as(t, who), create(letter, person+"/created")))
		},
		"put": func(who, letter, person string) error {
			return second(p.copies.Put(t.Context(), as(t, who), change(letter, person)))
		},
		"do": func(who, letter, person string) error {
			return second(p.copies.Do(t.Context(), as(t, who), change(letter, person)))
		},
		"remove": func(who, letter, person string) error {
			return p.copies.Remove(t.Context(), as(t, who), change(letter, person))
		},
	}
	for _, name := range []string{"list", "count", "create", "put", "do", "remove"} {
		t.Run(name, func(t *testing.T) {
			for _, try := range []struct {
				who, letter, person string
				want                web.Kind
				why                 string
			}{
				{"bob", "l-alice", "home:dora", web.NotFound, "a hidden parent"},
				{"bob", "l-nowhere", "home:dora", web.NotFound, "an absent parent"},
				{"mallory", "l-bob", "home:dora", web.NotFound, "another tenant's parent"},
				{"clara", "l-alice", "home:dora", web.Forbidden, "a parent she may see, a child that is there"},
				{"clara", "l-alice", "home:nobody", web.Forbidden, "a parent she may see, a child that is not"},
			} {
				n := len(p.records())
				e := refused(t, call[name](try.who, try.letter, try.person), try.want)
				if (e.Decision == "") != (try.want == web.NotFound) {
					t.Errorf("%s is answered %+v", try.why, e)
				}
				records := p.records()[n:]
				if parent := records[0]; parent.Action != "letters:read" || parent.Object != try.letter || parent.Cause == "" {
					t.Errorf("%s: of the parent is recorded %+v", try.why, parent)
				}
				if try.want == web.NotFound && len(records) != 1 || try.want == web.Forbidden && len(records) != 2 {
					t.Errorf("%s leaves %d records", try.why, len(records))
				}
			}
			if err := call[name]("alice", "l-alice", "home:dora"); err != nil {
				t.Errorf("alice: %v", err)
			}
		})
	}
	refused(t, call["remove"]("alice", "l-alice", "home:dora"), web.NotFound)
	if r := p.last(); r.Result != audit.Absent || r.Outcome != "allowed" {
		t.Errorf("removing what is not there is recorded %+v", r)
	}
	n := p.number("SELECT count(*) FROM copies")
	_, err := p.copies.Put(t.Context(), as(t, "alice"), version(change("l-alice", "home:ed"), 1))
	refused(t, err, web.Stale)
	if err := call["put"]("alice", "l-alice", "home:ed"); err != nil || p.number("SELECT count(*) FROM copies") != n+1 {
		t.Errorf("put makes %d copies of %d, %v", p.number("SELECT count(*) FROM copies"), n, err)
	}
	if r := p.last(); r.Status != 201 || r.Object != "l-alice/home:ed" || r.Shown != "owner" {
		t.Errorf("put is recorded %+v", r)
	}
	err = p.letters.Remove(t.Context(), as(t, "alice"), weigh("l-alice", 1))
	refused(t, err, web.Internal) // letters have no Delete
}

// With 32 parallel writers, callers who give up at any moment, refusals and panics:
// each acknowledged change is there once, and the records say exactly what was done.
func TestParallelWritersAndTheRecordAgree(t *testing.T) {
	p := holding(t)
	var done, given atomic.Int64
	var writers sync.WaitGroup
	for w := range 32 {
		alice, bob := as(t, "alice"), as(t, "bob")
		writers.Go(func() {
			for i := range 40 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(w*i)*10*time.Microsecond+time.Microsecond)
				if i%2 == 0 {
					cancel()
					ctx, cancel = context.WithCancel(t.Context())
				}
				c := weigh("l-alice", 21)
				if i%7 == 0 {
					c.Apply = func(*letter, principal.ID, time.Time) error { panic(fmt.Sprint("ink ", i)) }
				}
				_, err := p.letters.Do(ctx, alice, c)
				switch {
				case err == nil:
					done.Add(1)
				case i%2 == 0 && i%7 != 0:
					t.Error(err)
				}
				if _, err := p.letters.Do(ctx, bob, c); err == nil {
					given.Add(1)
				}
				cancel()
			}
		})
	}
	writers.Wait()
	recorded := p.number("SELECT count(*) FROM records WHERE result = 'done'")
	if version := p.letter("acme", "l-alice").Version; version != done.Load()+1 || recorded != done.Load() || done.Load() < 32*17 {
		t.Errorf("%d changes were acknowledged, %d recorded, the version is %d", done.Load(), recorded, version)
	}
	if given.Load() != 0 {
		t.Errorf("bob changed alice's letter %d times", given.Load())
	}
}
