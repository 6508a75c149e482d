package door

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"innerdoor.example/shared/audit"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/web"
)

// Get is the row, if who may do the action to it, an action that only looks.
func (d *Door[S, R]) Get(ctx context.Context, who principal.Principal, action authz.Name, id string) (Granted[R], error) {
	var found Granted[R]
	err := d.look(ctx, who, action, func(ctx context.Context, in *Inside) error {
		m, err := d.decide(ctx, in, action, id)
		if err == nil {
			d.allowed(m, http.StatusOK)
			found = Granted[R]{Row: *m.row, By: m.said.Rule()}
		}
		return err
	})
	if err != nil {
		return Granted[R]{}, err
	}
	return found, nil
}

// See decides a row inside the transaction of another door's request: the parent
// of what is asked for. Its decision is recorded with that request.
func (d *Door[S, R]) See(ctx context.Context, in *Inside, action authz.Name, id string) (R, error) {
	m, err := d.decide(ctx, in, action, id)
	if err != nil {
		var none R
		return none, err
	}
	d.allowed(m, http.StatusOK)
	return *m.row, nil
}

// Open decides an action that has no row yet, before anything else is asked or
// done for it. Only a refusal is recorded: what is done afterwards is decided
// and recorded itself.
func (d *Door[S, R]) Open(ctx context.Context, who principal.Principal, action authz.Name) error {
	return d.look(ctx, who, action, func(ctx context.Context, in *Inside) error {
		m, err := d.enter(ctx, in, action, "")
		if err == nil && !m.said.Allowed() {
			err = d.refused(m)
		}
		return err
	})
}

// Refused records that another service, asked on behalf of who, refused what the
// action needs (rule says what that is: "order-covered"). It gives the answer: 404.
// id is the other service's object.
func (d *Door[S, R]) Refused(ctx context.Context, who principal.Principal, action authz.Name, id, rule string) error {
	return d.look(ctx, who, action, func(ctx context.Context, in *Inside) error {
		m, err := d.enter(ctx, in, action, id)
		if err != nil {
			return err
		}
		m.said = authz.Decision{} // whatever the policy would say
		err = d.refused(m)
		last := in.records[len(in.records)-1]
		last.Type, last.Rule, last.Near, last.Lacks = "", rule, "", ""
		return err
	})
}

// look runs f on a snapshot, and answers when what was decided in it is recorded.
// Nothing that f found may leave if look fails.
func (d *Door[S, R]) look(ctx context.Context, who principal.Principal, action authz.Name, f func(context.Context, *Inside) error) error {
	if err := admit(who); err != nil {
		return err
	}
	in := &Inside{Who: who, At: d.Service.Now(), cause: action}
	answer := d.DB.Read(ctx, func(ctx context.Context, tx *database.Tx) error {
		in.Tx = tx
		return f(ctx, in)
	})
	if answer != nil && !decided(answer) {
		return failed(answer)
	}
	if err := audit.Append(ctx, d.DB, in.records...); err != nil {
		return failed(err)
	}
	d.explain(ctx, in)
	return failed(answer)
}

// enter loads what is known about the caller and refuses, before any row is looked
// at, who lacks the scope or may do the action to no row of a desk. What it gives
// is the matter without a row, as far as it can be decided without one.
func (d *Door[S, R]) enter(ctx context.Context, in *Inside, action authz.Name, id string) (*matter[S, R], error) {
	subject, err := d.Table.Facts(ctx, in.Tx, in.Who, in.At)
	if err != nil {
		return nil, err
	}
	m := &matter[S, R]{in: in, action: action, id: id, subject: &subject}
	m.said = d.Policy.Open(action, m.subject)
	if m.said.MissingScope() != "" || d.OpenFirst && !m.said.Allowed() {
		return nil, d.refused(m)
	}
	return m, nil
}

// decide finds the row and decides the action on it. An absent row is decided on the zero
// row, which the walls refuse: it takes the way of a hidden one.
func (d *Door[S, R]) decide(ctx context.Context, in *Inside, action authz.Name, id string) (*matter[S, R], error) {
	m, err := d.enter(ctx, in, action, id)
	if err != nil {
		return nil, err
	}
	row, _, err := d.find(ctx, in, id)
	if err != nil {
		return nil, err
	}
	return m, d.judge(m, &row)
}

// judge decides on the row; a refusal is its error.
func (d *Door[S, R]) judge(m *matter[S, R], row *R) error {
	m.row, m.said = row, d.Policy.Decide(m.action, m.subject, row)
	if !m.said.Allowed() {
		return d.refused(m)
	}
	return nil
}

func (d *Door[S, R]) find(ctx context.Context, in *Inside, id string) (row R, exists bool, err error) {
	var none R
	row, err = d.Table.Find(ctx, in.Tx, in.Who.Tenant(), id)
	if errors.Is(err, ErrAbsent) {
		return none, false, nil
	}
	if err == nil && row.Ref().ID != id {
		err = bug("asked for %s %q, the table found %q", d.Name, id, row.Ref().ID)
	}
	if err != nil {
		return none, false, err
	}
	return row, true, nil
}

// admit refuses, before anything is looked at, who has proved nothing.
func admit(who principal.Principal) error {
	if !who.Valid() || who.Anonymous() {
		return &web.Error{Kind: web.Unauthenticated, Err: errors.New("a door was asked by nobody")}
	}
	return nil
}

func decided(err error) bool {
	_, ok := errors.AsType[*refusal](err)
	return ok
}

// failed makes any error the answer. What nobody decided is a failure of the
// database: nothing was done, nothing is shown.
func failed(err error) error {
	if err == nil {
		return nil
	}
	if r, ok := errors.AsType[*refusal](err); ok {
		return r.answer
	}
	if e, ok := errors.AsType[*web.Error](err); ok {
		return e
	}
	if p, ok := errors.AsType[*database.PanicError](err); ok {
		return &web.Error{Kind: web.Internal, Err: fmt.Errorf("%w\n%s", p, p.Stack)}
	}
	return &web.Error{Kind: web.Unavailable, Err: err}
}

// bug is an error in a program that uses the door.
func bug(format string, args ...any) error {
	return &web.Error{Kind: web.Internal, Err: fmt.Errorf(format, args...)}
}
