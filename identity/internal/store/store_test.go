package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"innerdoor.example/identity/internal/store"
	"innerdoor.example/shared/web"
)

// open opens a store in which alice and the client demo exist.
func open(t *testing.T) (s *store.Store, dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data")
	s, err := store.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	_, err1 := s.AddPerson(t.Context(), store.Person{Subject: "alice", Tenant: "acme", Password: "hash", Scopes: "openid"}, false)
	_, err2 := s.AddClient(t.Context(), store.Client{ID: "demo", RedirectURIs: "http://127.0.0.1/callback", Scopes: "openid"}, false)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	return s, dir
}

// handles are one of each that alice can be given.
type handles struct{ session, ticket, code, device string }

func give(t *testing.T, s *store.Store, expires time.Time) handles {
	t.Helper()
	at := expires.UnixMilli()
	var h handles
	var errs [4]error
	h.session, errs[0] = s.AddSession(t.Context(), store.Session{Subject: "alice", ExpiresAt: at})
	h.ticket, errs[1] = s.AddTicket(t.Context(), store.Ticket{Subject: "alice", ExpiresAt: at})
	h.code, errs[2] = s.AddCode(t.Context(), store.Code{Subject: "alice", Client: "demo", ExpiresAt: at})
	h.device, errs[3] = s.AddDevice(t.Context(), "alice", expires)
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	return h
}

// valid counts how many of the handles are good for something. It spends the code.
func valid(t *testing.T, s *store.Store, h handles, now time.Time) (n int) {
	t.Helper()
	_, session := s.Session(t.Context(), h.session, now)
	_, ticket := s.Ticket(t.Context(), h.ticket, now)
	_, code := s.TakeCode(t.Context(), "demo", h.code, now)
	for _, err := range []error{session, ticket, code} {
		switch {
		case err == nil:
			n++
		case !errors.Is(err, store.ErrAbsent):
			t.Error(err)
		}
	}
	known, err := s.Knows(t.Context(), "alice", h.device, now)
	if err != nil {
		t.Error(err)
	}
	if known {
		n++
	}
	return n
}

func TestWhatWasHandedOutIsRefusedFromItsEndOn(t *testing.T) {
	s, _ := open(t)
	end := time.Now().Add(time.Hour)
	for name, c := range map[string]struct {
		now  time.Time
		want int
	}{
		"at its end":            {end, 0},
		"a millisecond earlier": {end.Add(-time.Millisecond), 4},
	} {
		if got := valid(t, s, give(t, s, end), c.now); got != c.want {
			t.Errorf("%s: %d of 4 are valid, want %d", name, got, c.want)
		}
	}
}

func TestSweepingDeletesWhatHasExpiredAndNothingElse(t *testing.T) {
	s, _ := open(t)
	now := time.Now()
	old, fresh := give(t, s, now), give(t, s, now.Add(time.Hour))
	if err := s.Sweep(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	before := now.Add(-time.Minute) // when the old ones were still good
	if got := valid(t, s, old, before); got != 0 {
		t.Errorf("%d of 4 are still there", got)
	}
	if got := valid(t, s, fresh, now); got != 4 {
		t.Errorf("only %d of 4 were kept", got)
	}
}

func TestMakingAPersonAnewEndsAllThatWasHandedOut(t *testing.T) {
	s, _ := open(t)
	end := time.Now().Add(time.Hour)
	kept, h := give(t, s, end), give(t, s, end)
	if got := valid(t, s, kept, time.Now()); got != 4 {
		t.Fatalf("before: %d of 4", got)
	}
	if added, err := s.AddPerson(t.Context(), store.Person{Subject: "alice", Tenant: "acme", Scopes: "openid"}, true); !added || err != nil {
		t.Fatal(added, err)
	}
	if got := valid(t, s, h, time.Now()); got != 0 {
		t.Errorf("after: %d of 4 are valid", got)
	}
}

func TestWhoReadsTheFilesCannotUseWhatWasHandedOut(t *testing.T) {
	s, dir := open(t)
	h := give(t, s, time.Now().Add(time.Hour))
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory: %v, %v", info.Mode(), err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	var all strings.Builder
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(raw)
	}
	for name, handle := range map[string]string{"session": h.session, "ticket": h.ticket, "code": h.code, "device": h.device} {
		if strings.Contains(all.String(), handle) || !strings.Contains(all.String(), store.Hash(handle)) {
			t.Errorf("the %s's handle is kept, or its hash is not", name)
		}
	}
}

func TestADatabaseThatIsGoneIsUnavailableNotAbsent(t *testing.T) {
	s, _ := open(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, reading := s.Person(t.Context(), "alice")
	_, writing := s.UseStep(t.Context(), "alice", 1)
	for _, err := range []error{reading, writing} {
		if problem, ok := errors.AsType[*web.Error](err); !ok || problem.Kind != web.Unavailable {
			t.Errorf("%v", err)
		}
	}
}
