package account

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestAPasswordMatchesItsOwnHashOnly(t *testing.T) {
	h := NewHasher()
	hashed, err := h.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	again, err := h.Hash(t.Context(), "correct horse")
	if err != nil || again == hashed {
		t.Fatalf("two hashes with one salt: %v", err)
	}
	long := strings.Repeat("x", MaxPassword+1)
	longHash, err := h.Hash(t.Context(), long)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		hashed, password string
		want             bool
	}{
		"the right one":      {hashed, "correct horse", true},
		"another":            {hashed, "correct horses", false},
		"none":               {hashed, "", false},
		"no hash":            {"", "", false},
		"the prefix alone":   {prefix, "", false},
		"weaker parameters":  {strings.Replace(hashed, "t=2", "t=1", 1), "correct horse", false},
		"another algorithm":  {strings.Replace(hashed, "argon2id", "argon2i", 1), "correct horse", false},
		"a hash cut off":     {hashed[:len(hashed)-1], "correct horse", false},
		"a password too big": {longHash, long, false},
	} {
		if got, err := h.Matches(t.Context(), c.hashed, c.password); err != nil || got != c.want {
			t.Errorf("%s: %t, %v", name, got, err)
		}
	}
}

func TestAnUnknownNameTakesAsLongAsAWrongPassword(t *testing.T) {
	h := NewHasher()
	hashed, err := h.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	fastest := func(hashed string) time.Duration {
		best := time.Hour
		for range 5 {
			start := time.Now()
			if _, err := h.Matches(t.Context(), hashed, "wrong"); err != nil {
				t.Fatal(err)
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	known, unknown := fastest(hashed), fastest("")
	if known > 5*unknown || unknown > 5*known {
		t.Errorf("known %s, unknown %s", known, unknown)
	}
}

func TestAStormOfLoginsDoesNotExhaustMemory(t *testing.T) {
	h := NewHasher()
	const storm = 64 // would need 2 GiB at once
	runtime.GC()
	var peak atomic.Uint64
	done := make(chan struct{})
	var watcher, logins sync.WaitGroup
	watcher.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak.Store(max(peak.Load(), m.HeapInuse))
		}
	})
	var checked, busy atomic.Int64
	for range storm {
		logins.Go(func() {
			if _, err := h.Matches(context.Background(), "", "x"); err != nil {
				busy.Add(1)
			} else {
				checked.Add(1)
			}
		})
	}
	logins.Wait()
	close(done)
	watcher.Wait()
	limit := uint64(runtime.GOMAXPROCS(0)*memory<<10)*3 + 64<<20 // the collector runs when the heap has doubled
	if peak.Load() > limit {
		t.Errorf("%d MiB at the peak, want at most %d", peak.Load()>>20, limit>>20)
	}
	if checked.Load() < int64(cap(h.slots)) || checked.Load()+busy.Load() != storm {
		t.Errorf("checked %d, busy %d", checked.Load(), busy.Load())
	}
}

func TestALoginThatFindsNoTurnIsToldSo(t *testing.T) {
	h := NewHasher()
	for range cap(h.slots) {
		h.slots <- struct{}{}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if got, err := h.Matches(ctx, "", "x"); got || err != ErrBusy {
		t.Errorf("%t, %v", got, err)
	}
	<-h.slots
	if _, err := h.Matches(t.Context(), "", "x"); err != nil {
		t.Errorf("with a turn: %v", err)
	}
}
