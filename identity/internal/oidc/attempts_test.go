package oidc_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"
)

// guess tries a wrong password for who, n times, and returns the last answer.
func (b *browser) guess(t *testing.T, shown page, who string, n int) (last page) {
	t.Helper()
	for range n {
		last = b.fill(t, shown, "username", who, "password", "wrong")
	}
	return last
}

func TestGuessingSlowsDownAndAPauseIsNotMadeLongerByTrying(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	shown := b.get(t, w.asking())
	if got := b.guess(t, shown, "alice", 10); got.status != http.StatusBadRequest {
		t.Fatalf("the tenth guess: %d", got.status)
	}
	var slow page
	for range 20 {
		if slow = b.password(t, shown, "alice"); slow.status != http.StatusTooManyRequests {
			t.Fatalf("even the right password waits: %d", slow.status)
		}
	}
	if wait, err := strconv.Atoi(slow.header.Get("Retry-After")); err != nil || wait != 1 {
		t.Errorf("Retry-After %q, want one second still", slow.header.Get("Retry-After"))
	}
	w.wait(time.Second)
	if got := b.password(t, shown, "alice"); !got.back(t).Has("code") {
		t.Errorf("after the pause: %d", got.status)
	}
	if got := b.guess(t, shown, "alice", 1); got.status != http.StatusBadRequest {
		t.Errorf("and the failures are forgotten: %d", got.status)
	}
}

func TestAStrangerWhoGuessesDoesNotLockAliceOut(t *testing.T) {
	w := newWorld(t)
	home := w.browser()
	home.password(t, home.get(t, w.asking()), "alice")

	w.address.Store("198.51.100.66")
	stranger := w.browser()
	shown := stranger.get(t, w.asking())
	for range 60 {
		stranger.guess(t, shown, "alice", 1)
		w.wait(time.Second)
	}
	if got := stranger.guess(t, shown, "alice", 1); got.status != http.StatusTooManyRequests {
		t.Fatalf("the stranger goes on: %d", got.status)
	}
	if got := home.password(t, home.get(t, w.asking("prompt", "login")), "alice"); !got.back(t).Has("code") {
		t.Errorf("alice on her own browser, even from there: %d", got.status)
	}
	w.address.Store("192.0.2.1")
	abroad := w.browser()
	if got := abroad.password(t, abroad.get(t, w.asking()), "alice"); !got.back(t).Has("code") {
		t.Errorf("alice on a new browser elsewhere: %d", got.status)
	}
}

func TestGuessesFromManyPlacesAreCountedTogether(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	shown := b.get(t, w.asking())
	var last page
	for i := range 31 {
		w.address.Store("198.51.100." + strconv.Itoa(i))
		last = b.guess(t, shown, "alice", 1)
	}
	if last.status != http.StatusTooManyRequests {
		t.Fatalf("the 31st place: %d", last.status)
	}
	w.wait(31 * time.Second)
	if got := b.password(t, shown, "alice"); !got.back(t).Has("code") {
		t.Errorf("nobody waits longer than half a minute for what strangers did: %d", got.status)
	}
}

func TestAllAddressesOfOneSubscriberAreOnePlace(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	shown := b.get(t, w.asking())
	for i := range 10 {
		w.address.Store("2001:db8:0:1::" + strconv.Itoa(i))
		b.guess(t, shown, "alice", 1)
	}
	w.address.Store("2001:db8:0:1:ffff::1")
	if got := b.guess(t, shown, "alice", 1); got.status != http.StatusTooManyRequests {
		t.Errorf("the eleventh guess from one /64: %d", got.status)
	}
	w.address.Store("2001:db8:0:2::1")
	if got := b.guess(t, shown, "alice", 1); got.status != http.StatusBadRequest {
		t.Errorf("a guess from another /64: %d", got.status)
	}
}

func TestOfManyGuessesAtOnceNoMoreAreLookedAt(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	shown := b.get(t, w.asking())
	count := atOnce(40, func(int) int { return b.guess(t, shown, "alice", 1).status })
	looked := count[http.StatusBadRequest] + count[http.StatusServiceUnavailable] // the latter on a slow machine
	if looked != 10 || count[http.StatusTooManyRequests] != 30 {
		t.Errorf("statuses: %v, want 10 looked at", count)
	}
}

func TestCodesCannotBeGuessed(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	ask := b.password(t, b.get(t, w.asking("acr_values", mfa)), "sam")
	for range 5 {
		if got := b.fill(t, ask, "code", "000000"); got.status != http.StatusBadRequest {
			t.Fatalf("a wrong code: %d", got.status)
		}
	}
	if got := b.fill(t, ask, "code", w.code(t, "sam", 0)); got.status != http.StatusTooManyRequests {
		t.Errorf("after five wrong codes: %d", got.status)
	}
	w.wait(time.Second)
	if f := w.accessToken(t, b.fill(t, ask, "code", w.code(t, "sam", 0))); f.ACR != mfa {
		t.Errorf("after the pause: %+v", f)
	}
}

func TestThePasswordAloneBuysNoFurtherGuessesAtTheCode(t *testing.T) {
	w := newWorld(t)
	looked := 0
	for range 10 { // each time in a new browser, after a login with the password alone
		b := w.browser()
		b.password(t, b.get(t, w.asking()), "sam").back(t)
		ask := b.get(t, w.asking("acr_values", mfa))
		for range 5 {
			if got := b.fill(t, ask, "code", "000000"); got.status == http.StatusBadRequest {
				looked++
			}
		}
	}
	if looked > 10 { // five, and one for each pause that passes meanwhile
		t.Errorf("of 50 guesses in a row %d were looked at", looked)
	}
}

func TestABrowserWithTheSecondFactorIsNotSlowedDownByStrangersCodes(t *testing.T) {
	w := newWorld(t)
	home := w.browser()
	strong := w.asking("acr_values", mfa, "prompt", "login")
	w.accessToken(t, home.fill(t, home.password(t, home.get(t, strong), "sam"), "code", w.code(t, "sam", 0)))

	stranger := w.browser() // who knows the password
	ask := stranger.password(t, stranger.get(t, strong), "sam")
	for range 6 {
		stranger.fill(t, ask, "code", "000000")
	}
	if got := stranger.fill(t, ask, "code", w.code(t, "sam", 1)); got.status != http.StatusTooManyRequests {
		t.Fatalf("the stranger goes on: %d", got.status)
	}
	w.accessToken(t, home.fill(t, home.password(t, home.get(t, strong), "sam"), "code", w.code(t, "sam", 1)))
}
