package oidc_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const mfa = "urn:innerdoor:acr:mfa"

func TestSamStepsUpWithACodeThatWorksOnce(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	weak := w.accessToken(t, b.password(t, b.get(t, w.asking()), "sam"))
	if weak.ACR != "urn:innerdoor:acr:pwd" || !slices.Equal(weak.AMR, []string{"pwd"}) {
		t.Fatalf("without a second factor: %+v", weak)
	}
	w.wait(time.Minute)
	if got := b.get(t, w.asking("acr_values", mfa, "prompt", "none")).back(t).Get("error"); got != "login_required" {
		t.Errorf("prompt=none: %q", got)
	}
	ask := b.get(t, w.asking("acr_values", mfa))
	if ask.status != http.StatusOK || strings.Contains(ask.body, `name="password"`) || !strings.Contains(ask.body, `name="code"`) {
		t.Fatalf("sam's password is known already: %s", ask.body)
	}
	if got := b.fill(t, ask, "code", "000000"); got.status != http.StatusBadRequest || !strings.Contains(got.body, "not valid") {
		t.Errorf("a wrong code: %d", got.status)
	}
	code := w.code(t, "sam", 0)
	strong := w.accessToken(t, b.fill(t, ask, "code", code))
	if strong.ACR != mfa || !slices.Equal(strong.AMR, []string{"pwd", "otp", "mfa"}) || strong.AuthTime != weak.AuthTime {
		t.Errorf("with it: %+v; the password is as old as before: %d", strong, weak.AuthTime)
	}
	if f := w.accessToken(t, b.get(t, w.asking())); f.ACR != mfa {
		t.Errorf("the session remembers: %+v", f)
	}

	other := w.browser()
	ask = other.password(t, other.get(t, w.asking("acr_values", mfa)), "sam")
	for name, used := range map[string]string{"the same code again": code, "an earlier one": w.code(t, "sam", -1)} {
		if got := other.fill(t, ask, "code", used); got.status != http.StatusBadRequest {
			t.Errorf("%s: %d", name, got.status)
		}
	}
	if f := w.accessToken(t, other.fill(t, ask, "code", w.code(t, "sam", 1))); f.ACR != mfa {
		t.Errorf("the next code: %+v", f)
	}
}

func TestOfManyWhoSendOneCodeOnlyOneGetsIn(t *testing.T) {
	w := newWorld(t)
	code := w.code(t, "sam", 0)
	var asks []page
	var browsers []*browser
	for range 4 {
		b := w.browser()
		browsers, asks = append(browsers, b), append(asks, b.password(t, b.get(t, w.asking("acr_values", mfa)), "sam"))
	}
	count := atOnce(len(browsers), func(i int) int { return browsers[i].fill(t, asks[i], "code", code).status })
	refused := count[http.StatusBadRequest] + count[http.StatusTooManyRequests] // wrong codes that came before it slow the last one down
	if count[http.StatusSeeOther] != 1 || refused != 3 {
		t.Errorf("statuses: %v", count)
	}
}

func TestTheSecondFactorIsOnlyWorthSomethingAfterThePassword(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	first := b.get(t, w.asking("acr_values", mfa))
	if got := b.fill(t, first, "ticket", "made-up", "code", w.code(t, "sam", 0)); got.status != http.StatusBadRequest || got.header.Get("Location") != "" {
		t.Errorf("a ticket that was never given: %d", got.status)
	}
	ask := b.password(t, first, "sam")
	other := b.get(t, w.asking("acr_values", mfa, "prompt", "login", "state", "s-2"))
	ticket := regexp.MustCompile(`name="ticket" value="([^"]+)"`).FindStringSubmatch(ask.body)[1]
	if got := b.fill(t, other, "ticket", ticket, "code", w.code(t, "sam", 0)); got.status != http.StatusBadRequest {
		t.Errorf("a ticket for another request: %d", got.status)
	}
	w.wait(5 * time.Minute)
	if got := b.fill(t, ask, "code", w.code(t, "sam", 0)); got.status != http.StatusBadRequest || !strings.Contains(got.body, "took too long") {
		t.Errorf("after five minutes: %d", got.status)
	}
	ask = b.password(t, first, "sam")
	if f := w.accessToken(t, b.fill(t, ask, "code", w.code(t, "sam", 0))); f.ACR != mfa {
		t.Errorf("in order: %+v", f)
	}
	if got := b.fill(t, ask, "code", w.code(t, "sam", 1)); got.status != http.StatusBadRequest {
		t.Errorf("the ticket once more: %d", got.status)
	}
}

