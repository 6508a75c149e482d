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
//
// The whole page is found before its first row is given, so that [database.All] can stop
// a search for it that takes too long.
func Keyset(sel string, tenant principal.Tenant, ways []authz.SQL, p Page) (text string, args []any) {
	after := authz.SQL{}
	if p.After != (Place{}) {
		after = authz.SQL{Text: "(created_at, id) < (?, ?)", Args: []any{p.After.CreatedAt, p.After.ID}}
	}
	text, args = union(ways, func(way authz.SQL) (string, []any) {
		where, args := conditions(tenant, way, p.Filter, after)
		return "SELECT * FROM (" + sel + where + newestFirst(p.Limit) + ") AS way", args
	})
	inOrder := newestFirst(p.Limit)
	return "WITH page AS MATERIALIZED (" + text + inOrder + ") SELECT * FROM page" + inOrder, args
}

// CountSQL is the statement that counts the rows of all pages. from is the table or
// view.
func CountSQL(from string, tenant principal.Tenant, ways []authz.SQL, f Filter) (text string, args []any) {
	return CountEach(func(authz.SQL) string { return from }, tenant, ways, f)
}

// CountEach is CountSQL where each way has a table or view of its own, in all of which
// the columns are the same. A row is counted by the last way that leads to it: so nothing
// is collected to tell rows apart, and each way is counted by its own index. Of a UNION,
// SQLite walks the whole tenant, in the order of ids.
func CountEach(from func(way authz.SQL) string, tenant principal.Tenant, ways []authz.SQL, f Filter) (text string, args []any) {
	text = "SELECT 0"
	for i, way := range ways {
		where, more := conditions(tenant, way, f, none(ways[i+1:]))
		text, args = text+" + (SELECT count(*) FROM "+from(way)+where+")", append(args, more...)
	}
	return text, args
}

// none holds for the rows to which no way leads; an unknown condition leads to none.
func none(ways []authz.SQL) (not authz.SQL) {
	for i, way := range ways {
		if i > 0 {
			not.Text += " AND "
		}
		not.Text, not.Args = not.Text+"("+way.Text+") IS NOT TRUE", append(not.Args, way.Args...)
	}
	return not
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

func conditions(tenant principal.Tenant, way authz.SQL, f Filter, further authz.SQL) (where string, args []any) {
	var b strings.Builder
	b.WriteString(" WHERE tenant = ? AND (" + way.Text + ")")
	args = append([]any{string(tenant)}, way.Args...)
	for _, t := range f {
		b.WriteString(" AND (" + t.column + " = ?)")
		args = append(args, t.value)
	}
	if further.Text != "" {
		b.WriteString(" AND " + further.Text)
		args = append(args, further.Args...)
	}
	return b.String(), args
}
