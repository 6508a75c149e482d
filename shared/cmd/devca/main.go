// Command devca makes the demo's trust domain: a bundle, one short-lived SPIFFE certificate for each process, and the
// key pair of Txn-Tokens. Each process needs its own directory and the two public files, nothing else.
//
//	DIR/bundle.pem DIR/txn.jwks                public, for all
//	DIR/<workload>/cert.pem DIR/<workload>/key.pem   that process's own
//	DIR/gateway/txn.key                        the gateway's own
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"innerdoor.example/shared/internal/trust"
	"innerdoor.example/shared/mtls"
	"innerdoor.example/shared/principal"
)

func main() {
	err := run(os.Args[1:], os.Stdout)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "devca:", err)
		os.Exit(1)
	}
}

type options struct {
	dir       string
	workloads []principal.Workload
	ttl       time.Duration
	force     bool
}

func run(args []string, out io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	if !o.force && o.fresh() {
		fmt.Fprintf(out, "devca: %s is good for more than %s, left alone\n", o.dir, o.ttl/2)
		return nil
	}
	if err := o.make(); err != nil {
		return err
	}
	fmt.Fprintf(out, "devca: %s made, good for %s\n", o.dir, o.ttl)
	return nil
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("devca", flag.ContinueOnError)
	flags.StringVar(&o.dir, "out", "", "directory of the trust domain (required)")
	names := flags.String("workloads", "gateway,identity,claims,orders", "who gets a certificate, comma between")
	flags.DurationVar(&o.ttl, "ttl", 24*time.Hour, "life of the certificates; they are made anew when half of it is over")
	flags.BoolVar(&o.force, "force", false, "make everything anew although it is still good")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.dir == "" || o.ttl <= 0 || flags.NArg() > 0 {
		return o, errors.New("usage: devca -out DIR [-ttl DURATION above zero] [-workloads NAMES] [-force]; devca -h explains them")
	}
	for name := range strings.SplitSeq(*names, ",") {
		if _, err := trust.ID(principal.Workload(name)); err != nil {
			return o, err
		}
		o.workloads = append(o.workloads, principal.Workload(name))
	}
	return o, nil
}

// fresh tells whether all that was asked for is there, in order, and good for another half of its life.
func (o options) fresh() bool {
	for _, w := range o.workloads {
		identity, err := mtls.Load(trust.Files(o.dir, w))
		if err != nil || identity.Workload() != w || time.Until(identity.Expires()) < o.ttl/2 {
			return false
		}
	}
	key, set := trust.TxnFiles(o.dir)
	return exists(key) && exists(set)
}

func (o options) make() error {
	authority, err := trust.New() // nobody keeps its key: to issue again is to begin anew
	if err != nil {
		return err
	}
	if err := authority.WriteBundle(o.dir); err != nil {
		return err
	}
	for _, w := range o.workloads {
		if err := authority.WriteWorkload(o.dir, w, o.ttl); err != nil {
			return err
		}
	}
	if key, set := trust.TxnFiles(o.dir); !o.force && exists(key) && exists(set) {
		return nil // certificates end, this key does not
	}
	return trust.WriteTxnKey(o.dir)
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
