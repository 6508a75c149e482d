package store

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"regexp"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/google/pprof/profile"
)

// parts are what an operation spends its processor time on, by a function that is under
// way meanwhile: of a stack, the innermost one counts.
var parts = []struct{ name, functions string }{
	{"facts", "store.facts.Facts"},
	{"row", "store.claims.Find store.claims.Update"},
	{"decision", "authz.(*Policy).Decide authz.(*Policy).After authz.(*Policy).Open"},
	{"evidence", "authz.(*Policy).Read"},
	{"record", "audit.Insert audit.Append database.(*job).do"}, // a job that is no function is a record
	{"snapshot", "database.(*DB).Read"},                        // its beginning and its end
	{"savepoint", "database.(*Tx).within"},
	{"commit", "database.(*DB).commit"},
}

// BenchmarkShare prints the processor time of a recorded read and of a recorded change
// when 32 ask at once, and which part of it goes where. It fails when one takes twice the
// time that it should: a machine that is busy with other things makes it longer.
func BenchmarkShare(b *testing.B) {
	s := newStore(b)
	must(b, (&Operator{db: s.db, build: "test", now: time.Now}).SeedCrowd(b.Context(), Crowd{10_000, 10, 1}, func(int) {}))
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(out, "\nProcessor time at 32 clients, and its parts in percent\n\tµs\tat most\t\t")
	for _, part := range parts {
		fmt.Fprint(out, part.name, "\t")
	}
	fmt.Fprintln(out, "rest\t")
	who := person(b, "home:customer", "t0")
	for _, op := range []struct {
		name   string
		should time.Duration
		do     operation
	}{{"recorded read", 120 * time.Microsecond, get("c-0000000")}, {"recorded change", 200 * time.Microsecond, touch("c-0000000")}} {
		cost, where := profiled(b, func() (int64, error) { return 1, op.do(b.Context(), s, who) })
		verdict := "ok"
		if cost > op.should {
			verdict = "MISSED"
		}
		if cost > 2*op.should {
			b.Errorf("a %s takes %v, and should take %v", op.name, cost, op.should)
		}
		fmt.Fprintf(out, "%s\t%.0f\t%d\t%s\t%s\n", op.name, float64(cost)/1e3, op.should.Microseconds(), verdict, where)
	}
	must(b, out.Flush())
}

// profiled is the processor time of one of 32, and the share of each part.
func profiled(b *testing.B, do ask) (cost time.Duration, where string) {
	var raw bytes.Buffer
	must(b, pprof.StartCPUProfile(&raw))
	_, cost = measured(b, 5*time.Second, do)
	pprof.StopCPUProfile()
	p, err := profile.Parse(&raw)
	must(b, err)
	all, in := int64(0), map[string]int64{}
	for _, sample := range p.Sample {
		all, in[partOf(sample)] = all+sample.Value[1], in[partOf(sample)]+sample.Value[1]
	}
	for _, part := range parts {
		where += fmt.Sprintf("%.1f\t", 100*float64(in[part.name])/float64(all))
	}
	return cost, where + fmt.Sprintf("%.1f\t", 100*float64(in["rest"])/float64(all))
}

var typeArguments = regexp.MustCompile(`\[.*\]`)

func partOf(sample *profile.Sample) string {
	for _, location := range sample.Location { // the innermost first
		for _, line := range location.Line {
			name := path.Base(typeArguments.ReplaceAllString(line.Function.Name, ""))
			for _, part := range parts {
				if slices.Contains(strings.Fields(part.functions), name) {
					return part.name
				}
			}
		}
	}
	return "rest"
}
