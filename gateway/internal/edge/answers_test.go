package edge_test

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestWhoShowsNoGoodCredentialIsToldWhereToGetOne(t *testing.T) {
	s := start(t, options{})
	metadata := `resource_metadata="` + s.url + `/.well-known/oauth-protected-resource"`
	got := s.send(t, "GET", "/claims/c-alice", "", "")
	got.problem(t, 401)
	if h := got.header.Get("WWW-Authenticate"); h != "Bearer "+metadata {
		t.Errorf("no credential: %s", h)
	}
	got = s.send(t, "GET", "/claims/c-alice", "nonsense", "")
	got.problem(t, 401)
	if h := got.header.Get("WWW-Authenticate"); h != `Bearer error="invalid_token", `+metadata {
		t.Errorf("bad credential: %s", h)
	}
	if strings.Contains(got.body, "compact") {
		t.Errorf("the answer says why: %s", got.body)
	}
	got = s.send(t, "GET", "/.well-known/oauth-protected-resource", "", "")
	var document struct {
		Resource string
		Servers  []string `json:"authorization_servers"`
	}
	if err := json.Unmarshal([]byte(got.body), &document); err != nil || got.status != 200 || document.Resource != s.url || !slices.Equal(document.Servers, []string{s.issuer.Name()}) {
		t.Errorf("got %+v", got)
	}
	if seen := s.arrived(); len(seen) != 0 {
		t.Errorf("arrived: %+v", seen)
	}
}

func TestAnUnreachableIssuerIs503AndNever401(t *testing.T) {
	s := start(t, options{cold: true})
	alice := s.token(t, "alice")
	got := s.send(t, "GET", "/claims/c-alice", alice, "")
	got.problem(t, 503)
	if got.header.Get("Retry-After") == "" || got.header.Get("WWW-Authenticate") != "" {
		t.Errorf("got %v", got.header)
	}
	if got := s.send(t, "GET", "/oidc/keys", "", ""); got.status != 200 {
		t.Errorf("what asks for nobody needs no issuer: %+v", got)
	}
	s.issuer.Answer(nil)
	for deadline := time.Now().Add(20 * time.Second); s.send(t, "GET", "/claims/c-alice", alice, "").status != 200; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the issuer is up and alice still cannot enter")
		}
	}
	s.issuer.Answer(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	for range 20 {
		if got := s.send(t, "GET", "/claims/c-alice", s.token(t, "alice"), ""); got.status != 200 {
			t.Fatalf("warm, with the issuer down: %+v", got)
		}
	}
}

// What the upstream says reaches the client, but for what is the gateway's to say.
func TestAnswersAreCleanedOnTheWayOut(t *testing.T) {
	s := start(t, options{})
	script := func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Set-Cookie", "a=b")
		h.Set("Txn-Token", "x")
		h.Set("Txn_Token", "x")
		h.Set("X-Debug", "got "+r.Header.Get("Txn-Token"))
		h.Set("Txn-Id", "theirs")
		h.Set("RateLimit", "theirs")
		h.Set("Server", "secret/1.0")
		h.Set("Connection", "X-Hop")
		h.Set("X-Hop", "x")
		h.Set("ETag", `"7"`)
		h.Set("Location", "/claims/c-new")
		h.Set("Trailer", "X-Late")
		w.WriteHeader(201)
		io.WriteString(w, "made")
		h.Set("X-Late", "x")
	}
	for _, name := range []string{"claims", "identity"} {
		s.services[name].answer(script)
	}
	for path, cookie := range map[string]string{"/claims": "", "/oidc/login": "a=b"} {
		got := s.send(t, "POST", path, map[string]string{"/claims": s.token(t, "alice")}[path], "")
		if got.status != 201 || got.body != "made" || got.header.Get("ETag") != `"7"` || got.header.Get("Location") != "/claims/c-new" {
			t.Errorf("%s: got %+v", path, got)
		}
		if got.header.Get("Set-Cookie") != cookie {
			t.Errorf("%s: cookie %q, want %q", path, got.header.Get("Set-Cookie"), cookie)
		}
		for _, name := range []string{"Txn-Token", "Txn_token", "X-Debug", "Server", "X-Hop", "Trailer", "X-Late"} {
			if v, ok := got.header[name]; ok {
				t.Errorf("%s: %s came out: %v", path, name, v)
			}
		}
		if len(got.header["Txn-Id"]) != 1 || got.header.Get("Txn-Id") == "theirs" || len(got.header["Ratelimit"]) != 1 || got.header.Get("RateLimit") == "theirs" {
			t.Errorf("%s: txn %v, limit %v", path, got.header["Txn-Id"], got.header["Ratelimit"])
		}
	}
}

