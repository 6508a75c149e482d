package store

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/shared/principal"
)

// mayCost is how many times its cost at 10,000 claims an operation may cost at
// 1,000,000, if its answer is no larger.
const mayCost = 2

// compared are the crowds, all with the first. In that each tenant has 1,000 claims. In
// the second they have as many: what grows is what the asker has nothing to do with. In
// the third it is the asker's own tenant that grows, to 100,000.
var compared = []Crowd{{10_000, 10, 1}, {1_000_000, 1_000, 1}, {1_000_000, 10, 1}}

// question is an operation and who does it.
type question struct {
	who         principal.ID
	what        string
	query       Query
	next, count bool
}

func questions() (all []question) {
	status, order := Query{Status: claim.Withdrawn}, Query{Order: "o-0000000"}
	word, words := Query{Words: []string{"kettle"}}, Query{Words: []string{"kettle", "lid"}}
	for _, who := range []principal.ID{"home:customer", "home:adjuster", "home:delegate", "home:supervisor", "home:auditor", "home:support"} {
		all = append(all, question{who: who, what: "page"}, question{who: who, what: "next page", next: true},
			question{who: who, what: "count", count: true}, question{who: who, what: "search a word", query: word},
			question{who: who, what: "search two words", query: words}, question{who: who, what: "count a word", query: word, count: true},
			question{who: who, what: "page of a status", query: status}, question{who: who, what: "page of an order", query: order})
	}
	return all
}

// of makes the question one to the store. Pages are of 50; who has no more than that has a
// next page after one of 2, or none.
func (q question) of(b *testing.B, s *Store) (ask ask, any bool) {
	who := person(b, q.who, "t0")
	if q.query.Limit = 50; q.next {
		for _, limit := range []int{2, 50} {
			first, err := s.List(b.Context(), who, Query{Limit: limit})
			must(b, err)
			if first.Next != "" {
				q.query.Limit, q.query.Cursor = limit, first.Next
			}
		}
	}
	return func() (int64, error) {
		if q.count {
			return s.Count(b.Context(), who, q.query)
		}
		page, err := s.List(b.Context(), who, q.query)
		return int64(len(page.Rows)), err
	}, !q.next || q.query.Cursor != ""
}

// ask answers how many claims were shown, or counted.
type ask = func() (answer int64, err error)

// measured is the processor time of one ask, out of so much of it, of 32 at once: what a
// machine that is busy pays, with the records on disk. Where a machine is so busy with
// other things that a question takes too long, it is asked again.
func measured(b *testing.B, outOf time.Duration, ask ask) (answer int64, cost time.Duration) {
	const clients = 32
	asked, failed, before := 0, 0, cpu()
	for asked == 0 || cpu()-before < outOf {
		var all sync.WaitGroup
		answers, errs := make([]int64, clients), make([]error, clients)
		for i := range clients {
			all.Go(func() { answers[i], errs[i] = ask() })
		}
		all.Wait()
		for i, err := range errs {
			if err == nil {
				asked, answer = asked+1, answers[i]
			} else if failed++; failed > clients {
				b.Fatal(err)
			}
		}
	}
	return answer, (cpu() - before) / time.Duration(asked)
}

// BenchmarkMillion seeds 10,000 and 1,000,000 claims and prints what each operation costs
// with them. It fails when one costs too much more whose answer is not larger.
func BenchmarkMillion(b *testing.B) {
	var stores []*Store
	for _, c := range compared {
		s := newStore(b)
		must(b, (&Operator{db: s.db, build: "test", now: time.Now}).SeedCrowd(b.Context(), c, func(int) {}))
		stores = append(stores, s)
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(out, "\nProcessor time of an operation, in µs, and how many claims it shows or counts: at 10,000 claims (1,000 a tenant),\n",
		"at 1,000,000 in 1,000 tenants (1,000 a tenant) and at 1,000,000 in 10 tenants (100,000 a tenant). At most ", mayCost, " times as much is allowed.\n",
		"who\twhat\tclaims\tµs\tclaims\tµs\ttimes\tclaims\tµs\ttimes\t\t\n")
	for _, q := range questions() {
		compare(b, out, q, stores)
	}
	must(b, out.Flush())
}

// compare asks each store in turns, so that what else the machine does meets all of them.
func compare(b *testing.B, out *tabwriter.Writer, q question, stores []*Store) {
	const rounds = 5
	costs, answers := make([][]time.Duration, len(stores)), make([]int64, len(stores))
	for range rounds {
		for i, s := range stores {
			ask, any := q.of(b, s)
			if !any {
				return
			}
			answer, cost := measured(b, 100*time.Millisecond, ask)
			answers[i], costs[i] = answer, append(costs[i], cost)
		}
	}
	verdict := "ok"
	fmt.Fprintf(out, "%s\t%s\t", q.who[len("home:"):], q.what)
	var base time.Duration
	for i := range stores {
		slices.Sort(costs[i])
		median := costs[i][rounds/2]
		fmt.Fprintf(out, "%d\t%.0f\t", answers[i], float64(median)/1e3)
		if i == 0 {
			base = median
			continue
		}
		times := float64(median) / float64(base)
		fmt.Fprintf(out, "%.2f\t", times)
		switch {
		case times > mayCost && answers[i] > answers[0]:
			verdict = "the answer grows"
		case times > mayCost:
			verdict = "TOO MUCH"
			b.Errorf("%s: %s costs %.1f times as much in %d claims of %d tenants", q.who, q.what, times, compared[i].Claims, compared[i].Tenants)
		}
	}
	fmt.Fprintf(out, "%s\t\n", verdict)
}
