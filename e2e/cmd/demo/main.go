// Command demo starts the whole system as processes of this machine, plays the
// cast's requests, and shows for each who asked, what each layer said, and by which
// rule. All that it makes is under .run.
//
//	demo [-port 8080]                  stays up until Ctrl-C; DEMO_EXIT=1 ends after the play
//	demo -token NAME [-scopes "…"]     prints an access token got by a real login at the running demo
//	demo -restart PROCESS              rebuilds one process of the running demo and restarts it
//
// In its image DEMO_ATTACH names the system of containers that it plays at instead, or
// gets a token of: it starts nothing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"innerdoor.example/e2e/harness"
)

const usage = `demo [-port 8080]                starts everything, plays the requests, stays up until Ctrl-C
demo -token NAME [-scopes "…"]   prints an access token got by a real login at the running demo
demo -restart PROCESS            rebuilds one process of the running demo and restarts it

DEMO_EXIT=1 in the environment ends it after the play; DEBUG=why logs why each decision was made.

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	signal.Ignore(syscall.SIGPIPE) // else a reader that goes away ends us, and not what we started
	err := run(ctx, os.Args[1:], output{os.Stdout, stop})
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "demo: %v\n", err)
		os.Exit(1)
	}
}

// output ends the demo in order when nobody reads it any more.
type output struct {
	*os.File
	end func()
}

func (o output) Write(b []byte) (int, error) {
	n, err := o.File.Write(b)
	if err != nil {
		o.end()
	}
	return n, err
}

// settings are the command line and the environment.
type settings struct {
	port, token, scopes, restart string
	given                        map[string]bool // the flags that were set, to nothing too
	exit                         bool
}

func parse(args []string) (settings, error) {
	s := settings{given: map[string]bool{}}
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.StringVar(&s.port, "port", "8080", "of the gateway")
	flags.StringVar(&s.token, "token", "", "print an access token of this `person` and end")
	flags.StringVar(&s.scopes, "scopes", "", "the token's scopes, with spaces between (all that the person has)")
	flags.StringVar(&s.restart, "restart", "", "rebuild and restart this `process` and end")
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	flags.Visit(func(f *flag.Flag) { s.given[f.Name] = true })
	switch os.Getenv("DEMO_EXIT") {
	case "", "0":
	case "1":
		s.exit = true
	default:
		return s, fmt.Errorf("DEMO_EXIT is 1 or nothing, not %q", os.Getenv("DEMO_EXIT"))
	}
	port, err := strconv.ParseUint(s.port, 10, 16)
	switch why := os.Getenv("DEBUG"); {
	case err != nil || port == 0:
		return s, fmt.Errorf("-port is a number from 1 to 65535, not %q", s.port)
	case why != "" && why != "why":
		return s, fmt.Errorf("DEBUG is why or nothing, not %q", why)
	case flags.NArg() > 0:
		return s, fmt.Errorf("%q is not a flag; demo -h lists them", flags.Arg(0))
	}
	return s, nil
}

func run(ctx context.Context, args []string, out io.Writer) error {
	s, err := parse(args)
	if err != nil {
		return err
	}
	if origin := os.Getenv("DEMO_ATTACH"); origin != "" {
		return attach(ctx, origin, s, out)
	}
	dir, err := repository()
	if err != nil {
		return err
	}
	home := home{root: dir, dir: filepath.Join(dir, ".run")}
	switch {
	case s.given["token"]:
		return home.token(ctx, s.token, s.scopes, out)
	case s.given["restart"]:
		return home.restart(ctx, s.restart, out)
	}
	return perform(ctx, home, s, out)
}

// perform starts the system, plays, and ends the system again.
func perform(ctx context.Context, home home, s settings, out io.Writer) (err error) {
	show := newScreen(out)
	release, err := home.claim()
	if err != nil {
		return err
	}
	defer release()
	native := home.native(show.progress)
	native.Port = s.port
	native.Revive = func(w string) {
		err := native.Ready(ctx, w)
		if err == nil {
			err = home.save(native)
		}
		if err != nil {
			show.progress("%v", err)
		}
	}
	system, err := native.Launch(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, system.Stop()) }()
	if err := home.save(native); err != nil {
		return err
	}
	show.progress("ready at %s, %.1f s after the build", system.Origin, time.Since(native.Built).Seconds())

	failed := play(ctx, system, show)
	if ctx.Err() != nil {
		return errors.New("interrupted before the play was over")
	}
	show.verdict(failed)
	show.summary(home, system.Origin)
	if s.exit {
		return failed.asError()
	}
	show.waiting()
	<-ctx.Done()
	show.progress("ending all processes")
	return nil
}

// repository is the folder above that holds go.work.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("run it inside the repository: there is no go.work in this folder or above it")
		}
	}
}

// native is the launcher of everything under the demo's folder.
func (h home) native(say func(string, ...any)) *harness.Native {
	return &harness.Native{Root: h.root, Dir: h.dir, Bin: filepath.Join(h.dir, "bin"), Say: say}
}