func TestInformationalAnswersDoNotGoOut(t *testing.T) {
	s := start(t, options{})
	s.services["claims"].answer(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</"+r.Header.Get("Txn-Token")+">")
		w.WriteHeader(103)
		w.Header().Del("Link")
		io.WriteString(w, "late")
	})
	got := s.raw(t, get+"\n")
	if got.status != 200 || got.body != "late" || got.header.Get("Link") != "" || got.header.Get("Txn-Id") == "" {
		t.Errorf("got %+v", got)
	}
}

// Whatever the upstream does, there is an answer within the route's deadline, and it is 502, 503 or 504.
func TestAFaultyUpstreamIsAnAnswerInTime(t *testing.T) {
	s := start(t, options{})
	alice := s.token(t, "alice")
	hijack := func(bytes string, wait time.Duration) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			if wait == 0 {
				io.WriteString(conn, bytes)
				return
			}
			for i := range len(bytes) {
				if _, err := io.WriteString(conn, bytes[i:i+1]); err != nil {
					return
				}
				time.Sleep(wait)
			}
		}
	}
	for name, c := range map[string]struct {
		script http.HandlerFunc
		status int
	}{
		"reset":            {hijack("", 0), 502},
		"nonsense":         {hijack("SMTP ready\r\n", 0), 502},
		"truncated header": {hijack("HTTP/1.1 200 OK\r\nConte", 0), 502},
		"truncated body":   {hijack("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"ok\"", 0), 502},
		"truncated chunk":  {hijack("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"o", 0), 502},
		"switches":         {hijack("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", 0), 502},
		"black hole":       {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, 504},
		"one byte a while": {hijack("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"+strings.Repeat("x", 100), 200*time.Millisecond), 504},
		"body never begins": {func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(200)
			http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, 504},
		"endless header": {hijack("HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 100<<10)+"\r\n\r\n", 0), 502},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, options{routes: shippedRoutes(t, `"/claims/{id}",                          methods: [GET],         upstream: claims, auth: bearer, limit: reads`,
				`"/claims/{id}", methods: [GET], upstream: claims, auth: bearer, limit: reads, timeout: 1s`)})
			s.services["claims"].answer(c.script)
			begin := time.Now()
			got := s.send(t, "GET", "/claims/c-alice", s.token(t, "alice"), "")
			got.problem(t, c.status)
			if took := time.Since(begin); took > 5*time.Second {
				t.Errorf("took %s", took)
			}
			if strings.Contains(got.body, "127.0.0.1") {
				t.Errorf("the answer names something inside: %s", got.body)
			}
		})
	}
	s.services["claims"].answer(hijack("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood", 0))
	if got := s.send(t, "GET", "/claims/c-alice", alice, ""); got.status != 200 || got.body != "good" {
		t.Errorf("a sound upstream: %+v", got)
	}
}

func TestALongAnswerIsPassedOn(t *testing.T) {
	s := start(t, options{})
	long := strings.Repeat("0123456789", 300_000)
	for _, chunked := range []bool{true, false} {
		s.services["claims"].answer(func(w http.ResponseWriter, _ *http.Request) {
			if chunked {
				w.Header().Set("Trailer", "X-Late")
				w.WriteHeader(200)
				http.NewResponseController(w).Flush()
			}
			io.WriteString(w, long)
			w.Header().Set("X-Late", "x")
		})
		if got := s.send(t, "GET", "/claims", s.token(t, "alice"), ""); got.status != 200 || got.body != long || got.header.Get("Trailer") != "" || len(got.trailer) != 0 {
			t.Errorf("%d, %d bytes", got.status, len(got.body))
		}
	}
}

