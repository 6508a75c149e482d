// Identity says who is who: a small OpenID provider. Any other issuer can take its
// place; the gateway's settings say which ones it trusts.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"innerdoor.example/identity/internal/account"
	"innerdoor.example/identity/internal/oidc"
	"innerdoor.example/identity/internal/signing"
	"innerdoor.example/identity/internal/store"
	"innerdoor.example/shared/mtls"
	"innerdoor.example/shared/ops"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/serve"
)

const usage = `usage: identity [command]; its settings come from the environment, config.go lists them

  serve         answer requests (the default)
  seed          make people and clients: identity seed -h
  rotate        sign with the next key from now on
  healthcheck   ask the running process whether it is ready
  routes        print every route, its callers and what it asks for
`

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "identity: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == "seed" {
		return plant(ctx, args[1:])
	}
	switch command := strings.Join(args, " "); command {
	case "", "serve":
		return serveRequests(ctx)
	case "rotate":
		return rotate(ctx)
	case "healthcheck":
		return healthcheck()
	case "routes":
		serve.Print(os.Stdout, new(oidc.Provider).Routes())
		return nil
	case "-h", "-help", "--help", "help":
		fmt.Print(usage)
		return nil
	default:
		return fmt.Errorf("there is no command %q\n\n%s", command, usage)
	}
}

func serveRequests(ctx context.Context) error {
	var s settings
	if err := ops.Parse(&s); err != nil {
		return fmt.Errorf("the settings have mistakes:\n%w", err)
	}
	log := ops.Logger("identity", s.Ops)
	workload, err := mtls.Load(s.MTLS)
	if err != nil {
		return err
	}
	people, err := store.Open(ctx, s.DataDir)
	if err != nil {
		return err
	}
	defer people.Close()
	handler, err := newHandler(ctx, s, people, log)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go sweep(ctx, people, log)
	return ops.Run(ctx, ops.Process{
		Settings: s.Ops, Log: log, Ready: people.Ready, Registry: ops.NewRegistry(),
		Inner: ops.Listener{Addr: s.InnerAddr, TLS: workload.Server(), Handler: handler},
	})
}

func newHandler(ctx context.Context, s settings, people *store.Store, log *slog.Logger) (http.Handler, error) {
	verifier, err := principal.LoadVerifier(s.TxnKeys)
	if err != nil {
		return nil, err
	}
	issuer, err := oidc.ParseIssuer(s.Issuer)
	if err != nil {
		return nil, err
	}
	keys, err := signing.Open(ctx, people, time.Now())
	if err != nil {
		return nil, err
	}
	provider, err := oidc.New(oidc.Config{
		Issuer: issuer, Audience: s.Audience, Store: people, Keys: keys,
		Accounts: account.New(people, time.Now), Now: time.Now,
	})
	if err != nil {
		return nil, err
	}
	return serve.New(provider.Routes(), serve.Config{Verifier: verifier, Peer: mtls.Peer, Now: time.Now, Log: log})
}

// sweep deletes once a minute what has expired.
func sweep(ctx context.Context, people *store.Store, log *slog.Logger) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if err := people.Sweep(ctx, now); err != nil {
				log.Error("what has expired could not be deleted", "error", err)
			}
		}
	}
}
