package door_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/web"
)

func ids(l door.Listed[letter]) string {
	var out []string
	for _, g := range l.Rows {
		out = append(out, g.Row.ID+":"+g.By)
	}
	return strings.Join(out, " ")
}

func TestAListHasTheRowsThatItsCallerMayReadNewestFirst(t *testing.T) {
	p := holding(t)
	for _, try := range []struct {
		who, status, want, recorded string
	}{
		{"alice", "", "l-alice:owner", `{"owner":["l-alice"]}`},
		{"bob", "", "l-west:owner l-bob:owner", `{"owner":["l-west","l-bob"]}`},
		{"clara", "", "l-clara:owner l-bob:clerk-of-the-office l-alice:clerk-of-the-office",
			`{"clerk-of-the-office":["l-bob","l-alice"],"owner":["l-clara"]}`},
		{"mallory", "", "l-alice:owner", `{"owner":["l-alice"]}`},
		{"dora", "", "", `{}`},
		{"alice", "stamped", "", `{}`},
		{"alice", "written", "l-alice:owner", `{"owner":["l-alice"]}`},
	} {
		q := door.Query[letter]{Filter: door.Given("status", try.status)}
		got, err := p.letters.List(t.Context(), as(t, try.who), "letters:read", q)
		if err != nil || ids(got) != try.want || got.Next != "" {
			t.Errorf("%s lists %q, next %q, %v", try.who, ids(got), got.Next, err)
		}
		r := p.last()
		if asked := strings.TrimPrefix("status="+try.status, "status="); r.Filter != q.Filter.String() || !strings.HasSuffix(r.Filter, asked) {
			t.Errorf("%s: the filter is recorded as %q", try.who, r.Filter)
		}
		recorded := "{}"
		if r.IDs != nil {
			recorded = asJSON(t, r.IDs)
		}
		if recorded != try.recorded || r.Count != int64(len(got.Rows)) || r.Outcome != "allowed" {
			t.Errorf("%s: recorded %s, %+v", try.who, recorded, r)
		}
		n, err := p.letters.Count(t.Context(), as(t, try.who), "letters:read", q)
		if err != nil || n != int64(len(got.Rows)) || p.last().Count != n {
			t.Errorf("%s counts %d, %v, recorded %d", try.who, n, err, p.last().Count)
		}
	}
}

func TestAListIsRefusedToWhoMayReadNoRow(t *testing.T) {
	p := holding(t)
	_, err := p.letters.List(t.Context(), as(t, "alice"), "letters:stamp", door.Query[letter]{})
	if e := refused(t, err, web.Forbidden); e.Decision != p.last().ID {
		t.Errorf("answered %+v", e)
	}
	_, err = p.letters.Count(t.Context(), as(t, "alice", scoped("letters:write")), "letters:read", door.Query[letter]{})
	if e := refused(t, err, web.Scope); e.Scope != "letters:read" {
		t.Errorf("answered %+v", e)
	}
}

func TestPagesFollowEachOtherAndMissNothing(t *testing.T) {
	p := newPostOffice(t)
	p.exec("INSERT INTO staff VALUES ('acme', 'home:clara', 'clerk', 'east west')")
	p.exec(`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 199)
		INSERT INTO letters SELECT 'acme', printf('l-%03d', i), CASE i % 3 WHEN 0 THEN 'home:clara' ELSE 'home:bob' END,
			CASE i % 4 WHEN 0 THEN 'east' WHEN 1 THEN 'west' ELSE 'north' END, 1, 'written', 1, i / 5 FROM n`)
	want := p.number("SELECT count(*) FROM letters WHERE owner = 'home:clara' OR office <> 'north'")
	for _, limit := range []int{1, 7, 50, 200} {
		seen, q := []string{}, door.Query[letter]{Limit: limit}
		for {
			got, err := p.letters.List(t.Context(), as(t, "clara"), "letters:read", q)
			if err != nil || len(got.Rows) > limit {
				t.Fatalf("%d rows of %d, %v", len(got.Rows), limit, err)
			}
			for _, g := range got.Rows {
				seen = append(seen, fmt.Sprintf("%09d %s", g.Row.CreatedAt, g.Row.ID))
			}
			if q.Cursor = got.Next; q.Cursor == "" {
				break
			}
		}
		if !slices.IsSortedFunc(seen, func(a, b string) int { return strings.Compare(b, a) }) {
			t.Errorf("pages of %d are not in order: %q", limit, seen)
		}
		if int64(len(slices.Compact(seen))) != want {
			t.Errorf("pages of %d show %d rows of %d", limit, len(seen), want)
		}
	}
	for _, limit := range []int{-1, 201} {
		_, err := p.letters.List(t.Context(), as(t, "clara"), "letters:read", door.Query[letter]{Limit: limit})
		refused(t, err, web.Malformed)
	}
}

