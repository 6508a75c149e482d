package store

import (
	"context"
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/services/claims/internal/store/internal/db"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
)

// fill makes claims in so many tenants t0, t1, …, all in review in region eu and of
// different people. Three of t0's are home:cust's, the oldest of all.
func (s *Store) fill(t testing.TB, rows, tenants int) {
	t.Helper()
	s.exec(t, `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)
		INSERT INTO claims SELECT 't' || (i % ?2), 'c-' || i, CASE WHEN i % ?2 = 0 AND i / ?2 < 3 THEN 'home:cust' ELSE 'home:u' || i END, 'o-' || i,
			'eu', 10000, 'EUR', 20000, 'the kettle arrived broken, and so did its lid', 'A Name', 'a@example.com', '+49 30 123456',
			'in_review', 'home:ada', '', '', 1, 1, i, i FROM n`, rows, tenants)
	s.write(t, func(ctx context.Context, tx *database.Tx) error {
		return db.New(tx).PutStaff(ctx, db.PutStaffParams{Tenant: "t0", Subject: "home:adj", Role: claim.Adjuster, Regions: "nowhere",
			LimitAmount: 500_00, LimitCurrency: "EUR", Version: 1})
	})
}

var sizes = []struct{ rows, tenants int }{{1_000, 1}, {1_000, 100}, {100_000, 1}, {100_000, 100}}

// eachSize runs f at each size, by one client and by 32 at once.
func eachSize(b *testing.B, people []principal.ID, f operation) {
	for _, size := range sizes {
		s := newStore(b)
		s.fill(b, size.rows, size.tenants)
		for _, id := range people {
			who := person(b, id, "t0")
			for _, clients := range []int{1, 32} {
				b.Run(fmt.Sprintf("rows=%d/tenants=%d/%s/clients=%d", size.rows, size.tenants, id[len("home:"):], clients), func(b *testing.B) {
					before := cpu()
					inParallel(b, clients, func() error { return f(b.Context(), s, who) })
					b.ReportMetric(float64(cpu()-before)/float64(b.N)/1e3, "cpu-µs/op")
				})
			}
		}
	}
}

// cpu is the processor time that this process has used: unlike the clock, it does not
// count what else the machine does, nor the waiting for the disk.
func cpu() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func inParallel(b *testing.B, clients int, f func() error) {
	if clients == 1 {
		for b.Loop() {
			must(b, f())
		}
		return
	}
	b.SetParallelism((clients + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := f(); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkGet is a decided read of one claim, with its record on disk.
func BenchmarkGet(b *testing.B) {
	eachSize(b, []principal.ID{"home:cust"}, get("c-0"))
}

// BenchmarkDo is a decided change of one claim, with its record on disk.
func BenchmarkDo(b *testing.B) {
	eachSize(b, []principal.ID{"home:cust"}, touch("c-0"))
}

type operation = func(ctx context.Context, s *Store, who principal.Principal) error

// get is a recorded read.
func get(id claim.ID) operation {
	return func(ctx context.Context, s *Store, who principal.Principal) error {
		_, err := s.Get(ctx, who, id)
		return err
	}
}

// touch is a recorded change, which can be made again and again.
func touch(id claim.ID) operation {
	change := door.Change[claim.Claim]{
		Ref: authz.Ref{ID: string(id)}, Action: claim.Submit,
		Apply: func(c *claim.Claim, _ principal.ID, at time.Time) error {
			c.Version++
			c.UpdatedAt = claim.At(at)
			return nil
		},
	}
	return func(ctx context.Context, s *Store, who principal.Principal) error {
		_, err := s.claims.Do(ctx, who, change)
		return err
	}
}

// BenchmarkList50 is a page of at most 50, with its record on disk: of a customer with
// three claims, and of an adjuster in whose region there is none.
func BenchmarkList50(b *testing.B) {
	eachSize(b, []principal.ID{"home:cust", "home:adj"}, func(ctx context.Context, s *Store, who principal.Principal) error {
		_, err := s.List(ctx, who, Query{Limit: 50})
		return err
	})
}