func TestEmptyAnswersStayEmpty(t *testing.T) {
	s := start(t, options{})
	for _, status := range []int{204, 304} {
		s.services["claims"].answer(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		if got := s.send(t, "GET", "/claims/c-alice", s.token(t, "alice"), ""); got.status != status || got.body != "" {
			t.Errorf("got %+v, want %d", got, status)
		}
	}
	s.services["claims"].answer(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Location", "/x"); w.WriteHeader(302) })
	if got := s.send(t, "GET", "/claims/c-alice", s.token(t, "alice"), ""); got.status != 302 {
		t.Errorf("a redirect is the upstream's to make: %+v", got)
	}
}

func TestBodiesHaveALimitAndOneLength(t *testing.T) {
	s := start(t, options{})
	large := strings.Repeat("x", 64<<10+1)
	head := "POST /claims HTTP/1.1\nHost: $HOST\nAuthorization: $ALICE\n"
	for name, c := range map[string]struct {
		request string
		status  int
	}{
		"too large":             {head + "Content-Length: 65537\n\n" + large, 413},
		"too large by its word": {head + "Content-Length: 9999999\n\n", 413},
		"too large in chunks":   {head + "Transfer-Encoding: chunked\n\n10001\n" + large + "\n0\n\n", 413},
		"broken chunk":          {head + "Transfer-Encoding: chunked\n\nzz\nxx\n0\n\n", 400},
		"chunk of another size": {head + "Transfer-Encoding: chunked\n\n2\nxxx\n0\n\n", 400},
		"CL and TE":             {head + "Content-Length: 3\nTransfer-Encoding: chunked\n\n0\n\nGET /claims/c-bob HTTP/1.1\n\n", 0},
		"two lengths":           {head + "Content-Length: 3\nContent-Length: 4\n\nxxxx", 400},
		"signed length":         {head + "Content-Length: +3\n\nxxx", 400},
		"strange coding":        {head + "Transfer-Encoding: xchunked\n\n0\n\n", 0},
		"no credential, large":  {"POST /claims HTTP/1.1\nHost: $HOST\nContent-Length: 65537\n\n" + large, 401},
	} {
		t.Run(name, func(t *testing.T) {
			got := s.raw(t, c.request)
			if c.status != 0 && got.status != c.status {
				t.Errorf("got %+v, want %d", got, c.status)
			}
			if got.status == 403 || c.status == 0 && got.status >= 500 && got.status != 501 {
				t.Errorf("got %+v", got)
			}
			if seen := s.arrived(); len(seen) > 1 || len(seen) == 1 && c.status != 0 {
				t.Errorf("arrived: %+v", seen)
			}
		})
	}
	if got := s.raw(t, head+"Transfer-Encoding: chunked\nTrailer: Txn-Token\n\n2\n{}\n0\nTxn-Token: forged\n\n"); got.status != 200 {
		t.Fatalf("got %+v", got)
	}
	if a := s.one(t, "claims"); a.Body != "{}" || a.Header.Get("Content-Length") != "2" || len(a.Trailer) != 0 {
		t.Errorf("arrived %+v", a)
	}
	if got := s.raw(t, head+"Content-Length: 65536\n\n"+large[1:]); got.status != 200 || len(s.one(t, "claims").Body) != 64<<10 {
		t.Errorf("the largest body: %+v", got)
	}
}

// The access log has one line for each request, refused or not, with its txn, and no secret.
func TestEveryRequestIsInTheAccessLogWithoutItsSecrets(t *testing.T) {
	s := start(t, options{})
	alice := s.token(t, "alice")
	good := s.send(t, "GET", "/claims/c-alice?text=private", alice, "")
	bad := s.raw(t, "GET /claims/%0d%0a{\"forged\":1} HTTP/1.1\nHost: $HOST\nAuthorization: Bearer secret-token\n\n")
	refused := s.send(t, "GET", "/claims/c-alice", "secret-token", "")
	lines := map[string]map[string]any{}
	for line := range strings.Lines(s.log.String()) {
		var l map[string]any
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("no JSON: %s", line)
		}
		if l["msg"] == "request" {
			lines[l["txn"].(string)] = l
		}
	}
	if l := lines[good.header.Get("Txn-Id")]; l["status"] != 200.0 || l["who"] != "home:alice" || l["tenant"] != "acme" || l["route"] != "GET /claims/{id}" || l["upstream"] != "claims" || l["address"] != "127.0.0.1" {
		t.Errorf("alice: %v", l)
	}
	if l := lines[bad.header.Get("Txn-Id")]; l["status"] != 400.0 || l["route"] != "none" || l["refusal"] == nil {
		t.Errorf("bad path: %v", l)
	}
	if l := lines[refused.header.Get("Txn-Id")]; l["status"] != 401.0 || !strings.Contains(l["refusal"].(string), "not in compact form") {
		t.Errorf("bad token: %v", l)
	}
	for _, secret := range []string{"private", "secret-token", alice[strings.LastIndex(alice, ".")+1:]} {
		if s.log.has(secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
	families, err := s.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, label := range m.GetLabel() {
				if label.GetName() == "route" && label.GetValue() != "none" && label.GetValue() != "GET /claims/{id}" {
					t.Errorf("label %s", label.GetValue())
				}
			}
		}
	}
}

// The gateway turns away, and never forbids: 403 is a service's word.
func TestA403IsTheServicesOwn(t *testing.T) {
	s := start(t, options{})
	s.services["claims"].answer(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403); io.WriteString(w, "no") })
	if got := s.send(t, "GET", "/claims/c-bob", s.token(t, "alice", "scope", ""), ""); got.status != 403 || got.body != "no" {
		t.Errorf("got %+v", got)
	}
	if len(s.arrived()) != 1 {
		t.Error("it was not asked")
	}
}
