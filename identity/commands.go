package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"innerdoor.example/identity/internal/seed"
	"innerdoor.example/identity/internal/signing"
	"innerdoor.example/identity/internal/store"
	"innerdoor.example/shared/ops"
)

//go:embed seed.yaml
var demoSeed string

// plant is the command seed.
func plant(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("identity seed", flag.ContinueOnError)
	file := flags.String("file", "", "the people and clients to make (default: the demo's)")
	out := flags.String("out", "", "where to write their secrets; what it holds of others is kept (required)")
	reset := flags.Bool("reset", false, "make those anew that exist already")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *out == "" || flags.NArg() > 0 {
		return errors.New("usage: identity seed -out FILE [-file SEED.yaml] [-reset]")
	}
	var source io.Reader = strings.NewReader(demoSeed)
	if *file != "" {
		opened, err := os.Open(*file)
		if err != nil {
			return err
		}
		defer opened.Close()
		source = opened
	}
	cast, err := seed.Read(source)
	if err != nil {
		return fmt.Errorf("seed file: %w", err)
	}
	secrets, err := seed.Load(*out)
	if err != nil {
		return err
	}
	if err := secrets.Save(*out); err != nil { // before there is a secret to lose
		return err
	}
	people, err := open(ctx)
	if err != nil {
		return err
	}
	defer people.Close()
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	added, err := cast.Plant(ctx, people, secrets, *reset)
	if added > 0 { // whatever went wrong then: these secrets are nowhere else
		err = errors.Join(err, secrets.Save(*out))
	}
	if err == nil {
		fmt.Fprintf(os.Stderr, "identity seed: %d made; who existed before keeps their secrets\n", added)
	}
	return err
}

// rotate takes effect at once: the running process reads the keys from the database.
func rotate(ctx context.Context) error {
	people, err := open(ctx)
	if err != nil {
		return err
	}
	defer people.Close()
	keys, err := signing.Open(ctx, people, time.Now())
	if err != nil {
		return err
	}
	return keys.Rotate(ctx, time.Now())
}

// open opens the database for a command that answers no requests.
func open(ctx context.Context) (*store.Store, error) {
	var s Storage
	if err := ops.Parse(&s); err != nil {
		return nil, fmt.Errorf("the settings have mistakes:\n%w", err)
	}
	return store.Open(ctx, s.DataDir)
}

func healthcheck() error {
	var s ops.Settings
	if err := ops.Parse(&s); err != nil {
		return err
	}
	return ops.Healthcheck(s)
}
