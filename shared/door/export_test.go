package door_test

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"innerdoor.example/shared/door"
	"innerdoor.example/shared/web"
)

// crowded is a post office with many letters of bob's, the last of them the newest.
func crowded(t testing.TB, letters int) *postOffice {
	t.Helper()
	p := holding(t)
	p.exec("DELETE FROM letters")
	p.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO letters SELECT 'acme', printf('l-%06d', i), 'home:bob', 'east', 1, 'written', 1, i FROM n`, letters)
	p.exec("INSERT INTO letters VALUES ('globex', 'l-globex', 'home:mallory', 'east', 1, 'written', 1, 1)")
	return p
}

func TestAnExportIsRefusedBeforeItsFirstChunk(t *testing.T) {
	p := crowded(t, 3)
	for name, try := range map[string]struct {
		who, scope string
		strong     bool
		want       web.Kind
	}{
		"who may export nothing":      {"bob", "letters:read letters:write", true, web.Forbidden},
		"without the action's scope":  {"clara", "letters:read", true, web.Scope},
		"without the reading scope":   {"clara", "letters:write", true, web.Scope},
		"without the second factor":   {"clara", "letters:read letters:write", false, web.StepUp},
		"a clerk of the other tenant": {"mallory", "letters:read letters:write", true, web.Forbidden},
	} {
		who := as(t, try.who, scoped(try.scope))
		if try.strong {
			who = as(t, try.who, scoped(try.scope), withSecondFactor)
		}
		chunks := 0
		for rows, err := range p.letters.Export(t.Context(), who, "letters:stamp", nil) {
			chunks++
			if refused(t, err, try.want); len(rows) != 0 {
				t.Errorf("%s: refused, and given %d rows", name, len(rows))
			}
		}
		if r := p.last(); chunks != 1 || r.Result != "refused" {
			t.Errorf("%s: %d chunks, recorded %+v", name, chunks, r)
		}
	}
	for rows, err := range p.letters.Export(t.Context(), as(t, "clara", withSecondFactor), "letters:stamp", nil) {
		if err != nil || len(rows) != 3 {
			t.Errorf("clara is given %d rows, %v", len(rows), err)
		}
	}
}

func TestEachChunkIsRecordedBeforeItIsHandedOn(t *testing.T) {
	p := crowded(t, 1203)
	var seen []string
	var sizes []int
	for rows, err := range p.letters.Export(t.Context(), as(t, "clara", withSecondFactor), "letters:stamp", door.Given("status", "written")) {
		if err != nil {
			t.Fatal(err)
		}
		var here []string
		for _, g := range rows {
			if g.By != "clerk-of-the-office" {
				t.Fatalf("%s is shown by %q", g.Row.ID, g.By)
			}
			here = append(here, g.Row.ID)
		}
		seen, sizes = append(seen, here...), append(sizes, len(rows))
		r := p.last()
		if r.Action != "letters:read" || r.Cause != "letters:stamp" || r.Count != int64(len(rows)) || r.Filter != "status=written" ||
			!slices.Equal(r.IDs["clerk-of-the-office"], here) {
			t.Fatalf("of a chunk of %d is recorded %+v", len(rows), r)
		}
	}
	if fmt.Sprint(sizes) != "[500 500 203]" || len(slices.Compact(seen)) != 1203 || !slices.IsSortedFunc(seen, func(a, b string) int { return strings.Compare(b, a) }) {
		t.Errorf("the chunks have %v rows, %d in all", sizes, len(seen))
	}
	if n := p.number("SELECT count(*) FROM records WHERE action = 'letters:stamp' AND outcome = 'allowed'"); n != 3 {
		t.Errorf("the action was decided %d times for three chunks", n)
	}
	if n := p.number("SELECT count(*) FROM records_about WHERE about = 'l-000007'"); n != 1 {
		t.Errorf("%d records speak of a letter that was exported once", n)
	}
}

func TestWhoLosesTheRightDuringAnExportGetsNoFurtherChunk(t *testing.T) {
	p := crowded(t, 1200)
	given, last := 0, error(nil)
	for rows, err := range p.letters.Export(t.Context(), as(t, "clara", withSecondFactor), "letters:stamp", nil) {
		given, last = given+len(rows), err
		p.exec("DELETE FROM staff WHERE subject = 'home:clara'")
	}
	refused(t, last, web.Forbidden)
	if given != 500 {
		t.Errorf("%d rows were given", given)
	}
}

func TestAChunkThatCannotBeRecordedIsNotHandedOn(t *testing.T) {
	p := crowded(t, 3)
	p.exec("ALTER TABLE records RENAME TO hidden_records")
	for rows, err := range p.letters.Export(t.Context(), as(t, "clara", withSecondFactor), "letters:stamp", nil) {
		if refused(t, err, web.Unavailable); len(rows) != 0 {
			t.Errorf("%d rows were given", len(rows))
		}
	}
}

func TestAnExportStopsWhenItsReaderDoes(t *testing.T) {
	p := crowded(t, 1200)
	for range p.letters.Export(t.Context(), as(t, "clara", withSecondFactor), "letters:stamp", nil) {
		break
	}
	if n := p.number("SELECT count(*) FROM records"); n != 2 {
		t.Errorf("%d records of one chunk, not two", n)
	}
}

func TestChangesGoOnWhileAnExportIsRead(t *testing.T) {
	p := crowded(t, 1200)
	seen := map[string]bool{}
	for rows, err := range p.letters.Export(t.Context(), as(t, "clara", withSecondFactor), "letters:stamp", nil) {
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range rows {
			seen[g.Row.ID] = true
		}
		p.exec("DELETE FROM letters WHERE id = 'l-000001'") // the oldest, in the last chunk
		p.exec("INSERT OR IGNORE INTO letters VALUES ('acme', 'l-new', 'home:bob', 'east', 1, 'written', 1, 999999)")
	}
	if len(seen) != 1199 || seen["l-000001"] || seen["l-new"] {
		t.Errorf("%d letters were seen", len(seen))
	}
}

// However many clients take their time over a chunk, none of them keeps a connection or a snapshot from the others.
func TestAnExportWhoseReaderTakesItsTimeHoldsNothing(t *testing.T) {
	p := crowded(t, 600)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for range 3*runtime.GOMAXPROCS(0) + 4 { // more than there are connections
		next, stop := iter.Pull2(p.letters.Export(ctx, as(t, "clara", withSecondFactor), "letters:stamp", nil))
		defer stop()
		rows, err, _ := next()
		if err != nil || len(rows) != 500 {
			t.Fatalf("%d rows were given (%v)", len(rows), err)
		}
		defer func() {
			if rows, err, _ := next(); err != nil || len(rows) != 99 {
				t.Errorf("%d rows were left (%v)", len(rows), err)
			}
		}()
	}
	p.exec("DELETE FROM letters WHERE id = 'l-000001'")
	if n := p.number("SELECT count(*) FROM letters WHERE tenant = 'acme'"); n != 599 {
		t.Errorf("%d letters are left", n)
	}
}
