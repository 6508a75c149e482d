package web_test

import (
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"innerdoor.example/shared/web"
)

// order is a body as the services have them.
type order struct {
	Owner  string            `json:"owner"`
	Status string            `json:"status"`
	Kind   string            `json:"kind"`
	Amount int64             `json:"amount"`
	Items  []item            `json:"items"`
	Free   map[string]any    `json:"free"`
	Notes  map[string]string `json:"notes"`
}

type item struct {
	Name  string `json:"name"`
	Count int32  `json:"count"`
}

const good = `{"owner":"a","status":"s","kind":"k","amount":120,"items":[{"name":"n","count":2}],"notes":{"x":"y"}}`

func TestABodyThatTwoReadersCouldReadDifferentlyIsMalformed(t *testing.T) {
	for name, body := range map[string]string{
		"owner in two cases":          `{"owner":"a","OWNER":"b"}`,
		"owner in another case":       `{"Owner":"a"}`,
		"a member twice":              `{"owner":"a","owner":"b"}`,
		"a member twice, escaped":     `{"owner":"a","\u006fwner":"b"}`,
		"a member twice, deeper":      `{"items":[{"name":"a","name":"b"}]}`,
		"a member twice, in a map":    `{"notes":{"a":"1","a":"2"}}`,
		"a member twice, untyped":     `{"free":{"a":{"b":1,"b":2}}}`,
		"long s in status":            `{"ſtatus":"s"}`,
		"long s in status, escaped":   `{"\u017ftatus":"s"}`,
		"Kelvin sign in kind":         "{\"\u212Aind\":\"k\"}",
		"Kelvin sign, escaped":        `{"\u212aind":"k"}`,
		"an unknown member":           `{"owner":"a","role":"admin"}`,
		"an unknown member, deeper":   `{"items":[{"name":"n","price":1}]}`,
		"tenant":                      `{"tenant":"globex","owner":"a"}`,
		"an empty name":               `{"":"a"}`,
		"a trailing document":         good + good,
		"a trailing brace":            good + "}",
		"trailing text":               good + " x",
		"a trailing NUL":              good + "\x00",
		"a trailing comma":            `{"owner":"a",}`,
		"a comment":                   `{"owner":"a"/**/}`,
		"single quotes":               `{'owner':'a'}`,
		"no quotes":                   `{owner:"a"}`,
		"a byte order mark":           "\ufeff" + good,
		"UTF-16":                      "\xff\xfe{\x00}\x00",
		"invalid UTF-8 in a value":    "{\"owner\":\"a\xff\"}",
		"overlong UTF-8":              "{\"owner\":\"\xc0\xaf\"}",
		"invalid UTF-8 in a name":     "{\"own\xffer\":\"a\"}",
		"a lone surrogate":            `{"owner":"\ud800"}`,
		"U+0000":                      `{"owner":"a\u0000b"}`,
		"U+0000 in a map's key":       `{"notes":{"a\u0000":"b"}}`,
		"a raw line feed in a string": "{\"owner\":\"a\nb\"}",
		"2^53+1":                      `{"amount":9007199254740993}`,
		"2^53":                        `{"amount":9007199254740992}`,
		"-2^53-1":                     `{"amount":-9007199254740993}`,
		"2^63":                        `{"amount":9223372036854775808}`,
		"2^53+1 untyped":              `{"free":{"n":9007199254740993}}`,
		"beyond every float":          `{"amount":1e400}`,
		"a float":                     `{"amount":1.5}`,
		"a float that is whole":       `{"amount":120.0}`,
		"an exponent":                 `{"amount":1e3}`,
		"an integer beyond the field": `{"items":[{"name":"n","count":2147483648}]}`,
		"a leading zero":              `{"amount":012}`,
		"a plus sign":                 `{"amount":+12}`,
		"NaN":                         `{"amount":NaN}`,
		"an integer as text":          `{"amount":"120"}`,
		"text as an integer":          `{"owner":1}`,
		"an object for a list":        `{"items":{"name":"n"}}`,
		"a list for an object":        `[` + good + `]`,
		"true for text":               `{"owner":true}`,
		"null":                        `null`,
		"text":                        `"owner"`,
		"a number":                    `1`,
		"nothing":                     "",
		"white space":                 " \n\t ",
		"cut off":                     good[:len(good)-1],
		"deep lists":                  strings.Repeat("[", 20_000),
		"deep lists, closed":          strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000),
		"deep objects":                strings.Repeat(`{"free":`, 7_000) + "1" + strings.Repeat("}", 7_000),
		"33 deep":                     `{"free":{"a":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + `}}`,
	} {
		var into order
		err := web.Decode(post(body), &into)
		problem := asError(t, name, err)
		if problem == nil {
			continue
		}
		if problem.Kind != web.Malformed || problem.Detail == "" || len(problem.Detail) > 150 {
			t.Errorf("%s: %s", name, problem)
		}
		if strings.Contains(problem.Error(), "Go ") || strings.Contains(problem.Error(), "web_test") {
			t.Errorf("%s: the error shows the inside: %s", name, problem)
		}
	}
	decoded(t, good)
	decoded(t, " \n"+good+"\r\n\t ")
}

func TestNumbersAreTakenUpToTheLastThatAllReadersAgreeOn(t *testing.T) {
	for text, want := range map[string]int64{
		"9007199254740991": 1<<53 - 1, "-9007199254740991": -(1<<53 - 1), "0": 0, "-1": -1, "120": 120,
	} {
		if got := decoded(t, `{"amount":`+text+`}`).Amount; got != want {
			t.Errorf("%s became %d", text, got)
		}
	}
	if got := decoded(t, `{"items":[{"count":2147483647}]}`).Items[0].Count; got != math.MaxInt32 {
		t.Errorf("count became %d", got)
	}
}

func TestTextIsTakenAsItIs(t *testing.T) {
	for _, owner := range []string{"Ⅷ ſ \u212A", "'; DROP TABLE orders; --", `back\\slash`, "𝕏 \u2028", "<script>"} {
		body := `{"owner":"` + strings.ReplaceAll(owner, `\`, `\\`) + `"}`
		if got := decoded(t, body).Owner; got != owner {
			t.Errorf("%q became %q", owner, got)
		}
	}
	if got := decoded(t, `{"owner":"\u0041\ud835\udd4f"}`).Owner; got != "A𝕏" {
		t.Errorf("escapes became %q", got)
	}
}

func TestNestingIsTakenToItsLimit(t *testing.T) {
	decoded(t, `{"free":{"a":`+strings.Repeat("[", 30)+strings.Repeat("]", 30)+`}}`)
}

func TestOnlyJSONInUTF8IsRead(t *testing.T) {
	for name, header := range map[string]http.Header{
		"no type":            {},
		"an empty type":      {"Content-Type": {""}},
		"two types":          {"Content-Type": {"application/json", "text/plain"}},
		"a list of types":    {"Content-Type": {"application/json, text/plain"}},
		"a form":             {"Content-Type": {"application/x-www-form-urlencoded"}},
		"text":               {"Content-Type": {"text/plain"}},
		"nearly JSON":        {"Content-Type": {"application/jsonp"}},
		"a patch":            {"Content-Type": {"application/merge-patch+json"}},
		"UTF-16":             {"Content-Type": {"application/json; charset=utf-16"}},
		"Latin-1":            {"Content-Type": {"application/json; charset=iso-8859-1"}},
		"a broken parameter": {"Content-Type": {"application/json; charset"}},
		"compressed":         {"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}},
	} {
		r := post(good)
		r.Header = header
		var into order
		if problem := asError(t, name, web.Decode(r, &into)); problem != nil && problem.Kind != web.UnsupportedMedia {
			t.Errorf("%s: %s", name, problem)
		}
	}
	for _, media := range []string{"application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"} {
		r := post(good)
		r.Header.Set("Content-Type", media)
		var into order
		if err := web.Decode(r, &into); err != nil {
			t.Errorf("%s: %v", media, err)
		}
	}
}

func TestABodyIsReadUpToItsLimit(t *testing.T) {
	fill := func(size int) string {
		frame := len(`{"owner":""}`)
		return `{"owner":"` + strings.Repeat("a", size-frame) + `"}`
	}
	var into order
	problem := asError(t, "too large", web.Decode(post(fill(web.MaxBody+1)), &into))
	if problem != nil && problem.Kind != web.TooLarge {
		t.Errorf("one byte too many: %s", problem)
	}
	spaces := asError(t, "spaces", web.Decode(post(good+strings.Repeat(" ", web.MaxBody)), &into))
	if spaces != nil && spaces.Kind != web.TooLarge {
		t.Errorf("white space without end: %s", spaces)
	}
	decoded(t, fill(web.MaxBody))

	broken := post("")
	broken.Body = io.NopCloser(io.MultiReader(strings.NewReader(good), failing{}))
	if problem := asError(t, "broken off", web.Decode(broken, &into)); problem != nil && problem.Kind != web.Malformed {
		t.Errorf("broken off: %s", problem)
	}
}

func TestTheAnswerSaysWhereTheBodyIsWrong(t *testing.T) {
	for body, want := range map[string]string{
		`{"owner":"a","OWNER":"b"}`:                        `there is no member "OWNER"`,
		`{"owner":"a","owner":"b"}`:                        `a member is given twice`,
		`{"items":[{"count":"SECRET"}]}`:                   `"/items/0/count" is not of the right type`,
		`{"amount":9007199254740993}`:                      `a number is beyond ±(2^53-1)`,
		`{"owner":SECRET}`:                                 `the body is not valid JSON at byte 9`,
		`{"` + strings.Repeat("é", 500) + `":1}`:           `there is no member "` + strings.Repeat("é", 60) + `"`,
		`{"notes":{"` + strings.Repeat("k", 500) + `":1}}`: `"/notes/` + strings.Repeat("k", 53) + `" is not of the right type`,
	} {
		var into order
		problem := asError(t, body, web.Decode(post(body), &into))
		if problem != nil && problem.Detail != want {
			t.Errorf("%.40s: %s, want %s", body, problem.Detail, want)
		}
		if problem != nil && strings.Contains(problem.Error(), "SECRET") {
			t.Errorf("%.40s: the log gets what was sent: %s", body, problem)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		var into order
		if err := web.Decode(post(good), &into); err != nil {
			b.Fatal(err)
		}
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func post(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/orders", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return r
}

func decoded(t *testing.T, body string) order {
	t.Helper()
	var into order
	if err := web.Decode(post(body), &into); err != nil {
		t.Errorf("%.60s was refused: %v", body, err)
		into.Items = []item{{}}
	}
	return into
}

func asError(t *testing.T, name string, err error) *web.Error {
	t.Helper()
	problem, ok := errors.AsType[*web.Error](err)
	if !ok {
		t.Errorf("%.60s: no *web.Error but %v", name, err)
	}
	return problem
}
