package web

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Query returns the parameters of the request's query. A name that is not among the known ones, one that is given twice
// or without a value, and a query that cannot be read are Malformed: a parameter that is silently ignored would be a
// filter that was not applied.
func Query(r *http.Request, known ...string) (map[string]string, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &Error{Kind: Malformed, Detail: "the query cannot be read", Err: err}
	}
	query := make(map[string]string, len(values))
	for name, all := range values {
		switch {
		case !slices.Contains(known, name):
			return nil, &Error{Kind: Malformed, Detail: fmt.Sprintf("the query has an unknown parameter %.60q", name)}
		case len(all) != 1 || all[0] == "":
			return nil, &Error{Kind: Malformed, Detail: fmt.Sprintf("the query must give %q once, with a value", name)}
		}
		query[name] = all[0]
	}
	return query, nil
}

// Number reads a parameter that Query returned: a positive decimal number, or 0 if it is not there. Anything else is
// Malformed.
func Number(query map[string]string, name string) (int, error) {
	text, given := query[name]
	if !given {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil || n == 0 {
		return 0, &Error{Kind: Malformed, Detail: fmt.Sprintf("%q must be a positive number", name), Err: err}
	}
	return int(n), nil
}

// Paging reads the query of a list without filters: its limit, 0 if it is not given, and its cursor.
func Paging(r *http.Request) (limit int, cursor string, err error) {
	given, err := Query(r, "limit", "cursor")
	if err != nil {
		return 0, "", err
	}
	limit, err = Number(given, "limit")
	return limit, given["cursor"], err
}

// NoBody refuses what the body of a request says that has nothing to say: Malformed, unless it is empty or "{}".
func NoBody(r *http.Request) error {
	if r.ContentLength == 0 {
		return nil
	}
	return Decode(r, &struct{}{})
}

// ETag is the strong entity tag of a row in this version (RFC 9110 §8.8.3).
func ETag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// AnyVersion is insisted on by who wants to change whatever is there, and to make nothing.
const AnyVersion int64 = math.MaxInt64

// IfMatch is the version that the request insists on (RFC 9110 §13.1.1): 0 if it does not, AnyVersion if it asks for any;
// -1, which no row has, if its tag is not one of ETag's. More than one tag is Malformed.
func IfMatch(r *http.Request) (int64, error) {
	tags := r.Header.Values("If-Match")
	switch {
	case len(tags) == 0:
		return 0, nil
	case len(tags) == 1 && tags[0] == "*":
		return AnyVersion, nil
	}
	if len(tags) > 1 || strings.Contains(tags[0], ",") {
		return 0, &Error{Kind: Malformed, Detail: "If-Match: one entity tag is understood"}
	}
	version, err := strconv.ParseInt(strings.Trim(tags[0], `"`), 10, 64)
	if err != nil || ETag(version) != tags[0] || version <= 0 {
		return -1, nil
	}
	return version, nil
}
