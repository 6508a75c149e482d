package door_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
)

// BenchmarkGet is a recorded read, BenchmarkDo a recorded change and BenchmarkList a
// recorded page of 50, by one client and by 32 at once. cpu-ns/op is the processor
// time of the whole process, which is what a read costs; ns/op also waits for the disk.
func BenchmarkGet(b *testing.B) {
	clients(b, func(p *postOffice, who principal.Principal, i int64) error {
		return second(p.letters.Get(b.Context(), who, "letters:read", letterOf(i)))
	})
}

func BenchmarkDo(b *testing.B) {
	clients(b, func(p *postOffice, who principal.Principal, i int64) error {
		return second(p.letters.Do(b.Context(), who, weigh(letterOf(i), rand.Int64N(999)+1)))
	})
}

func BenchmarkList(b *testing.B) {
	clients(b, func(p *postOffice, who principal.Principal, i int64) error {
		return second(p.letters.List(b.Context(), who, "letters:read", door.Query[letter]{Limit: 50}))
	})
}

const benchLetters = 10_000

func letterOf(i int64) string { return fmt.Sprintf("l-%05d", i%100*100) } // alice's are each hundredth

func clients(b *testing.B, call func(p *postOffice, who principal.Principal, i int64) error) {
	for _, n := range []int{1, 32} {
		b.Run(fmt.Sprintf("clients=%d", n), func(b *testing.B) {
			p := newPostOffice(b)
			p.service.Now = time.Now
			p.exec(fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
				INSERT INTO letters SELECT 'acme', printf('l-%%05d', i), CASE i %% 100 WHEN 0 THEN 'home:alice' ELSE 'home:bob' END,
					'east', 20, 'written', 1, i FROM n`, benchLetters-1))
			who := as(b, "alice")
			b.SetParallelism((n + 1) / 2) // times GOMAXPROCS
			b.ReportAllocs()
			var turn atomic.Int64
			before := cpu(b)
			b.ResetTimer()
			if n == 1 {
				for b.Loop() {
					if err := call(p, who, turn.Add(1)); err != nil {
						b.Fatal(err)
					}
				}
			} else {
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if err := call(p, who, turn.Add(1)); err != nil {
							b.Error(err)
						}
					}
				})
			}
			b.ReportMetric(float64(cpu(b)-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkExport is an export of 100,000 rows. grown-MiB is by how much the memory that the process holds grew while it
// went on, which must be no more than 32.
func BenchmarkExport(b *testing.B) {
	p := crowded(b, 100_000)
	who := as(b, "clara", withSecondFactor)
	held := func() uint64 { // SQLite's memory is not Go's, so the system is asked where it tells
		if statm, err := os.ReadFile("/proc/self/statm"); err == nil {
			var size, resident uint64
			_, _ = fmt.Sscan(string(statm), &size, &resident)
			return resident * uint64(os.Getpagesize())
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.Sys
	}
	before, most := held(), uint64(0)
	for b.Loop() {
		rows := 0
		for chunk, err := range p.letters.Export(b.Context(), who, "letters:stamp", nil) {
			if err != nil {
				b.Fatal(err)
			}
			rows += len(chunk)
			most = max(most, held())
		}
		if rows != 100_000 {
			b.Fatalf("%d rows were exported", rows)
		}
	}
	grown := float64(max(most, before)-before) / (1 << 20)
	b.ReportMetric(grown, "grown-MiB")
	if grown > 32 {
		b.Errorf("an export of 100,000 rows grew the process by %.0f MiB", grown)
	}
}
