package web_test

import (
	stdjson "encoding/json"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"innerdoor.example/shared/web"
)

// Whatever is sent, the strict decoder refuses it as the client's mistake, or understands it as another decoder does.
func FuzzDecode(f *testing.F) {
	for _, body := range []string{good, `{"free":{"n":9007199254740993}}`, `{}`, `[]`, `{"a":1}`, `{"a":1,"a":2}`, `{"a":1} x`, `"a"`, `{"a":9007199254740992}`, "{\"a\":\"\x00\"}",
		"{\"a\":\"\xff\"}", `{"a":"\ud800"}`, strings.Repeat("[", 40) + strings.Repeat("]", 40), `{"A":1}`, `{"a":1e999}`, "\xef\xbb\xbf{}"} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		var got, other any
		var typed order
		err := web.Decode(post(body), &got)
		if web.Decode(post(body), &typed) == nil && err != nil {
			t.Fatalf("%q is read into fields although it is refused: %v", body, err)
		}
		if err != nil {
			e, ok := errors.AsType[*web.Error](err)
			if !ok || e.Kind != web.Malformed && e.Kind != web.TooLarge || e.Detail == "" || e.Err != nil && e.Kind == web.Malformed {
				t.Fatalf("%q is answered %v", body, err)
			}
			return
		}
		if err := stdjson.Unmarshal([]byte(body), &other); err != nil || !reflect.DeepEqual(got, other) || !utf8.ValidString(body) || len(body) > web.MaxBody {
			t.Fatalf("%q is read as %v, and by another decoder as %v (%v)", body, got, other, err)
		}
		switch got.(type) {
		case map[string]any, []any:
		default:
			t.Fatalf("%q is read as a %T", body, got)
		}
	})
}

// Whatever query is sent, it is refused as the client's mistake, or each parameter that is in it is used, once.
func FuzzQuery(f *testing.F) {
	for _, query := range []string{"", "limit=5", "limit=0", "limit=+5", "limit=5&limit=6", "limit=", "limit", "status=draft&cursor=x", "tenant=globex",
		"limit=5;status=x", "limit=%35", "%6cimit=5", "limit=99999999999", "a=%zz", "limit=%00", "limit=0x5", "LIMIT=5"} {
		f.Add(query)
	}
	names := []string{"limit", "cursor", "status"}
	f.Fuzz(func(t *testing.T, query string) {
		r := &http.Request{URL: &url.URL{RawQuery: query}}
		given, err := web.Query(r, names...)
		n := 0
		if err == nil {
			n, err = web.Number(given, "limit")
		}
		if err != nil {
			if e, ok := errors.AsType[*web.Error](err); !ok || e.Kind != web.Malformed || e.Detail == "" {
				t.Fatalf("%q is answered %v", query, err)
			}
			return
		}
		all, err := url.ParseQuery(query)
		if err != nil || len(all) != len(given) {
			t.Fatalf("%q is read as %q, but it is %q (%v)", query, given, all, err)
		}
		for name, value := range given {
			if len(all[name]) != 1 || all[name][0] != value || value == "" {
				t.Fatalf("%q gives %q as %q", query, name, value)
			}
		}
		if _, limited := given["limit"]; limited != (n > 0) {
			t.Fatalf("%q is limited to %d", query, n)
		}
	})
}
