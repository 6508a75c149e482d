package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/services/claims/internal/store"
	"innerdoor.example/shared/ops"
	"innerdoor.example/shared/principal"
)

// seed makes what a file says and is not there yet, or a crowd.
func seed(ctx context.Context, args []string) error {
	var crowd store.Crowd
	flags := flag.NewFlagSet("claims seed", flag.ContinueOnError)
	name := flags.String("file", "seed.yaml", "the rows to make; see seed.yaml beside main.go")
	flags.IntVar(&crowd.Claims, "random", 0, "make so many random claims instead, to see how the service behaves with them")
	flags.IntVar(&crowd.Tenants, "tenants", 10, "in so many tenants t0, t1, …; those that have claims stay as they are")
	flags.Uint64Var(&crowd.Seed, "random-seed", 1, "the same seed makes the same claims")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if crowd.Claims != 0 {
		return operate(ctx, func(o *store.Operator) error { return o.SeedCrowd(ctx, crowd, progress(crowd.Claims)) })
	}
	file, err := os.ReadFile(*name)
	if err != nil {
		return err
	}
	return operate(ctx, func(o *store.Operator) error {
		made, err := o.Seed(ctx, file)
		if err != nil {
			return fmt.Errorf("%s: %w", *name, err)
		}
		fmt.Printf("%d rows made\n", made)
		return nil
	})
}

// progress says how far a crowd has come, once a second and at the end.
func progress(of int) func(made int) {
	var said time.Time
	return func(made int) {
		if made == of || time.Since(said) > time.Second {
			said = time.Now()
			fmt.Fprintf(os.Stderr, "%d of %d claims are there\n", made, of)
		}
	}
}

// staff gives a person a role.
func staff(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("claims staff", flag.ContinueOnError)
	inTenant := flags.String("tenant", "", "the tenant, such as acme")
	who := flags.String("subject", "", "the person, such as home:tom")
	as := flags.String("role", "", "the role, such as auditor")
	if err := flags.Parse(args); err != nil {
		return err
	}
	tenant, noTenant := principal.ParseTenant(*inTenant)
	subject, noSubject := principal.ParseID(*who)
	role, noRole := claim.ParseRole(*as)
	if err := errors.Join(noTenant, noSubject, noRole); err != nil {
		return err
	}
	return operate(ctx, func(o *store.Operator) error {
		return o.Staff(ctx, claim.Staff{Tenant: tenant, Subject: subject, Role: role})
	})
}

// operate opens the database for one sub-command.
func operate(ctx context.Context, do func(*store.Operator) error) error {
	var where data
	if err := ops.Parse(&where); err != nil {
		return fmt.Errorf("the settings have mistakes:\n%w", err)
	}
	operator, err := store.Operate(ctx, where.Dir, ops.Build(), time.Now)
	if err != nil {
		return err
	}
	return errors.Join(do(operator), operator.Close())
}
