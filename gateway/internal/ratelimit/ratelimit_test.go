package ratelimit

import (
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Exactly N of N+100 parallel uses pass.
func TestExactlyNOfManyParallelUsesPass(t *testing.T) {
	const n = 50
	l := New[string](Limit{Count: n, Window: 24 * time.Hour})
	var passed atomic.Int64
	var wg sync.WaitGroup
	for range n + 100 {
		wg.Go(func() {
			if l.Take("alice").OK {
				passed.Add(1)
			}
		})
	}
	wg.Wait()
	if passed.Load() != n {
		t.Fatalf("%d passed, want exactly %d", passed.Load(), n)
	}
	if !l.Take("bob").OK {
		t.Fatal("bob pays for alice's uses")
	}
}

func TestARefusedUseSaysWhenTheNextPassesAndCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New[string](Limit{Count: 2, Window: 20 * time.Second})
		for want := 1; want >= 0; want-- {
			if v := l.Take("alice"); !v.OK || v.Remaining != want {
				t.Fatalf("got %+v, want %d remaining", v, want)
			}
		}
		for range 3 {
			if v := l.Take("alice"); v.OK || v.Retry != 10*time.Second || v.Reset != 20*time.Second {
				t.Fatalf("got %+v, want refusal for 10s", v)
			}
		}
		time.Sleep(10*time.Second - 1)
		if l.Take("alice").OK {
			t.Fatal("passed a nanosecond too early")
		}
		time.Sleep(time.Nanosecond)
		if !l.Take("alice").OK {
			t.Fatal("refused at the promised time")
		}
	})
}

// One IPv6 subscriber is one key, and an IPv4 address is the same key however it is written.
func TestAddressesOfOneSubscriberAreOneKey(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true},
		{"2001:db8:1:2::1", "2001:db8:1:3::1", false},
		{"192.0.2.7", "::ffff:192.0.2.7", true},
		{"192.0.2.7", "192.0.2.8", false},
		{"fe80::1%eth0", "fe80::1%eth1", true},
	} {
		if got := Address(netip.MustParseAddr(c.a)) == Address(netip.MustParseAddr(c.b)); got != c.same {
			t.Errorf("%s and %s share a key: %v, want %v", c.a, c.b, got, c.same)
		}
	}
}

// A million keys do not fill the memory, and go when their uses have come back.
func TestAMillionKeysStayBoundedAndAreSwept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New[string](Limit{Count: 10, Window: time.Minute})
		for i := range 1_000_000 {
			l.Take(strconv.Itoa(i))
		}
		if n := l.size(); n > shards*perShard || n < shards*perShard/2 {
			t.Fatalf("%d keys held, want at most %d and nearly that", n, shards*perShard)
		}
		time.Sleep(2 * time.Minute)
		for i := range 10 * shards {
			l.Take("late" + strconv.Itoa(i))
		}
		if n := l.size(); n > 20*shards {
			t.Fatalf("%d keys held after all had expired", n)
		}
	})
}

func (l *Limiter[K]) size() (n int) {
	for i := range l.shard {
		n += len(l.shard[i].full)
	}
	return n
}

func TestALimitThatLetsNothingOrEverythingPassIsRefused(t *testing.T) {
	for _, l := range []Limit{{}, {Count: 0, Window: time.Minute}, {Count: 5}, {Count: -1, Window: time.Minute}, {Count: 5, Window: 48 * time.Hour}} {
		if l.Validate() == nil {
			t.Errorf("%+v was accepted", l)
		}
	}
	if err := (Limit{Count: 5, Window: time.Minute}).Validate(); err != nil {
		t.Error(err)
	}
}

func BenchmarkTake(b *testing.B) {
	l := New[string](Limit{Count: 1000, Window: time.Minute})
	keys := make([]string, 1000)
	for i := range keys {
		keys[i] = "home:person" + strconv.Itoa(i)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		l.Take(keys[i%len(keys)])
		i++
	}
}
