package door

import (
	"context"
	"errors"
	"net/http"
	"time"

	"innerdoor.example/shared/audit"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/web"
)

// Change is what is to be done to one row. The row's tenant is always the
// caller's.
type Change[R any] struct {
	// Ref says which row: its ID and, if the caller insists on one (If-Match), its
	// Version, or web.AnyVersion. For Create it is zero.
	Ref authz.Ref
	// Action that must be permitted.
	Action authz.Name
	// Apply changes the copy of the row it is given for who was permitted, and raises
	// its version. For a row that is to be made, it fills the prototype, or the zero
	// row; it does so completely even when it fails, so that who may not make such
	// a row does not learn why it would not fit. Any plain error is a Conflict.
	Apply func(row *R, by principal.ID, at time.Time) error
	// Related, if set, looks in the same transaction at what the change depends on,
	// after the decision: Conflict or Unfit if it is not so. It is given the row found, or
	// the one to be made.
	Related func(ctx context.Context, tx *database.Tx, row R) error
	// Parent, if set, is decided first: a parent that the caller may not see is 404,
	// and under one that the caller may see every refusal is 403.
	Parent Parent[R]
}

// Do changes a row that exists: in one transaction it is found, decided, changed,
// decided again as changed, saved and recorded. A refusal changes nothing and is
// recorded too.
func (d *Door[S, R]) Do(ctx context.Context, who principal.Principal, c Change[R]) (Granted[R], error) {
	return d.change(ctx, who, c, func(ctx context.Context, in *Inside) (Granted[R], error) {
		m, row, exists, err := d.target(ctx, in, c)
		if err != nil {
			return Granted[R]{}, err
		}
		return d.amend(ctx, m, c, row, exists)
	})
}

// Create makes a row: the action is decided on the row that is to be made. As there
// is nothing to hide, a refusal is 403.
func (d *Door[S, R]) Create(ctx context.Context, who principal.Principal, c Change[R]) (Granted[R], error) {
	return d.change(ctx, who, c, func(ctx context.Context, in *Inside) (Granted[R], error) {
		m, row, err := d.prototype(ctx, in, c)
		if err != nil {
			return Granted[R]{}, err
		}
		return d.create(ctx, m, c, row)
	})
}

// Put is Do if the row exists and Create if it does not.
func (d *Door[S, R]) Put(ctx context.Context, who principal.Principal, c Change[R]) (Granted[R], error) {
	return d.change(ctx, who, c, func(ctx context.Context, in *Inside) (Granted[R], error) {
		m, row, exists, err := d.target(ctx, in, c)
		if err != nil {
			return Granted[R]{}, err
		}
		if !exists {
			return d.create(ctx, m, c, row)
		}
		return d.amend(ctx, m, c, row, exists)
	})
}

// Remove removes a row from a Table that is a Deleter. Apply is not called. An
// absent row is decided on the prototype, and is 404 to those who were permitted.
func (d *Door[S, R]) Remove(ctx context.Context, who principal.Principal, c Change[R]) error {
	_, err := d.change(ctx, who, c, func(ctx context.Context, in *Inside) (Granted[R], error) {
		table, ok := d.Table.(Deleter[R])
		if !ok {
			return Granted[R]{}, bug("rows of %s cannot be removed", d.Name)
		}
		m, row, exists, err := d.target(ctx, in, c)
		if err == nil {
			err = d.permit(ctx, m, c, row, exists)
		}
		if err == nil {
			err = d.fits(m, table.Delete(ctx, in.Tx, &row))
		}
		if err == nil {
			d.allowed(m, http.StatusNoContent)
		}
		return Granted[R]{}, err
	})
	return err
}

// change runs f, once, in a transaction and commits what it did together with the record
// of what was decided, or that record alone if it was refused.
func (d *Door[S, R]) change(ctx context.Context, who principal.Principal, c Change[R], f func(context.Context, *Inside) (Granted[R], error)) (Granted[R], error) {
	if err := admit(who); err != nil {
		return Granted[R]{}, err
	}
	var (
		in     *Inside
		shown  Granted[R]
		answer error
	)
	err := d.DB.Write(ctx, func(ctx context.Context, tx *database.Tx) error {
		in = &Inside{Tx: tx, Who: who, At: d.Service.Now(), cause: c.Action}
		answer = tx.Try(ctx, func() (err error) {
			shown, err = d.once(ctx, in, c, f)
			return err
		})
		if answer != nil && !decided(answer) {
			return answer
		}
		return audit.Insert(ctx, tx, in.records...)
	})
	if err != nil {
		return Granted[R]{}, failed(err)
	}
	d.explain(ctx, in)
	if answer != nil {
		return Granted[R]{}, failed(answer)
	}
	return shown, nil
}

