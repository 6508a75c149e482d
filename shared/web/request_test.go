package web

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAQueryNobodyUnderstandsIsMalformed(t *testing.T) {
	for _, raw := range []string{"tenant=globex", "status=a&status=b", "Status=a", "status=%zz", "status=a;region=b", "=x", "status="} {
		r := httptest.NewRequest("GET", "/orders?"+raw, nil)
		query, err := Query(r, "status", "region")
		if e, ok := errors.AsType[*Error](err); !ok || e.Kind != Malformed {
			t.Errorf("%s: %v, %v", raw, query, err)
		}
	}
	query, err := Query(httptest.NewRequest("GET", "/orders?status=placed", nil), "status", "region")
	if err != nil || len(query) != 1 || query["status"] != "placed" {
		t.Errorf("%v, %v", query, err)
	}
}

func TestABodyWhereNoneIsExpectedIsMalformed(t *testing.T) {
	for body, fits := range map[string]bool{"": true, "{}": true, `{"tenant":"globex"}`: false, "[]": false, "{}{}": false} {
		r := httptest.NewRequest("POST", "/orders/o-1/ship", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		if err := NoBody(r); (err == nil) != fits {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func TestANumberIsPositiveOrMalformed(t *testing.T) {
	for _, text := range []string{"", "0", "-1", "1.5", "9999999999", "0x10", " 1", "a"} {
		if n, err := Number(map[string]string{"limit": text}, "limit"); err == nil {
			t.Errorf("%q is %d", text, n)
		}
	}
	if n, err := Number(map[string]string{"limit": "20"}, "limit"); n != 20 || err != nil {
		t.Errorf("20 is %d: %v", n, err)
	}
	if n, err := Number(nil, "limit"); n != 0 || err != nil {
		t.Errorf("nothing is %d: %v", n, err)
	}
}

func TestIfMatchIsOneVersionOrMatchesNothing(t *testing.T) {
	for tag, want := range map[string]int64{`"3"`: 3, "*": AnyVersion, `W/"3"`: -1, "3": -1, `""`: -1, `"x"`: -1, `"-3"`: -1, `"03"`: -1, `"0"`: -1} {
		r := httptest.NewRequest("PUT", "/", nil)
		r.Header.Set("If-Match", tag)
		if got, err := IfMatch(r); got != want || err != nil {
			t.Errorf("%s: %d, %v", tag, got, err)
		}
	}
	r := httptest.NewRequest("PUT", "/", nil)
	if got, err := IfMatch(r); got != 0 || err != nil {
		t.Errorf("no tag: %d, %v", got, err)
	}
	r.Header.Set("If-Match", `"1", "2"`)
	if got, err := IfMatch(r); err == nil {
		t.Errorf("two tags: %d", got)
	}
	if ETag(3) != `"3"` {
		t.Error(ETag(3))
	}
}
