package door_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/web"
)

// swamp is where the heavy letters are found at once, and the light ones are looked for for ever.
type swamp struct{ letterTable }

func sunk(ways []authz.SQL) []authz.SQL {
	ways = slices.Clone(ways)
	for i := range ways {
		ways[i].Text = "(" + ways[i].Text + `) AND (weight >= 40 OR
			(WITH RECURSIVE n(i) AS (SELECT weight UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n WHERE i < 0) > 0)`
	}
	return ways
}

func (s swamp) Page(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, p door.Page) ([]letter, error) {
	return s.letterTable.Page(ctx, tx, tenant, sunk(ways), p)
}

func (s swamp) Count(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, f door.Filter) (int64, error) {
	return s.letterTable.Count(ctx, tx, tenant, sunk(ways), f)
}

// Bob has one way into the list, clara has two. For both the newest letter is found at
// once: that does not hide from the clock what comes after it.
func TestASlowListIsStoppedWhenItsCallerLeavesOrAfterTwoSecondsAndHarmsNobody(t *testing.T) {
	p, late := holding(t), 0
	p.letters.Table = swamp{letterTable{&p.open}}
	asks := map[string]func(context.Context, principal.Principal) error{
		"a list": func(ctx context.Context, who principal.Principal) error {
			return second(p.letters.List(ctx, who, "letters:read", door.Query[letter]{}))
		},
		"a count": func(ctx context.Context, who principal.Principal) error {
			return second(p.letters.Count(ctx, who, "letters:read", door.Query[letter]{}))
		},
	}
	for name, ask := range asks {
		for _, who := range []string{"bob", "clara"} {
			for _, stays := range []bool{false, true} {
				ctx, leave := context.WithCancel(t.Context())
				answer, began := make(chan error, 1), time.Now()
				go func() { answer <- ask(ctx, as(t, who)) }()
				time.Sleep(30 * time.Millisecond)
				if _, err := p.letters.Do(t.Context(), as(t, "alice"), weigh("l-alice", 1+p.letter("acme", "l-alice").Weight%9)); err != nil {
					t.Errorf("beside %s of %s, alice is answered %v", name, who, err)
				}
				if time.Since(began) > time.Second {
					late++
				}
				if !stays {
					leave()
				}
				refused(t, <-answer, web.Unavailable)
				if took := time.Since(began); stays && took < time.Second || took > 10*time.Second {
					t.Errorf("%s of %s, who stays: %v, was stopped after %v", name, who, stays, took)
				}
				leave()
			}
		}
	}
	if late > 2 { // the disk may be busy; if changes waited for lists, all eight would be late
		t.Errorf("%d of alice's changes took more than a second", late)
	}
	for _, r := range p.records() {
		if r.Subject != "home:alice" {
			t.Errorf("what nobody was shown is recorded: %+v", r)
		}
	}
	if got := p.letter("acme", "l-alice"); got.Version != 9 {
		t.Errorf("of alice's eight changes there are %d", got.Version-1)
	}
	p.letters.Table = letterTable{&p.open}
	if got, err := p.letters.List(t.Context(), as(t, "bob"), "letters:read", door.Query[letter]{}); err != nil || len(got.Rows) != 2 {
		t.Errorf("of a place without a swamp, bob lists %q, %v", ids(got), err)
	}
}