// prototype enters and decides the parent, if there is one. It gives the row that
// is decided when there is none.
func (d *Door[S, R]) prototype(ctx context.Context, in *Inside, c Change[R]) (m *matter[S, R], row R, err error) {
	if m, err = d.enter(ctx, in, c.Action, c.Ref.ID); err == nil && c.Parent != nil {
		m.visible = true
		row, err = c.Parent(ctx, in)
	}
	return m, row, err
}

// target enters and finds the row, or its prototype.
func (d *Door[S, R]) target(ctx context.Context, in *Inside, c Change[R]) (m *matter[S, R], row R, exists bool, err error) {
	m, row, err = d.prototype(ctx, in, c)
	if err != nil {
		return nil, row, false, err
	}
	found, exists, err := d.find(ctx, in, c.Ref.ID)
	if exists {
		row = found
	}
	return m, row, exists, err
}

// permit decides the change on the row found, or on the prototype, and checks that
// the row is there in the version that the caller insists on and that what it depends on is so.
func (d *Door[S, R]) permit(ctx context.Context, m *matter[S, R], c Change[R], row R, exists bool) error {
	if err := d.judge(m, &row); err != nil {
		return err
	}
	if !exists {
		return d.misfit(m, &misfit{web.NotFound, ErrAbsent})
	}
	if v := c.Ref.Version; v != 0 && v != web.AnyVersion && v != row.Ref().Version {
		return d.fits(m, ErrStale)
	}
	if c.Related != nil {
		return d.fits(m, c.Related(ctx, m.in.Tx, row))
	}
	return nil
}

// amend changes a row that was found.
func (d *Door[S, R]) amend(ctx context.Context, m *matter[S, R], c Change[R], row R, exists bool) (Granted[R], error) {
	if err := d.permit(ctx, m, c, row, exists); err != nil {
		return Granted[R]{}, err
	}
	changed := row
	if err := d.fits(m, plain(c.Apply(&changed, m.in.Who.ID(), m.in.At))); err != nil {
		return Granted[R]{}, err
	}
	was, is := row.Ref(), changed.Ref()
	if was.ID != is.ID || was.Tenant != is.Tenant || was.Version >= is.Version {
		return Granted[R]{}, bug("%s made %s %v of %v", c.Action, d.Name, is, was)
	}
	if after := d.Policy.After(m.said, m.subject, &changed); !after.Allowed() {
		m.said, m.row = after, &changed
		return Granted[R]{}, d.refused(m)
	}
	if err := d.fits(m, d.Table.Update(ctx, m.in.Tx, &changed, was.Version)); err != nil {
		return Granted[R]{}, err
	}
	return d.shown(m, &changed, http.StatusOK), nil
}

// create makes the row, beginning with its prototype.
func (d *Door[S, R]) create(ctx context.Context, m *matter[S, R], c Change[R], row R) (Granted[R], error) {
	m.visible = true
	unfit := c.Apply(&row, m.in.Who.ID(), m.in.At)
	if m.id == "" {
		m.id = row.Ref().ID
	}
	if err := d.judge(m, &row); err != nil {
		return Granted[R]{}, err
	}
	if row.Ref().ID != m.id {
		return Granted[R]{}, bug("%s made %s %q, not %q", c.Action, d.Name, row.Ref().ID, m.id)
	}
	err := d.fits(m, plain(unfit))
	if err == nil && c.Ref.Version != 0 {
		err = d.fits(m, ErrStale) // it insists on a version of what does not exist
	}
	if err == nil && c.Related != nil {
		err = d.fits(m, c.Related(ctx, m.in.Tx, row))
	}
	if err == nil {
		err = d.fits(m, d.Table.Insert(ctx, m.in.Tx, &row))
	}
	if err != nil {
		return Granted[R]{}, err
	}
	return d.shown(m, &row, http.StatusCreated), nil
}

// shown records the change as done. Its answer is a read of the changed row: by the
// rule that permits it, or nothing.
func (d *Door[S, R]) shown(m *matter[S, R], changed *R, status int) Granted[R] {
	reading := d.Policy.Decide(d.Policy.Actions()[0], m.subject, changed)
	if !reading.Allowed() {
		d.allowed(m, http.StatusNoContent)
		return Granted[R]{}
	}
	d.allowed(m, status).Shown = reading.Rule()
	return Granted[R]{Row: *changed, By: reading.Rule()}
}

// fits passes an error on, recorded if it says that what is permitted cannot be done.
func (d *Door[S, R]) fits(m *matter[S, R], err error) error {
	if errors.Is(err, ErrStale) {
		err = &misfit{web.Stale, ErrStale}
	}
	if why, ok := errors.AsType[*misfit](err); ok {
		return d.misfit(m, why)
	}
	return err
}

// plain makes a noun's own error a conflict: Apply fails for no other reason, if it does not say so.
func plain(err error) error {
	if _, ok := errors.AsType[*misfit](err); ok || err == nil {
		return err
	}
	return Conflict(err)
}
