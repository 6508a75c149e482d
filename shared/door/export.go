package door

import (
	"context"
	"iter"
	"net/http"

	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
)

// exportChunk is how many rows an export looks at, records and hands on at a time. It bounds the memory that an export
// needs, and how long it keeps a snapshot.
const exportChunk = 500

// Export is every row that who may read, newest first, for somebody who may do the action, such as exporting, which has
// no row of its own. It comes in chunks. Each is decided like a page of its own when it is asked for, the action as well
// as every row, and is recorded before it is handed on; between two chunks there is no transaction. So whoever loses the
// right on the way gets no further chunk, and a row that changes meanwhile is shown as it was in its chunk.
//
// An error is the last that comes; the refusal of the action itself is the first.
func (d *Door[S, R]) Export(ctx context.Context, who principal.Principal, action authz.Name, f Filter) iter.Seq2[[]Granted[R], error] {
	return func(yield func([]Granted[R], error) bool) {
		page := Page{Limit: exportChunk, Filter: f}
		for {
			rows, after, err := d.chunk(ctx, who, action, page)
			if !yield(rows, err) || err != nil || after == (Place{}) {
				return
			}
			page.After = after
		}
	}
}

func (d *Door[S, R]) chunk(ctx context.Context, who principal.Principal, action authz.Name, page Page) (rows []Granted[R], after Place, err error) {
	err = d.look(ctx, who, action, func(ctx context.Context, in *Inside) error {
		m, err := d.enter(ctx, in, action, "")
		if err == nil && !m.said.Allowed() {
			err = d.refused(m)
		}
		if err != nil {
			return err
		}
		d.allowed(m, http.StatusOK).Filter = page.Filter.String()
		m, err = d.enterList(ctx, in, d.Policy.Actions()[0], Query[R]{})
		if err == nil {
			rows, after, err = d.next(ctx, m, page)
		}
		return err
	})
	if err != nil {
		return nil, Place{}, err
	}
	return rows, after, nil
}
