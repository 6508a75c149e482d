// Command mutate proves that the proof can fail: it removes one security check
// at a time and demands that a named test turns red.
//
// A mutant is a text replacement in one file, or is derived from the code: each
// rule and each condition of a policy, each predicate on the tenant, each view.
// All are given to the compiler as an overlay (cmd/go, -overlay), so the working
// tree is never touched. The tool first needs the named test to be green without
// the mutant; a mutant that does not compile, or whose text is no longer in the
// file, is an error and not a kill.
//
//	mutate [-list] [-run REGEXP] [-jobs N] FILE...
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"sync"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("mutate", flag.ContinueOnError)
	list := flags.Bool("list", false, "print the mutants and stop")
	only := flags.String("run", "", "only the mutants whose name matches this `regexp`")
	jobs := flags.Int("jobs", 2, "mutants tried at the same time")
	if err := flags.Parse(args); err != nil {
		return err
	}
	match, err := regexp.Compile(*only)
	if err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	all, err := load(flags.Args(), match)
	if err != nil {
		return err
	}
	if *list {
		for _, s := range all.suspects {
			fmt.Fprintln(out, s)
		}
		return nil
	}
	if len(all.suspects) == 0 {
		return fmt.Errorf("no mutants: nothing would be proved")
	}
	return errors.Join(all.hunt(ctx, max(*jobs, 1), out), all.clean())
}

// hunt tries all mutants and reports every one; it fails unless each is killed, or equivalent for the reason listed.
func (all hunted) hunt(ctx context.Context, jobs int, out io.Writer) error {
	start := time.Now()
	if err := green(ctx, all.texts, out); err != nil {
		return err
	}
	verdicts := make([]verdict, len(all.suspects))
	var wait sync.WaitGroup
	var print sync.Mutex
	slots := make(chan struct{}, jobs)
	for i, s := range all.suspects {
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			r := s.try(ctx)
			print.Lock()
			defer print.Unlock()
			verdicts[i] = r.verdict
			fmt.Fprintf(out, "%-10s %s\n", r.verdict, s)
			if r.verdict != killed {
				fmt.Fprintln(out, r.output)
			}
		})
	}
	wait.Wait()
	count := map[verdict]int{}
	for _, v := range verdicts {
		count[v]++
	}
	fmt.Fprintf(out, "mutants: killed %d of %d, equivalent %d, in %s\n",
		count[killed], len(verdicts), count[excused], time.Since(start).Round(time.Second))
	if missed := len(verdicts) - count[killed] - count[excused]; missed > 0 {
		return fmt.Errorf("%d of %d mutants were not killed: a check can be removed and no test notices", missed, len(verdicts))
	}
	return nil
}

func (all hunted) clean() error {
	var errs []error
	for _, g := range all.groups {
		errs = append(errs, g.clean())
	}
	return errors.Join(errs...)
}

// green runs each named test once without any mutant: a test that is red anyway
// kills everything and proves nothing.
func green(ctx context.Context, mutants []mutant, out io.Writer) error {
	seen := map[test]bool{}
	for _, m := range mutants {
		if seen[m.Test] {
			continue
		}
		seen[m.Test] = true
		if output, err := m.Test.run(ctx, ""); err != nil {
			return fmt.Errorf("%s is red without any mutant:\n%s", m.Test, output)
		} else if noTests.MatchString(output) {
			return fmt.Errorf("%s runs no test: nothing would be proved", m.Test)
		}
	}
	fmt.Fprintf(out, "%d tests, all green without mutants\n", len(seen))
	return nil
}
