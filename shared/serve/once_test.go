package serve_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/serve"
	"innerdoor.example/shared/web"
)

// keyed is a service that tells what its door would learn of a request's key.
type keyed struct {
	*orders
	heard chan principal.Once // of a request that was let through; the zero Once if it has no key
	goOn  chan bool           // lets a request to /orders/slow be answered
}

func newKeyed(t *testing.T) *keyed {
	t.Helper()
	k := &keyed{heard: make(chan principal.Once, 9), goOn: make(chan bool)}
	hear := func(r *http.Request, who principal.Principal) (web.Reply, error) {
		once, _ := who.Once()
		k.heard <- once
		if _, err := io.ReadAll(r.Body); err != nil {
			return web.Reply{}, err
		}
		if r.URL.Path == "/orders/slow" {
			<-k.goOn
		}
		return web.OK(said{}, nil)
	}
	public := serve.From("gateway")
	k.orders = serving(t, []serve.Route{
		serve.POST("/orders", "orders:place", public, hear),
		serve.POST("/orders/slow", "orders:place", public, hear),
		serve.POST("/orders/{id}/ship", "orders:ship", public, hear),
		serve.PUT("/orders/{id}", "orders:edit", public, hear),
	})
	return k
}

// post sends a request with these keys. once is what the door would learn of it.
func (k *keyed) post(t *testing.T, method, path, body string, keys ...string) (status int, once principal.Once) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, k.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header[principal.Header] = []string{k.alice(t)}
	r.Header["Idempotency-Key"] = keys
	answer, err := k.clients["gateway"].Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusOK {
		once = <-k.heard
	}
	return answer.StatusCode, once
}

func TestOnlyAKeyThatCanBeReadInOneWayIsTaken(t *testing.T) {
	k := newKeyed(t)
	long := strings.Repeat("k", 100)
	for name, keys := range map[string][]string{
		"without quotes": {"k"}, "empty": {""}, "empty in quotes": {`""`}, "two": {`"a"`, `"b"`}, "the same twice": {`"a"`, `"a"`},
		"two in a line": {`"a", "b"`}, "with parameters": {`"a";v=1`}, "an escape": {`"a\"b"`}, "half quoted": {`"a`},
		"not ASCII": {"\"\xc3\xa4\""}, "a tab": {"\"a\tb\""}, "too long": {`"` + long + `k"`}, "bytes": {":YQ==:"},
	} {
		if status, _ := k.post(t, "POST", "/orders", "{}", keys...); status != http.StatusBadRequest {
			t.Errorf("%s: %d", name, status)
		}
	}
	for _, key := range []string{"k", "8e03978e-40d5-43dd-bc93-6894a57f9324", " !#[]~", long} {
		status, once := k.post(t, "POST", "/orders", "{}", `"`+key+`"`)
		if status != http.StatusOK || once.Key != key || once.Route != "POST /orders" {
			t.Errorf("%q: %d %+v", key, status, once)
		}
	}
	if status, once := k.post(t, "POST", "/orders", "{}"); status != http.StatusOK || once != (principal.Once{}) {
		t.Errorf("without a key: %d %+v", status, once)
	}
	if status, once := k.post(t, "PUT", "/orders/o-1", "{}", "k"); status != http.StatusOK || once != (principal.Once{}) {
		t.Errorf("PUT, which may be repeated by itself: %d %+v", status, once)
	}
}

func TestTheDigestTellsRequestsApart(t *testing.T) {
	k := newKeyed(t)
	seen := map[[32]byte]string{}
	for _, request := range [][2]string{
		{"/orders", "{}"}, {"/orders", "{} "}, {"/orders", ""}, {"/orders?a=b", "{}"}, {"/orders/o-1/ship", "{}"}, {"/orders/o-2/ship", "{}"},
	} {
		_, once := k.post(t, "POST", request[0], request[1], `"k"`)
		_, again := k.post(t, "POST", request[0], request[1], `"k"`)
		if once != again || once.Digest == [32]byte{} {
			t.Errorf("%q sent twice is %+v and %+v", request, once, again)
		}
		if first, taken := seen[once.Digest]; taken {
			t.Errorf("%q has the digest of %q", request, first)
		}
		seen[once.Digest] = strings.Join(request[:], " ")
	}
	if status, _ := k.post(t, "POST", "/orders", strings.Repeat(" ", web.MaxBody+1), `"k"`); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a body that is too large: %d", status)
	}
}

func TestASecondRequestIsRefusedWhileTheFirstIsUnderWay(t *testing.T) {
	k := newKeyed(t)
	first := make(chan int)
	go func() {
		status, _ := k.post(t, "POST", "/orders/slow", "{}", `"k"`)
		first <- status
	}()
	under := <-k.heard
	k.heard <- under // for post
	if status, _ := k.post(t, "POST", "/orders/slow", "{}", `"k"`); status != http.StatusConflict {
		t.Errorf("the second: %d", status)
	}
	if status, _ := k.post(t, "POST", "/orders", "{}", `"k"`); status != http.StatusOK {
		t.Errorf("with the key at another operation: %d", status)
	}
	k.goOn <- true
	if status := <-first; status != http.StatusOK {
		t.Errorf("the first: %d", status)
	}
	go func() { k.goOn <- true }()
	if status, _ := k.post(t, "POST", "/orders/slow", "{}", `"k"`); status != http.StatusOK {
		t.Errorf("after the first was answered: %d", status)
	}
}

func TestAnAnswerThatBreaksOffIsInTheLogAsOne(t *testing.T) {
	o := serving(t, []serve.Route{serve.GET("/orders/export", "orders:export", serve.From("gateway"),
		func(*http.Request, principal.Principal) (web.Reply, error) {
			return web.NDJSON(func(yield func([]said, error) bool) {
				_ = yield([]said{{ID: "o-1"}}, nil) && yield(nil, io.ErrShortBuffer)
			}, func(s said) (any, error) { return s, nil }), nil
		})})
	r, err := http.NewRequestWithContext(t.Context(), "GET", o.url+"/orders/export", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(principal.Header, o.alice(t))
	answer, err := o.clients["gateway"].Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, err := io.ReadAll(answer.Body); err == nil {
		t.Errorf("%q is read to the end", body)
	}
	line := o.log.take()
	for end := time.Now().Add(10 * time.Second); line == "" && time.Now().Before(end); line = o.log.take() {
		time.Sleep(time.Millisecond) // the client notices before the log is written
	}
	if !strings.Contains(line, `"status":0`) || !strings.Contains(line, io.ErrShortBuffer.Error()) || !strings.Contains(line, "ERROR") {
		t.Errorf("the log says %s", line)
	}
}