func TestTheFirstReachableOfTheAskedLevelsCounts(t *testing.T) {
	w := newWorld(t)
	const pwd = "urn:innerdoor:acr:pwd"
	b := w.browser()
	if f := w.accessToken(t, b.password(t, b.get(t, w.asking("acr_values", mfa+" "+pwd)), "bob")); f.ACR != pwd {
		t.Errorf("bob has no second factor: %+v", f)
	}
	b = w.browser()
	if got := b.password(t, b.get(t, w.asking("acr_values", mfa+" "+pwd)), "vera"); !strings.Contains(got.body, `name="code"`) {
		t.Errorf("vera has one: %d", got.status)
	}
	b = w.browser()
	back := b.password(t, b.get(t, w.asking("acr_values", mfa)), "bob").back(t)
	if back.Get("error") != "unmet_authentication_requirements" || back.Has("code") {
		t.Errorf("bob, second factor only: %v", back)
	}
	if got := b.get(t, w.asking("prompt", "none")).back(t).Get("error"); got != "login_required" {
		t.Errorf("and no session came of it: %q", got)
	}
}

func TestAForeignFormIsRefused(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	shown := b.get(t, w.asking())
	for name, got := range map[string]page{
		"no token":       b.fill(t, shown, "username", "alice", "password", w.secrets.People["alice"].Password, "csrf", ""),
		"a made-up one":  b.fill(t, shown, "username", "alice", "password", w.secrets.People["alice"].Password, "csrf", strings.Repeat("A", 43)),
		"another's form": w.browser().password(t, shown, "alice"),
	} {
		if got.status != http.StatusBadRequest || got.header.Get("Location") != "" || got.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %d to %q", name, got.status, got.header.Get("Location"))
		}
	}
	if got := b.fill(t, shown, "request", strings.TrimPrefix(w.asking("redirect_uri", "https://evil.example/"), w.issuer+"/authorize?"),
		"username", "alice", "password", w.secrets.People["alice"].Password); got.status != http.StatusBadRequest || got.header.Get("Location") != "" {
		t.Errorf("a changed request: %d to %q", got.status, got.header.Get("Location"))
	}
	if got := b.password(t, shown, "alice"); !got.back(t).Has("code") {
		t.Errorf("our own form: %d", got.status)
	}
}

func TestALoginChangesTheSessionsHandle(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.password(t, b.get(t, w.asking()), "alice")
	old := b.cookie(t, "innerdoor_session")
	b.password(t, b.get(t, w.asking("prompt", "login")), "bob")
	if b.cookie(t, "innerdoor_session").Value == old.Value {
		t.Error("the handle stayed the same")
	}
	thief := w.browser()
	thief.Jar.SetCookies(mustURL(t, w.issuer), []*http.Cookie{old})
	if got := thief.get(t, w.asking("prompt", "none")).back(t).Get("error"); got != "login_required" {
		t.Errorf("the old handle: %q", got)
	}
}

