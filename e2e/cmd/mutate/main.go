// Command mutate proves that the proof can fail: it removes one security check
// at a time and demands that a named test turns red.
//
// A mutant is a text replacement in one file, given to the compiler as an
// overlay (cmd/go, -overlay), so the working tree is never touched. For each
// mutant the tool first needs the named test to be green without it; a mutant
// that does not compile, or whose text is no longer in the file, is an error
// and not a kill.
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
	mutants, err := load(flags.Args(), match)
	if err != nil {
		return err
	}
	if *list {
		for _, m := range mutants {
			fmt.Fprintf(out, "%s\n\t%s, seen by %s\n", m.Name, m.place(), m.Test)
		}
		return nil
	}
	if len(mutants) == 0 {
		return fmt.Errorf("no mutants: nothing would be proved")
	}
	return hunt(ctx, mutants, max(*jobs, 1), out)
}

// hunt tries all mutants and reports every one; it fails unless each is killed.
func hunt(ctx context.Context, mutants []mutant, jobs int, out io.Writer) error {
	if err := green(ctx, mutants, out); err != nil {
		return err
	}
	start, results := time.Now(), make([]result, len(mutants))
	var wait sync.WaitGroup
	var print sync.Mutex
	slots := make(chan struct{}, jobs)
	for i, m := range mutants {
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			results[i] = m.try(ctx)
			print.Lock()
			defer print.Unlock()
			fmt.Fprintf(out, "%-9s %s  (%s)\n", results[i].verdict, m.Name, m.place())
			if results[i].verdict != killed {
				fmt.Fprintln(out, results[i].output)
			}
		})
	}
	wait.Wait()
	dead := 0
	for _, r := range results {
		if r.verdict == killed {
			dead++
		}
	}
	fmt.Fprintf(out, "mutants: killed %d/%d in %s\n", dead, len(mutants), time.Since(start).Round(time.Second))
	if dead != len(mutants) {
		return fmt.Errorf("%d of %d mutants were not killed: a check can be removed and no test notices", len(mutants)-dead, len(mutants))
	}
	return nil
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
	fmt.Fprintf(out, "%d mutants, %d tests, all green without them\n", len(mutants), len(seen))
	return nil
}
