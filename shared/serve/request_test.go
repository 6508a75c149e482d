package serve

import (
	"errors"
	"net/http/httptest"
	"testing"

	"innerdoor.example/shared/web"
)

func kind(err error) web.Kind {
	if e, ok := errors.AsType[*web.Error](err); ok {
		return e.Kind
	}
	return web.Internal
}

func TestAQueryIsReadStrictly(t *testing.T) {
	for _, query := range []string{"?owner=bob", "?status=draft&status=approved", "?status=", "?limit=0", "?limit=ten", "?limit=-1", "?cursor=%zz", "?a;b", "?Status=draft"} {
		if _, err := Page(httptest.NewRequest("GET", "/claims"+query, nil), "status"); kind(err) != web.Malformed {
			t.Errorf("%s: %v, want malformed", query, err)
		}
	}
	page, err := Page(httptest.NewRequest("GET", "/claims?status=draft&limit=10&cursor=abc", nil), "status")
	if err != nil || page.Limit != 10 || page.Cursor != "abc" || len(page.Filter) != 1 || page.Filter["status"] != "draft" {
		t.Errorf("%+v, %v", page, err)
	}
	if page, err := Page(httptest.NewRequest("GET", "/claims", nil), "status"); err != nil || page.Limit != 0 || page.Cursor != "" || len(page.Filter) != 0 {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestIfMatchNamesTheVersionThatTheClientSaw(t *testing.T) {
	for given, want := range map[string]int64{`"3"`: 3, `*`: 0, `W/"3"`: noVersion, `"abc"`: noVersion, `"03"`: noVersion, `""`: noVersion} {
		r := httptest.NewRequest("PUT", "/claims/c-1", nil)
		r.Header.Set("If-Match", given)
		if got, err := IfMatch(r); err != nil || got != want {
			t.Errorf("%s: %d, %v; want %d", given, got, err, want)
		}
	}
	for _, given := range []string{`3`, `"3", "4"`, `"3`, ``} {
		r := httptest.NewRequest("PUT", "/claims/c-1", nil)
		r.Header.Set("If-Match", given)
		if _, err := IfMatch(r); kind(err) != web.Malformed {
			t.Errorf("%q: %v, want malformed", given, err)
		}
	}
	if got, err := IfMatch(httptest.NewRequest("PUT", "/claims/c-1", nil)); err != nil || got != 0 {
		t.Errorf("without If-Match: %d, %v", got, err)
	}
	if ETag(3) != `"3"` {
		t.Error(ETag(3))
	}
}