func (b *browser) cookie(t *testing.T, name string) *http.Cookie {
	t.Helper()
	for _, cookie := range b.Jar.Cookies(mustURL(t, b.w.issuer)) {
		if cookie.Name == name {
			return cookie
		}
	}
	t.Fatalf("there is no cookie %s", name)
	return nil
}

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestCookiesAreOutOfReachOfScriptsAndOtherSites(t *testing.T) {
	w := newWorld(t)
	check := func(secure bool) {
		t.Helper()
		b := w.browser()
		form := b.get(t, w.asking())
		all := form.header.Values("Set-Cookie")
		if secure { // a browser sends no Secure cookie over http, so ours is carried by hand
			b.Jar.SetCookies(mustURL(t, w.issuer), []*http.Cookie{{Name: "__Secure-innerdoor_form", Value: cookieValue(all[0]), Path: "/oidc"}})
			form.body = formAction.ReplaceAllString(form.body, `<form method="post" action="`+w.issuer+`/login">`)
		}
		all = append(all, b.password(t, form, "alice").header.Values("Set-Cookie")...)
		if len(all) != 3 {
			t.Fatalf("cookies: %q", all)
		}
		for _, cookie := range all {
			if !strings.Contains(cookie, "; HttpOnly") || !strings.Contains(cookie, "; SameSite=Lax") || !strings.Contains(cookie, "; Path=/oidc") ||
				strings.Contains(cookie, "Domain") || strings.Contains(cookie, "; Secure") != secure || strings.HasPrefix(cookie, "__Secure-") != secure {
				t.Errorf("secure %t: %s", secure, cookie)
			}
		}
	}
	check(false)
	front := w.issuer
	w.issuer = strings.Replace(front, "http://", "https://", 1)
	w.inner = w.serve(t)
	w.issuer = front
	check(true)
}

func cookieValue(line string) string {
	value, _, _ := strings.Cut(line[strings.Index(line, "=")+1:], ";")
	return value
}

var styleText = regexp.MustCompile(`(?s)<style>(.*?)</style>`)

func TestThePagesNeedNoScriptAndNothingFromElsewhere(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	password := b.get(t, w.asking("acr_values", mfa, "login_hint", `"><script>alert(1)</script>`))
	pages := map[string]page{
		"password": password,
		"code":     b.password(t, password, "sam"),
		"wrong":    b.fill(t, password, "username", "<b>sam", "password", "x"),
		"problem":  b.get(t, w.asking("client_id", "<script>")),
	}
	for name, p := range pages {
		hash := sha256.Sum256([]byte(styleText.FindStringSubmatch(p.body)[1]))
		policy := p.header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: the policy lacks %s: %s", name, want, policy)
			}
		}
		if regexp.MustCompile(`(?i)<script|\son\w+=|style="|src=|url\(|@import|<b>`).MatchString(p.body) {
			t.Errorf("%s: %s", name, p.body)
		}
		if p.header.Get("Cache-Control") != "no-store" || p.header.Get("Referrer-Policy") != "no-referrer" || p.header.Get("X-Frame-Options") != "DENY" ||
			p.header.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(p.header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %v", name, p.header)
		}
		action := "form-action " + strings.TrimSuffix(w.issuer, "/oidc") + " http://127.0.0.1:5001"
		if strings.Contains(p.body, "<form") != strings.HasSuffix(policy, action) {
			t.Errorf("%s: %s", name, policy)
		}
	}
	for _, name := range []string{"username", "password"} {
		if !strings.Contains(pages["password"].body, `<label for="`+name+`">`) || !strings.Contains(pages["password"].body, `id="`+name+`"`) {
			t.Errorf("the field %s has no label", name)
		}
	}
	if !strings.Contains(pages["wrong"].body, `role="alert"`) || !strings.Contains(pages["code"].body, `autocomplete="one-time-code"`) {
		t.Error("the notice is not announced, or the code cannot be filled in")
	}
}

func TestNobodyLearnsWhoExists(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	shown := b.get(t, w.asking())
	alice := b.fill(t, shown, "username", "alice", "password", "wrong")
	nobody := b.fill(t, shown, "username", "nobody", "password", "wrong")
	if alice.status != http.StatusBadRequest || alice.status != nobody.status || strings.ReplaceAll(nobody.body, "nobody", "alice") != alice.body {
		t.Errorf("alice:\n%s\nnobody:\n%s", alice.body, nobody.body)
	}
	for _, empty := range [][]string{{"username", "", "password", "x"}, {"username", "alice", "password", ""}, {"username", strings.Repeat("a", 200), "password", "x"}} {
		if got := b.fill(t, shown, empty...); got.status != http.StatusBadRequest {
			t.Errorf("%v: %d", empty, got.status)
		}
	}
}
