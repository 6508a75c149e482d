package account

import (
	"testing"
	"time"

	"innerdoor.example/identity/internal/store"
)

func TestALevelCoversItselfAndTheWeakerOnly(t *testing.T) {
	for _, c := range []struct {
		has, wanted string
		want        bool
	}{
		{ACRPassword, ACRPassword, true},
		{ACRSecondFactor, ACRPassword, true},
		{ACRSecondFactor, ACRSecondFactor, true},
		{ACRPassword, ACRSecondFactor, false},
		{"", ACRPassword, false},
		{"", "", false},
		{"other", "other", false},
		{ACRSecondFactor, "", false},
	} {
		if got := Covers(c.has, c.wanted); got != c.want {
			t.Errorf("%q covers %q: %t", c.has, c.wanted, got)
		}
	}
}

func TestWhoHasNoSecondFactorReachesNone(t *testing.T) {
	bob, sam := store.Person{}, store.Person{TOTPSecret: "X"}
	for _, c := range []struct {
		who    store.Person
		wanted []string
		want   string
	}{
		{bob, nil, ACRPassword},
		{bob, []string{ACRSecondFactor}, ""},
		{bob, []string{ACRSecondFactor, ACRPassword}, ACRPassword},
		{sam, []string{"other", ACRSecondFactor}, ACRSecondFactor},
		{sam, []string{ACRPassword, ACRSecondFactor}, ACRPassword},
		{sam, []string{"other"}, ""},
	} {
		if got := Reaches(c.who, c.wanted); got != c.want {
			t.Errorf("%v: %q, want %q", c.wanted, got, c.want)
		}
	}
}

func TestPausesDoubleUpToALimit(t *testing.T) {
	l := limit{free: 3, longest: time.Minute}
	for failures, want := range map[int64]time.Duration{
		0: 0, 2: 0, 3: time.Second, 4: 2 * time.Second, 8: 32 * time.Second, 9: time.Minute, 1 << 40: time.Minute,
	} {
		if got := l.pause(failures); got != want {
			t.Errorf("after %d failures: %s, want %s", failures, got, want)
		}
	}
}

func TestACodeIsOfItsOwnStepOnly(t *testing.T) {
	const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // RFC 6238, appendix B
	now := time.Unix(1111111109, 0)                   // whose code there is 07081804
	for _, c := range []struct {
		secret, code string
		at           time.Time
		want         bool
	}{
		{secret, "081804", now, true},
		{secret, "081804", now.Add(30 * time.Second), true},
		{secret, "081804", now.Add(-30 * time.Second), true},
		{secret, "081804", now.Add(61 * time.Second), false},
		{secret, "081805", now, false},
		{secret, "", now, false},
		{"", "081804", now, false},
		{"!", "081804", now, false},
	} {
		step, got := stepOf(c.secret, c.code, c.at)
		if got != c.want || got && step != now.Unix()/30 {
			t.Errorf("%q at %s: step %d, %t", c.code, c.at.Sub(now), step, got)
		}
	}
}
