package door

import (
	"net/url"
	"strconv"
	"strings"

	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
)

// Place is a position in the order of lists: newest first, then by id downwards.
// A listed table or view has the columns created_at and id.
type Place struct {
	CreatedAt int64 // Unix milliseconds
	ID        string
}

// Filter narrows a list to the rows whose columns have these values, in the order in
// which the service always names them. It is made by [Given].
type Filter []term

type term struct{ column, value string }

// Given is the filter of what a client gave: columns, which are constants, and values in
// turn. An empty value does not filter.
func Given(pairs ...string) (f Filter) {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			f = append(f, term{pairs[i], pairs[i+1]})
		}
	}
	return f
}

// String is the filter as it stands in records: "status=draft&region=eu".
func (f Filter) String() string {
	var b strings.Builder
	for i, t := range f {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(t.column) + "=" + url.QueryEscape(t.value))
	}
	return b.String()
}

// Page says which rows of a list a Table is to find.
type Page struct {
	Limit  int
	After  Place // the zero Place: from the newest
	Filter Filter
}

// newestFirst is the order of lists. The limit is part of the text: SQLite plans a
// statement anew whenever the variable of a LIMIT is bound, which costs more than
// the page.
func newestFirst(limit int) string {
	return " ORDER BY created_at DESC, id DESC LIMIT " + strconv.Itoa(limit)
}

// Keyset is the statement that finds a page: for each way a SELECT that walks its
// own index, in a UNION. sel is "SELECT columns FROM table", without conditions,
// and the table or view has the columns tenant, created_at and id.
func Keyset(sel string, tenant principal.Tenant, ways []authz.SQL, p Page) (text string, args []any) {
	after := authz.SQL{}
	if p.After != (Place{}) {
		after = authz.SQL{Text: "(created_at, id) < (?, ?)", Args: []any{p.After.CreatedAt, p.After.ID}}
	}
	text, args = union(ways, func(way authz.SQL) (string, []any) {
		where, args := conditions(tenant, way, p.Filter, after)
		return "SELECT * FROM (" + sel + where + newestFirst(p.Limit) + ") AS way", args
	})
	return text + newestFirst(p.Limit), args
}

// CountSQL is the statement that counts the rows of all pages. from is the table or
// view.
func CountSQL(from string, tenant principal.Tenant, ways []authz.SQL, f Filter) (text string, args []any) {
	text, args = union(ways, func(way authz.SQL) (string, []any) {
		where, args := conditions(tenant, way, f, authz.SQL{})
		return "SELECT id FROM " + from + where, args
	})
	return "SELECT count(*) FROM (" + text + ") AS ways", args
}

// union joins the selects of the ways. No way leads to no row.
func union(ways []authz.SQL, sel func(way authz.SQL) (string, []any)) (string, []any) {
	if len(ways) == 0 {
		ways = []authz.SQL{{Text: "1 = 0"}}
	}
	var texts []string
	var all []any
	for _, way := range ways {
		text, args := sel(way)
		texts, all = append(texts, text), append(all, args...)
	}
	return strings.Join(texts, " UNION "), all
}

func conditions(tenant principal.Tenant, way authz.SQL, f Filter, after authz.SQL) (where string, args []any) {
	var b strings.Builder
	b.WriteString(" WHERE tenant = ? AND (" + way.Text + ")")
	args = append([]any{string(tenant)}, way.Args...)
	for _, t := range f {
		b.WriteString(" AND (" + t.column + " = ?)")
		args = append(args, t.value)
	}
	if after.Text != "" {
		b.WriteString(" AND " + after.Text)
		args = append(args, after.Args...)
	}
	return b.String(), args
}
