package door

import (
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
)

// Place is a position in the order of lists: newest first, then by id downwards.
// A listed table or view has the columns created_at and id.
type Place struct {
	CreatedAt int64 // Unix milliseconds
	ID        string
}

// Term narrows a list to the rows for which SQL holds, a constant text with one
// placeholder "?" for Value. Records and cursors know it as Name and Value.
type Term struct {
	Name  string
	SQL   string
	Value string
}

// Equal is the term that a column has this value. column is a constant.
func Equal(column, value string) Term { return Term{Name: column, SQL: column + " = ?", Value: value} }

// Filter is terms that must all hold, in the order in which the service always
// names them.
type Filter []Term

// Page says which rows of a list a Table is to find.
type Page struct {
	Limit  int
	After  Place // the zero Place: from the newest
	Filter Filter
}

// Keyset is the statement that finds a page: for each way a SELECT that walks its
// own index, in a UNION. sel is "SELECT columns FROM table", without conditions,
// and the table or view has the columns tenant, created_at and id.
func Keyset(sel string, tenant principal.Tenant, ways []authz.SQL, p Page) (text string, args []any) {
	panic("not yet")
}

// CountSQL is the statement that counts the rows of all pages. from is the table or
// view.
func CountSQL(from string, tenant principal.Tenant, ways []authz.SQL, f Filter) (text string, args []any) {
	panic("not yet")
}
