// Command gateway is the front door: it decides whether a request may enter, and
// stamps who is asking. Whether the request may succeed is decided beside the data.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"innerdoor.example/gateway/internal/authn"
	"innerdoor.example/gateway/internal/edge"
	"innerdoor.example/gateway/internal/forward"
	"innerdoor.example/gateway/internal/route"
	"innerdoor.example/shared/mtls"
	"innerdoor.example/shared/ops"
	"innerdoor.example/shared/principal"
)

const usage = `usage: gateway [command]; its settings come from the environment, config.go lists them

  serve         authenticate, limit, stamp and forward (the default)
  healthcheck   ask the running process whether it is ready
  routes        print every public route: method, path, auth, upstream
  check FILE…   check routes.yaml and issuers.yaml files without starting; what they
                name as ${NAME} must be in the environment
`

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "gateway: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 && args[0] == "check" {
		return check(args[1:], out)
	}
	switch command := strings.Join(args, " "); command {
	case "", "serve":
		return serve(ctx)
	case "healthcheck":
		return healthcheck()
	case "routes":
		return routes(out)
	case "-h", "-help", "--help", "help":
		_, err := io.WriteString(out, usage)
		return err
	default:
		return fmt.Errorf("there is no command %q\n\n%s", command, usage)
	}
}

func serve(ctx context.Context) error {
	var s settings
	if err := ops.Parse(&s); err != nil {
		return fmt.Errorf("the settings have mistakes:\n%w", err)
	}
	identity, err1 := mtls.Load(s.Workload)
	signer, err2 := principal.LoadSigner(s.TxnKey)
	table, err3 := s.routes()
	issuers, err4 := s.issuers()
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	log, registry := ops.Logger("gateway", s.Ops), ops.NewRegistry()

	bearer, err := authn.NewBearer(issuers, keysClient(identity), log, registry)
	if err != nil {
		return err
	}
	handler, err := edge.New(edge.Config{
		PublicURL:      &s.PublicURL,
		Trusted:        s.Trusted,
		Routes:         table,
		Authenticators: map[route.Auth]authn.Authenticator{route.None: authn.Anonymous, route.Bearer: bearer.Authenticate},
		Issuers:        bearer.Issuers(),
		Signer:         signer,
		Forwarder:      forward.New(s.reach(identity), log),
		Log:            log,
		Metrics:        registry,
	})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go bearer.Run(ctx)
	return ops.Run(ctx, ops.Process{
		Settings: s.Ops,
		Log:      log,
		Inner:    ops.Listener{Addr: s.Addr, Handler: handler},
		Ready:    func(context.Context) error { return bearer.Ready() },
		Registry: registry,
	})
}

// reach is how the services are reached: over mutual TLS, and each must be the one
// that is meant.
func (s *settings) reach(identity *mtls.Identity) map[string]forward.Upstream {
	upstreams := map[string]forward.Upstream{}
	for name, u := range s.upstreams() {
		upstreams[name] = forward.Upstream{URL: u, Transport: identity.Transport(principal.Workload(name))}
	}
	return upstreams
}

// keysClient returns what an issuer's keys are fetched with: mutual TLS for a
// workload of ours, the system's authorities for the others, and no redirects.
func keysClient(identity *mtls.Identity) func(authn.Issuer) *http.Client {
	return func(i authn.Issuer) *http.Client {
		transport := &http.Transport{TLSHandshakeTimeout: 2 * time.Second, MaxResponseHeaderBytes: 16 << 10, ForceAttemptHTTP2: true}
		if i.KeysPeer != "" {
			transport = identity.Transport(principal.Workload(i.KeysPeer))
		}
		return &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
}