func TestACursorIsGoodOnlyForWhomAndWhatItWasMade(t *testing.T) {
	p := holding(t)
	p.exec("INSERT INTO staff VALUES ('globex', 'home:bob', 'clerk', 'east')")
	status := door.Given("status", "written")
	first, err := p.letters.List(t.Context(), as(t, "bob"), "letters:read", door.Query[letter]{Limit: 1, Filter: status})
	if err != nil || first.Next == "" {
		t.Fatalf("%+v, %v", first, err)
	}
	if strings.Contains(first.Next, "l-west") {
		t.Errorf("the cursor %q can be read", first.Next)
	}
	elsewhere := as(t, "bob", func(f *principal.Fields) { f.Context.Tenant = "globex" })
	for name, err := range map[string]error{
		"another person":   second(p.letters.List(t.Context(), as(t, "alice"), "letters:read", door.Query[letter]{Cursor: first.Next, Filter: status})),
		"another tenant":   second(p.letters.List(t.Context(), elsewhere, "letters:read", door.Query[letter]{Cursor: first.Next, Filter: status})),
		"another action":   second(p.letters.List(t.Context(), as(t, "bob"), "letters:write", door.Query[letter]{Cursor: first.Next, Filter: status})),
		"another filter":   second(p.letters.List(t.Context(), as(t, "bob"), "letters:read", door.Query[letter]{Cursor: first.Next})),
		"another list":     second(p.copies.List(t.Context(), as(t, "bob"), "letters:read", door.Query[copied]{Cursor: first.Next, Filter: status})),
		"no cursor at all": second(p.letters.List(t.Context(), as(t, "bob"), "letters:read", door.Query[letter]{Cursor: "l-west", Filter: status})),
	} {
		if e := refused(t, err, web.Malformed); e.Detail == "" {
			t.Errorf("%s is answered %+v", name, e)
		}
	}
	for i := range first.Next {
		changed := []byte(first.Next)
		changed[i] ^= 1
		_, err := p.letters.List(t.Context(), as(t, "bob"), "letters:read", door.Query[letter]{Cursor: string(changed), Filter: status})
		refused(t, err, web.Malformed)
	}
	next, err := p.letters.List(t.Context(), as(t, "bob"), "letters:read", door.Query[letter]{Limit: 1, Cursor: first.Next, Filter: status})
	if err != nil || ids(next) != "l-bob:owner" || next.Next != "" {
		t.Errorf("bob goes on to %q, %v", ids(next), err)
	}
}

func TestDriftLosesARowAndRaisesTheAlarmAndLeaksNothing(t *testing.T) {
	p := holding(t)
	p.open = true
	got, err := p.letters.List(t.Context(), as(t, "alice"), "letters:read", door.Query[letter]{})
	if err != nil || ids(got) != "l-alice:owner" {
		t.Errorf("alice lists %q, %v", ids(got), err)
	}
	if p.drifted.Load() != 3 { // the rest of acme's
		t.Errorf("%d drops were counted", p.drifted.Load())
	}
	if r := p.last(); r.Count != 1 || asJSON(t, r.IDs) != `{"owner":["l-alice"]}` {
		t.Errorf("recorded %+v", r)
	}
	p.open = false
	if got, err := p.letters.List(t.Context(), as(t, "alice"), "letters:read", door.Query[letter]{}); err != nil || ids(got) != "l-alice:owner" || p.drifted.Load() != 3 {
		t.Errorf("without drift alice lists %q, %v, %d", ids(got), err, p.drifted.Load())
	}
}

func TestTheStatementsKeepToTheTenantWhateverTheWaysSay(t *testing.T) {
	p := holding(t)
	all := []authz.SQL{{Text: "owner = ? OR 1 = 1", Args: []any{"home:alice"}}}
	for name, try := range map[string]struct {
		ways []authz.SQL
		want int64
	}{
		"a way that is open": {all, 4}, "two of them": {append(all, authz.SQL{Text: "weight > ?", Args: []any{int64(0)}}), 4}, "none": {nil, 0},
	} {
		text, args := door.CountSQL("letters", "acme", try.ways, nil)
		if got := p.number(text, args...); got != try.want {
			t.Errorf("%s counts %d of %d", name, got, try.want)
		}
		text, args = door.Keyset(letterColumns, "acme", try.ways, door.Page{Limit: 9, After: door.Place{CreatedAt: 9999, ID: "x"},
			Filter: door.Given("1 = 1 OR status", "x")})
		if got := p.number("SELECT count(*) FROM ("+text+")", args...); got != try.want {
			t.Errorf("%s lists %d of %d", name, got, try.want)
		}
	}
}
