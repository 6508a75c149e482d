package web_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"innerdoor.example/shared/web"
)

// written is what a client gets for a reply or an error in transaction txn-1.
func written(reply web.Reply, err error) (int, *httptest.ResponseRecorder) {
	w := httptest.NewRecorder()
	w.Header().Set(web.TxnHeader, "txn-1")
	status := web.Write(w, httptest.NewRequest(http.MethodGet, "/orders/1", nil), reply, err)
	return status, w
}

func TestEveryKindHasItsAnswer(t *testing.T) {
	const challenge, wait = "WWW-Authenticate", "Retry-After"
	for _, c := range []struct {
		err    web.Error
		status int
		name   string
		header map[string]string // "" means absent
	}{
		{web.Error{}, 500, "internal", map[string]string{challenge: "", wait: ""}},
		{web.Error{Kind: web.Malformed}, 400, "malformed", nil},
		{web.Error{Kind: web.Unauthenticated}, 401, "unauthenticated", map[string]string{challenge: "Bearer"}},
		{web.Error{Kind: web.StepUp, ACR: "urn:innerdoor:acr:mfa"}, 401, "step-up", map[string]string{
			challenge: `Bearer error="insufficient_user_authentication", acr_values="urn:innerdoor:acr:mfa"`}},
		{web.Error{Kind: web.Scope, Scope: "claims:decide"}, 403, "insufficient-scope", map[string]string{
			challenge: `Bearer error="insufficient_scope", scope="claims:decide"`}},
		{web.Error{Kind: web.Forbidden}, 403, "forbidden", map[string]string{challenge: ""}},
		{web.Error{Kind: web.NotFound}, 404, "not-found", nil},
		{web.Error{Kind: web.Method, Header: http.Header{"Allow": {"GET"}}}, 405, "method", map[string]string{"Allow": "GET"}},
		{web.Error{Kind: web.Conflict}, 409, "conflict", nil},
		{web.Error{Kind: web.Stale}, 412, "stale", nil},
		{web.Error{Kind: web.TooLarge}, 413, "too-large", nil},
		{web.Error{Kind: web.UnsupportedMedia}, 415, "unsupported-media", nil},
		{web.Error{Kind: web.Misdirected}, 421, "misdirected", nil},
		{web.Error{Kind: web.Unprocessable}, 422, "unprocessable", nil},
		{web.Error{Kind: web.TooMany}, 429, "too-many", map[string]string{wait: "1"}},
		{web.Error{Kind: web.HeaderTooLarge}, 431, "header-too-large", nil},
		{web.Error{Kind: web.BadGateway}, 502, "bad-gateway", map[string]string{wait: ""}},
		{web.Error{Kind: web.Unavailable}, 503, "unavailable", map[string]string{wait: "1"}},
		{web.Error{Kind: web.Unavailable, RetryAfter: 1500 * time.Millisecond}, 503, "unavailable", map[string]string{wait: "2"}},
		{web.Error{Kind: web.Unavailable, RetryAfter: -time.Hour}, 503, "unavailable", map[string]string{wait: "1"}},
		{web.Error{Kind: web.Timeout}, 504, "timeout", nil},
		{web.Error{Kind: web.Timeout + 1}, 500, "internal", nil},
		{web.Error{Kind: 255}, 500, "internal", nil},
	} {
		status, w := written(web.Reply{}, fmt.Errorf("wrapped: %w", &c.err))
		if status != c.status || w.Code != c.status || c.err.Kind.Status() != c.status || c.err.Kind.String() != c.name {
			t.Errorf("kind %d: %d %s, want %d %s", c.err.Kind, w.Code, c.err.Kind, c.status, c.name)
		}
		for name, want := range c.header {
			if got := w.Header().Get(name); got != want {
				t.Errorf("kind %s: %s is %q, want %q", c.name, name, got, want)
			}
		}
		checkProblem(t, w, c.status, c.name)
	}
}

// checkProblem reads the body as RFC 9457 has it, and nothing more.
func checkProblem(t *testing.T, w *httptest.ResponseRecorder, status int, name string) {
	t.Helper()
	var body map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	title, _ := body["title"].(string)
	want := map[string]any{
		"type": "https://innerdoor.example/problems/" + name, "title": title, "status": float64(status), "txn": "txn-1",
	}
	if title == "" || fmt.Sprint(body) != fmt.Sprint(want) {
		t.Errorf("%s: the body is %s", name, w.Body)
	}
	for header, want := range map[string]string{
		"Content-Type": "application/problem+json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		"Content-Length": fmt.Sprint(w.Body.Len()), web.TxnHeader: "txn-1",
	} {
		if got := w.Header().Get(header); got != want {
			t.Errorf("%s: %s is %q, want %q", name, header, got, want)
		}
	}
}

func TestTheClientReadsDetailAndDecisionAndNeverTheCause(t *testing.T) {
	cause := errors.New("SQL logic error near SECRET")
	refusal := &web.Error{Kind: web.Forbidden, Detail: "not within your limit", Decision: "d-1", Err: cause}
	_, w := written(web.Reply{Body: "SECRET"}, refusal)
	if body := w.Body.String(); strings.Contains(body, "SECRET") ||
		!strings.Contains(body, `"detail":"not within your limit"`) || !strings.Contains(body, `"decision":"d-1"`) {
		t.Errorf("the client reads %s", body)
	}
	if text := refusal.Error(); text != "forbidden: not within your limit: SQL logic error near SECRET" {
		t.Errorf("the log reads %q", text)
	}
	if !errors.Is(refusal, cause) {
		t.Error("the cause is lost")
	}
	if status, w := written(web.Reply{}, cause); status != http.StatusInternalServerError || strings.Contains(w.Body.String(), "SECRET") {
		t.Errorf("an error that nobody thought about: %d %s", status, w.Body)
	}
}

