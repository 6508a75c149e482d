package account

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"innerdoor.example/identity/internal/store"
)

// SlowDown refuses an attempt unseen: there were too many failures before it.
type SlowDown struct{ Wait time.Duration }

func (s *SlowDown) Error() string { return fmt.Sprintf("too many failures: wait %s", s.Wait) }

// memoryOfFailures is how long failures count after the last of them.
const memoryOfFailures = time.Hour

// factor is one thing that somebody can guess at, and how often.
//
// A browser in which the person has logged in before is charged by itself. All
// others are charged twice: by address, and together. So a stranger who guesses
// slows down strangers, and never the person on their own browser; and no pause
// is longer than the limit's, so nobody is locked out for ever.
type factor struct {
	name          string
	one, together limit
}

// limit lets some failures pass, then doubles a pause from one second on.
type limit struct {
	free    int64
	longest time.Duration
}

var (
	passwordFactor = factor{name: "password", one: limit{10, 15 * time.Minute}, together: limit{30, 30 * time.Second}}
	codeFactor     = factor{name: "code", one: limit{5, 15 * time.Minute}, together: limit{10, 15 * time.Minute}}
)

func (l limit) pause(failures int64) time.Duration {
	if failures < l.free {
		return 0
	}
	const doublings = 20 // far beyond any longest, far below overflow
	return min(l.longest, time.Second<<min(failures-l.free, doublings))
}

// charge counts an attempt as a failure before it is looked at, so that a
// thousand at once are not all the first. It returns the names to forgive when
// the attempt succeeds, or a [*SlowDown]; an attempt during a pause does not
// lengthen it.
func (a *Accounts) charge(ctx context.Context, f factor, name string, from Origin) ([]string, error) {
	now := a.now()
	known, err := a.store.Knows(ctx, name, from.Device, now)
	if err != nil {
		return nil, err
	}
	names, limits := []string{key(f, name, "address", place(from.Address)), key(f, name, "together")}, []limit{f.one, f.together}
	if known {
		names, limits = []string{key(f, name, "device", from.Device)}, []limit{f.one}
	}
	var wait time.Duration
	err = a.store.Charge(ctx, names, now, func(counters []store.Attempts) bool {
		for i := range counters {
			c := &counters[i]
			wait = max(wait, time.UnixMilli(c.RetryAt).Sub(now))
			c.Failures++
			c.RetryAt = now.Add(limits[i].pause(c.Failures)).UnixMilli()
			c.ExpiresAt = now.Add(memoryOfFailures).UnixMilli()
		}
		return wait <= 0
	})
	if err == nil && wait > 0 {
		err = &SlowDown{Wait: wait}
	}
	return names, err
}

// place is what an address is charged as: an IPv6 address stands for its /64,
// because one subscriber owns all of that.
func place(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil || a.Unmap().Is4() {
		return address
	}
	prefix, err := a.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}

// key joins the parts so that no two lists of parts give the same name.
func key(f factor, parts ...string) string {
	var b strings.Builder
	for _, part := range append([]string{f.name}, parts...) {
		fmt.Fprintf(&b, "%d:%s,", len(part), part)
	}
	return b.String()
}
