package door

import (
	"context"
	"fmt"
	"net/http"

	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/web"
)

// The number of rows on a page: if the caller does not say, and at most.
const (
	DefaultLimit = 50
	MaxLimit     = 200
)

// Query asks for a page of rows, newest first.
type Query[R any] struct {
	Limit  int    // 0: DefaultLimit
	Cursor string // Listed.Next of the page before
	Filter Filter
	Parent Parent[R] // if set, the parent whose children are listed; Filter must name it
}

// Listed is a page. Next is the cursor of the page after it, or empty: sealed, and
// good only for the same person, action and filter.
type Listed[R any] struct {
	Rows []Granted[R]
	Next string
}

// List is the page of those rows to which who may do the action, one that only
// looks. Who may do it to no row is refused.
func (d *Door[S, R]) List(ctx context.Context, who principal.Principal, action authz.Name, q Query[R]) (Listed[R], error) {
	holder := d.holder(who, action, q.Filter)
	page, err := d.page(q, holder)
	if err != nil {
		return Listed[R]{}, err
	}
	var listed Listed[R]
	err = d.look(ctx, who, action, func(ctx context.Context, in *Inside) error {
		m, err := d.enterList(ctx, in, action, q)
		if err != nil {
			return err
		}
		var after Place
		if listed.Rows, after, err = d.next(ctx, m, page); err != nil {
			return err
		}
		if after != (Place{}) {
			listed.Next = d.Service.Cursors.sealed(after, holder)
		}
		return nil
	})
	if err != nil {
		return Listed[R]{}, err
	}
	return listed, nil
}

// next is the page, decided and recorded, and the place after which there is another one.
func (d *Door[S, R]) next(ctx context.Context, m *matter[S, R], page Page) (shown []Granted[R], after Place, err error) {
	var rows []R
	if ways := d.Policy.Ways(m.action, m.subject, authz.SQLite); len(ways) > 0 {
		more := page
		more.Limit++ // shows whether there is a page after this one
		if rows, err = d.Table.Page(ctx, m.in.Tx, m.in.Who.Tenant(), ways, more); err != nil {
			return nil, Place{}, err
		}
	}
	if len(rows) > page.Limit {
		rows = rows[:page.Limit]
		after = d.Table.Place(&rows[page.Limit-1])
	}
	shown = d.granted(ctx, m, rows)
	r := d.allowed(m, http.StatusOK)
	r.Filter = page.Filter.String()
	pageOf(r, shown)
	return shown, after, nil
}

// Count is how many rows List would give on all pages. Limit and Cursor are not
// looked at.
func (d *Door[S, R]) Count(ctx context.Context, who principal.Principal, action authz.Name, q Query[R]) (int64, error) {
	var count int64
	err := d.look(ctx, who, action, func(ctx context.Context, in *Inside) error {
		m, err := d.enterList(ctx, in, action, q)
		if err != nil {
			return err
		}
		if ways := d.Policy.Ways(action, m.subject, authz.SQLite); len(ways) > 0 {
			if count, err = d.Table.Count(ctx, in.Tx, who.Tenant(), ways, q.Filter); err != nil {
				return err
			}
		}
		r := d.allowed(m, http.StatusOK)
		r.Filter, r.Count = q.Filter.String(), count
		return nil
	})
	if err != nil {
		return 0, err
	}
	return count, nil
}

// enterList decides whether there may be anything on the list: on the prototype of a
// parent's child, or else on no row.
func (d *Door[S, R]) enterList(ctx context.Context, in *Inside, action authz.Name, q Query[R]) (*matter[S, R], error) {
	m, err := d.enter(ctx, in, action, "")
	if err != nil {
		return nil, err
	}
	if q.Parent != nil {
		m.visible = true
		child, err := q.Parent(ctx, in)
		if err != nil {
			return nil, err
		}
		return m, d.judge(m, &child)
	}
	if !m.said.Allowed() {
		return nil, d.refused(m)
	}
	return m, nil
}

// granted decides every row again on its way out. If SQL and the policy should ever
// differ, that costs a row and raises an alarm, and shows nobody anything.
func (d *Door[S, R]) granted(ctx context.Context, m *matter[S, R], rows []R) []Granted[R] {
	out := make([]Granted[R], 0, len(rows))
	for i := range rows {
		said := d.Policy.Decide(m.action, m.subject, &rows[i])
		if !said.Allowed() {
			d.Service.Drift(m.action)
			d.Service.Log.ErrorContext(ctx, "a list found a row that the policy does not allow: it is left out",
				"action", m.action, "type", d.Name, "object", rows[i].Ref().ID, "txn", m.in.Who.Txn())
			continue
		}
		out = append(out, Granted[R]{Row: rows[i], By: said.Rule()})
	}
	return out
}

func (d *Door[S, R]) page(q Query[R], holder string) (Page, error) {
	p := Page{Limit: q.Limit, Filter: q.Filter}
	if p.Limit == 0 {
		p.Limit = DefaultLimit
	}
	if p.Limit < 1 || p.Limit > MaxLimit {
		return Page{}, &web.Error{Kind: web.Malformed, Detail: fmt.Sprintf("limit must be 1 to %d", MaxLimit)}
	}
	if q.Cursor == "" {
		return p, nil
	}
	after, err := d.Service.Cursors.opened(q.Cursor, holder)
	if err != nil {
		return Page{}, &web.Error{Kind: web.Malformed, Detail: "the cursor is not one of this list", Err: err}
	}
	p.After = after
	return p, nil
}

// holder is for whom and for which list a cursor is good.
func (d *Door[S, R]) holder(who principal.Principal, action authz.Name, f Filter) string {
	return bound(string(who.Tenant()), string(who.ID()), d.Service.Name, d.Name, string(action), f.String())
}
