package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"innerdoor.example/services/orders/internal/order"
	"innerdoor.example/services/orders/internal/store"
	"innerdoor.example/shared/ops"
	"innerdoor.example/shared/principal"
)

// seed makes what a file says and is not there yet.
func seed(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("orders seed", flag.ContinueOnError)
	name := flags.String("file", "seed.yaml", "the rows to make; see seed.yaml beside main.go")
	if err := flags.Parse(args); err != nil {
		return err
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

// staff gives a person a role.
func staff(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("orders staff", flag.ContinueOnError)
	inTenant := flags.String("tenant", "", "the tenant, such as acme")
	who := flags.String("subject", "", "the person, such as home:tom")
	as := flags.String("role", "", "the role, such as auditor")
	if err := flags.Parse(args); err != nil {
		return err
	}
	tenant, noTenant := principal.ParseTenant(*inTenant)
	subject, noSubject := principal.ParseID(*who)
	role, noRole := order.ParseRole(*as)
	if err := errors.Join(noTenant, noSubject, noRole); err != nil {
		return err
	}
	return operate(ctx, func(o *store.Operator) error {
		return o.Staff(ctx, order.Staff{Tenant: tenant, Subject: subject, Role: role})
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
