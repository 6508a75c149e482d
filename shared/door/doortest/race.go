// Package doortest proves that a right ends when it is taken away, however many use it then. It is for tests only.
package doortest

import (
	"flag"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Writers is how many use a right at the same time.
const Writers = 64

var rounds = flag.Int("rounds", 20, "how often the tests of races take a right away while it is used")

// Rounds is how often a test of a race repeats it: `go test -rounds 1000` is the long run.
func Rounds() int { return *rounds }

// Race is a right that many use while it is taken away. Use is asked by all of them at once.
type Race struct {
	Give, Take, Use func() error
}

// Run gives the right and takes it away, round after round. It fails the test if anybody succeeds after the taking has
// returned, and says how often the right was used.
func (r Race) Run(t *testing.T) (used int64) {
	t.Helper()
	var in, late, refused atomic.Int64
	for range Rounds() {
		if err := r.Give(); err != nil {
			t.Fatal(err)
		}
		var taken atomic.Bool
		var all sync.WaitGroup
		was := in.Load()
		for range Writers {
			all.Go(func() {
				for last := false; !last; {
					last = taken.Load() // this one comes after
					switch err := r.Use(); {
					case err != nil:
						refused.Add(1)
					case last:
						late.Add(1)
					default:
						in.Add(1)
					}
				}
			})
		}
		for in.Load() == was {
			time.Sleep(10 * time.Microsecond)
		}
		err := r.Take()
		taken.Store(true)
		all.Wait()
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d writers, %d rounds: used %d times, refused %d times, %d times after it was taken away",
		Writers, Rounds(), in.Load(), refused.Load(), late.Load())
	if late.Load() != 0 || refused.Load() < int64(Rounds()*Writers) {
		t.Errorf("used %d times after it was taken away, refused %d times", late.Load(), refused.Load())
	}
	return in.Load()
}