func TestAChallengeCannotBeBrokenOutOf(t *testing.T) {
	for _, c := range []struct {
		pairs []string
		want  string
	}{
		{nil, `Bearer`},
		{[]string{"error", ""}, `Bearer`},
		{[]string{"error", "invalid_token", "scope", "", "resource_metadata", "https://a.example/x"},
			`Bearer error="invalid_token", resource_metadata="https://a.example/x"`},
		{[]string{"error_description", "a\"b\\c\r\nd\x00é"}, `Bearer error_description="abcd"`},
	} {
		if got := web.Challenge(c.pairs...); got != c.want {
			t.Errorf("%q: %s, want %s", c.pairs, got, c.want)
		}
	}
	own := web.Challenge("error", "invalid_token", "resource_metadata", "https://a.example/x")
	_, w := written(web.Reply{}, &web.Error{Kind: web.Unauthenticated, Header: http.Header{"www-authenticate": {own}}})
	if got := w.Header().Values("WWW-Authenticate"); len(got) != 1 || got[0] != own {
		t.Errorf("challenges %q", got)
	}
}

func TestRepliesAreWrittenAsTheyAre(t *testing.T) {
	type order struct {
		ID    string   `json:"id"`
		Items []string `json:"items"`
	}
	one := order{ID: "o-1"}
	header := func(pairs ...string) map[string]string {
		h := map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
		for i := 0; i < len(pairs); i += 2 {
			h[pairs[i]] = pairs[i+1]
		}
		return h
	}
	reply := func(r web.Reply, err error) web.Reply {
		if err != nil {
			t.Error(err)
		}
		return r
	}
	for name, c := range map[string]struct {
		reply  web.Reply
		status int
		body   string
		header map[string]string
	}{
		"OK":   {reply(web.OK(one, nil)), 200, `{"id":"o-1","items":[]}`, header("Content-Type", "application/json")},
		"none": {reply(web.NoContent(nil)), 204, "", header("Content-Type", "", "Content-Length", "")},
		"zero": {web.Reply{}, 200, "", header("Content-Length", "0", "Content-Type", "")},
		"page": {web.Reply{Raw: []byte("<p>"), Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}}, 200, "<p>",
			header("Content-Type", "text/html; charset=utf-8", "Content-Length", "3")},
		"public": {web.Reply{Body: one, Header: http.Header{"cache-control": {"max-age=60"}}}, 200, `{"id":"o-1","items":[]}`,
			header("Cache-Control", "max-age=60")},
		"redirect": {web.Reply{Status: 303, Header: http.Header{"Location": {"/x"}, "Set-Cookie": {"a=1", "b=2"}}}, 303, "",
			header("Location", "/x", "Set-Cookie", "a=1")},
	} {
		status, w := written(c.reply, nil)
		if status != c.status || w.Code != c.status || w.Body.String() != c.body {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		for field, want := range c.header {
			if got := w.Header().Get(field); got != want {
				t.Errorf("%s: %s is %q, want %q", name, field, got, want)
			}
		}
	}
}

func TestAnErrorPassesThroughEveryConstructor(t *testing.T) {
	refusal := &web.Error{Kind: web.NotFound}
	for name, make := range map[string]func() (web.Reply, error){
		"OK":        func() (web.Reply, error) { return web.OK("SECRET", refusal) },
		"NoContent": func() (web.Reply, error) { return web.NoContent(refusal) },
	} {
		status, w := written(make())
		if status != http.StatusNotFound || strings.Contains(w.Body.String()+fmt.Sprint(w.Header()), "SECRET") {
			t.Errorf("%s: %d %s %v", name, status, w.Body, w.Header())
		}
	}
}

func TestABodyThatIsNoJSONIsOurMistakeAndNotHalfWritten(t *testing.T) {
	status, w := written(web.Reply{Status: 201, Body: map[string]any{"a": "b", "f": func() {}}, Header: http.Header{"Location": {"/x"}}}, nil)
	if status != http.StatusInternalServerError || w.Header().Get("Location") != "" {
		t.Errorf("%d %v", status, w.Header())
	}
	checkProblem(t, w, http.StatusInternalServerError, "internal")
}

func TestHEADGetsTheHeaderOfGET(t *testing.T) {
	w := httptest.NewRecorder()
	web.Write(w, httptest.NewRequest(http.MethodHead, "/", nil), web.Reply{Body: "text"}, nil)
	if w.Body.Len() != 0 || w.Header().Get("Content-Length") != "6" {
		t.Errorf("%d bytes, Content-Length %s", w.Body.Len(), w.Header().Get("Content-Length"))
	}
}

func TestADetailThatIsNoUTF8IsStillAProblem(t *testing.T) {
	_, w := written(web.Reply{}, &web.Error{Kind: web.Malformed, Detail: "a\xffb"})
	if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "a\uFFFDb") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
