package door

import (
	"context"

	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
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
	panic("not yet")
}

// Count is how many rows List would give on all pages. Limit and Cursor are not
// looked at.
func (d *Door[S, R]) Count(ctx context.Context, who principal.Principal, action authz.Name, q Query[R]) (int64, error) {
	panic("not yet")
}
