// Claims is the service that owns every tenant's claims. It decides, beside them, who may do what with them.
package main

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"innerdoor.example/services/claims/internal/api"
	"innerdoor.example/services/claims/internal/ordersclient"
	"innerdoor.example/services/claims/internal/store"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/mtls"
	"innerdoor.example/shared/ops"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/serve"
)

//go:embed openapi.yaml
var document []byte

const usage = `usage: claims [command]; its settings come from the environment, config.go lists them

  serve                                        answer requests (the default)
  healthcheck                                  ask the running process whether it is ready
  routes                                       print every operation: method, path, action, who may call
  policy                                       print who may do what, as docs/authorization.md has it
  seed -file FILE                              make what the file says and is not there yet
  seed -random N -tenants T -random-seed S     make N random claims in T tenants, the same for the same seed
  staff -tenant T -subject ID -role ROLE       give a person a role, such as the first admin`

func main() {
	flag.Usage = func() { fmt.Fprintln(os.Stderr, usage) }
	flag.Parse()
	if err := run(context.Background(), flag.Arg(0), flag.Args()[min(1, flag.NArg()):]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "claims: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, command string, args []string) error {
	switch cmp.Or(command, "serve") {
	case "serve":
		return listen(ctx)
	case "healthcheck":
		var settings ops.Settings
		if err := ops.Parse(&settings); err != nil {
			return err
		}
		return ops.Healthcheck(settings)
	case "routes":
		serve.Print(os.Stdout, (&api.API{Document: document}).Routes())
		return nil
	case "policy":
		_, err := fmt.Print(store.Policies)
		return err
	case "seed":
		return seed(ctx, args)
	case "staff":
		return staff(ctx, args)
	case "help":
		fmt.Println(usage)
		return nil
	}
	return fmt.Errorf("there is no command %q\n\n%s", command, usage)
}

func listen(ctx context.Context) error {
	var c config
	if err := ops.Parse(&c); err != nil {
		return fmt.Errorf("the settings have mistakes:\n%w", err)
	}
	log := ops.Logger(store.Name, c.Ops)
	registry := ops.NewRegistry()
	drift := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "policy_drift_total", Help: "Rows that SQL let through and the policy did not; the log names them. Never above 0.",
	})
	registry.MustRegister(drift)

	identity, noIdentity := mtls.Load(c.TLS)
	verifier, noVerifier := principal.LoadVerifier(c.Keys)
	cursors, noCursors := door.LoadCursors(c.cursorKey())
	if err := errors.Join(noIdentity, noVerifier, noCursors); err != nil {
		return err
	}
	st, err := store.Open(ctx, c.Data.Dir, &door.Service{
		Name: store.Name, Build: ops.Build(), Now: time.Now, ACR: c.StepUpACR, Cursors: cursors, Log: log,
		Drift: func(authz.Name) { drift.Inc() },
	}, ordersclient.New(c.Orders, identity.Transport(ordersclient.Orders)))
	if err != nil {
		return err
	}
	defer st.Close()

	routes := (&api.API{Store: st, Document: document}).Routes()
	if err := serve.Check(routes, store.Policies.Knows); err != nil {
		return err
	}
	handler, err := serve.New(routes, serve.Config{Verifier: verifier, Peer: mtls.Peer, Now: time.Now, Log: log})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go st.Retain(ctx, c.Retention)
	return ops.Run(ctx, ops.Process{
		Settings: c.Ops, Log: log, Registry: registry, Ready: st.Ready,
		Inner: ops.Listener{Addr: c.Inner, TLS: identity.Server(), Handler: handler},
	})
}
