package serve

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"innerdoor.example/shared/web"
)

// Query reads the request's query strictly: each parameter is one of names, is
// given once and is not empty; else it is Malformed.
func Query(r *http.Request, names ...string) (map[string]string, error) {
	given, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &web.Error{Kind: web.Malformed, Detail: "the query cannot be read", Err: err}
	}
	values := make(map[string]string, len(given))
	for name, all := range given {
		switch {
		case !slices.Contains(names, name):
			return nil, malformed("there is no parameter %.60q", name)
		case len(all) != 1 || all[0] == "":
			return nil, malformed("the parameter %s must be given once, with a value", name)
		}
		values[name] = all[0]
	}
	return values, nil
}

// PageQuery is what a client says about a page of a list.
type PageQuery struct {
	Limit  int    // 0: not given
	Cursor string // empty: the first page
	Filter map[string]string
}

// Page reads the query of a list: limit, cursor, and the filters that it knows. The
// door checks limit and cursor further.
func Page(r *http.Request, filters ...string) (PageQuery, error) {
	values, err := Query(r, slices.Concat(filters, []string{"limit", "cursor"})...)
	if err != nil {
		return PageQuery{}, err
	}
	page := PageQuery{Cursor: values["cursor"], Filter: values}
	if limit, ok := values["limit"]; ok {
		if page.Limit, err = strconv.Atoi(limit); err != nil || page.Limit < 1 {
			return PageQuery{}, malformed("limit must be a whole number above 0")
		}
	}
	delete(values, "limit")
	delete(values, "cursor")
	return page, nil
}

// noVersion is a version that no row has.
const noVersion = -1

// IfMatch is the version that the client insists on (RFC 9110 §13.1.1): 0 if on
// none, and one that no row has if the tag was never one of [ETag]'s. A list of
// tags is Malformed.
func IfMatch(r *http.Request) (int64, error) {
	given := r.Header.Values("If-Match")
	if len(given) == 0 || len(given) == 1 && given[0] == "*" {
		return 0, nil
	}
	tag, quoted := strings.CutPrefix(strings.TrimPrefix(given[0], "W/"), `"`)
	tag, closed := strings.CutSuffix(tag, `"`)
	if len(given) > 1 || !quoted || !closed || strings.Contains(tag, `"`) {
		return 0, malformed("If-Match takes one entity tag or *")
	}
	version, err := strconv.ParseInt(tag, 10, 64)
	if err != nil || given[0] != ETag(version) { // a weak tag never matches
		return noVersion, nil
	}
	return version, nil
}

// ETag is the entity tag of a row's version (RFC 9110 §8.8.3).
func ETag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

func malformed(format string, args ...any) error {
	return &web.Error{Kind: web.Malformed, Detail: fmt.Sprintf(format, args...)}
}
