// Package ratelimit counts in memory how often a key was used, by the generic
// cell rate algorithm (GCRA, as in ITU-T I.371): one number a key, exact under
// concurrency, and no background work.
package ratelimit

import (
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
	"time"
)

const (
	shards   = 64
	perShard = 1024 // keys a shard holds at most: 65,536 in all, whatever is thrown at it
	sample   = 8    // keys looked at to make room in a full shard
)

// Limit allows Count uses at once, and after that one more each Window/Count.
type Limit struct {
	Count  int           `yaml:"count"`
	Window time.Duration `yaml:"window"`
}

// Validate refuses a limit that would let nothing or everything pass.
func (l Limit) Validate() error {
	var mistakes []error
	if l.Count < 1 || l.Count > 1_000_000 {
		mistakes = append(mistakes, fmt.Errorf("count must be between 1 and 1000000, not %d", l.Count))
	}
	if l.Window < time.Second || l.Window > 24*time.Hour {
		mistakes = append(mistakes, fmt.Errorf("window must be between 1s and 24h, not %s", l.Window))
	}
	return errors.Join(mistakes...)
}

// Verdict is the answer for one use of a key.
type Verdict struct {
	OK        bool
	Remaining int           // uses left at this moment
	Retry     time.Duration // when refused: how long until one more use passes
	Reset     time.Duration // how long until all Count uses are there again
}

// Limiter counts uses of keys against one Limit. It is safe for concurrent use;
// make it with New.
type Limiter[K comparable] struct {
	limit Limit
	step  time.Duration // the time one use takes to come back
	start time.Time     // all times are monotonic distances from here, so wall clock jumps do nothing
	seed  maphash.Seed
	shard [shards]shard[K]
}

type shard[K comparable] struct {
	mu    sync.Mutex
	full  map[K]time.Duration // when the key's last use will have come back (GCRA's theoretical arrival time)
	swept time.Duration
}

// New returns a limiter in which every key starts unused. The limit must be valid.
func New[K comparable](limit Limit) *Limiter[K] {
	l := &Limiter[K]{
		limit: limit,
		step:  limit.Window / time.Duration(limit.Count),
		start: time.Now(),
		seed:  maphash.MakeSeed(),
	}
	for i := range l.shard {
		l.shard[i].full = make(map[K]time.Duration)
	}
	return l
}

// Take uses the key once, or says when that will be possible; a refused use
// costs nothing.
func (l *Limiter[K]) Take(key K) Verdict {
	now := time.Since(l.start)
	s := &l.shard[maphash.Comparable(l.seed, key)%shards]
	s.mu.Lock()
	defer s.mu.Unlock()

	arrival, known := s.full[key]
	burst := l.step * time.Duration(l.limit.Count)
	next := max(arrival, now) + l.step
	if next-now > burst {
		return Verdict{Retry: next - now - burst, Reset: arrival - now}
	}
	if !known {
		s.makeRoom(now, burst)
	}
	s.full[key] = next
	return Verdict{OK: true, Remaining: int((burst - (next - now)) / l.step), Reset: next - now}
}

// makeRoom drops keys whose uses have all come back: all of them once a burst,
// and else enough of a sample that the shard stays within its bound. A flood of
// new keys can at worst give one of them its uses back early: the one of the
// sample that had the least to wait for.
func (s *shard[K]) makeRoom(now, burst time.Duration) {
	if now-s.swept >= burst {
		s.swept = now
		for key, arrival := range s.full {
			if arrival <= now {
				delete(s.full, key)
			}
		}
	}
	if len(s.full) < perShard {
		return
	}
	var victim K
	seen, least := 0, time.Duration(0)
	for key, arrival := range s.full {
		if seen == 0 || arrival < least {
			victim, least = key, arrival
		}
		if seen++; seen == sample {
			break
		}
	}
	delete(s.full, victim)
}
