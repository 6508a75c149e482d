package authn

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"

	"innerdoor.example/gateway/internal/issuertest"
)

func TestAnUnknownKeyIsFetchedOnceForAllWhoWait(t *testing.T) {
	i := issuertest.New(t)
	b := bearerOf(t, settingsOf(i))
	i.Rotate(t, true)
	token := "Bearer " + i.Token(t, nil)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := present(t, b, token); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := i.Fetches.Load(); n != 2 {
		t.Errorf("%d fetches, want 2: one at the start, one for the new key", n)
	}
}

func TestAStormOfBadTokensFetchesNothingAndARotationStillLands(t *testing.T) {
	i := issuertest.New(t)
	b := bearerOf(t, settingsOf(i))
	payload, _ := json.Marshal(i.Fields(nil))
	known, unknown := foreignKey(t, i.Key().KeyID), foreignKey(t, "never-heard-of")
	for range 200 {
		for _, key := range []jose.JSONWebKey{known, unknown} {
			if _, err := present(t, b, "Bearer "+issuertest.Sign(t, key, nil, payload)); !errors.Is(err, ErrRefused) {
				t.Fatal(err)
			}
		}
	}
	if n := i.Fetches.Load(); n != 2 {
		t.Fatalf("%d fetches, want 2: one at the start, one for 200 unknown key ids", n)
	}
	i.Rotate(t, true)
	fresh := "Bearer " + i.Token(t, nil)
	if _, err := present(t, b, fresh); !errors.Is(err, ErrRefused) {
		t.Fatalf("inside the cooldown: %v", err)
	}
	longAgo(b)
	if _, err := present(t, b, fresh); err != nil {
		t.Fatalf("after the cooldown: %v", err)
	}
}

func TestARemovedKeyIsRefusedAtOnceAndItsCachedTokensToo(t *testing.T) {
	i := issuertest.New(t)
	b := bearerOf(t, settingsOf(i))
	old := "Bearer " + i.Token(t, nil)
	if _, err := present(t, b, old); err != nil {
		t.Fatal(err)
	}
	i.Rotate(t, true)
	refresh(b)
	if _, err := present(t, b, old); err != nil {
		t.Fatalf("while its key is still published: %v", err)
	}
	i.Rotate(t, false)
	refresh(b)
	if _, err := present(t, b, old); !errors.Is(err, ErrRefused) {
		t.Fatalf("its key is gone: %v", err)
	}
	if _, err := present(t, b, "Bearer "+i.Token(t, nil)); err != nil {
		t.Fatal(err)
	}
}

func TestAKeyReplacedUnderTheSameIDIsAnotherKey(t *testing.T) {
	i := issuertest.New(t)
	b := bearerOf(t, settingsOf(i))
	old := "Bearer " + i.Token(t, nil)
	if _, err := present(t, b, old); err != nil {
		t.Fatal(err)
	}
	other := foreignKey(t, i.Key().KeyID)
	i.Answer(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{other.Public()}})
	})
	refresh(b)
	if _, err := present(t, b, old); !errors.Is(err, ErrRefused) {
		t.Fatal(err)
	}
}

func refresh(b *Bearer) {
	for _, s := range b.issuers {
		s.refresh()
	}
}

var badAnswers = map[string]http.HandlerFunc{
	"down":    func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) },
	"500":     func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) },
	"HTML":    func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>maintenance</html>") },
	"empty":   func(w http.ResponseWriter, _ *http.Request) {},
	"no keys": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"keys":[]}`) },
	"redirect": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://elsewhere.example/", http.StatusFound)
	},
	"truncated": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "9999")
		io.WriteString(w, `{"keys":[`)
	},
	"endless": func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"keys":[`)
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, strings.Repeat(" ", 64<<10)); err != nil {
				return
			}
		}
	},
	"65 keys": func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"keys":[`+strings.Repeat(`{},`, 64)+`{}]}`)
	},
}

func TestABadAnswerNeverReplacesAGoodSetAndIsNever401(t *testing.T) {
	for name, answer := range badAnswers {
		t.Run(name, func(t *testing.T) {
			i := issuertest.New(t)
			warm := bearerOf(t, settingsOf(i))
			i.Answer(answer)
			refresh(warm)
			if _, err := present(t, warm, "Bearer "+i.Token(t, nil)); err != nil {
				t.Errorf("warm, a known key: %v", err)
			}
			i.Rotate(t, true)
			if _, err := present(t, warm, "Bearer "+i.Token(t, nil)); !errors.Is(err, ErrUnavailable) {
				t.Errorf("warm, a key that cannot be asked for: %v", err)
			}
			cold := bearerOf(t, settingsOf(i))
			if _, err := present(t, cold, "Bearer "+i.Token(t, nil)); !errors.Is(err, ErrUnavailable) {
				t.Errorf("cold: %v", err)
			}
			if cold.Ready() == nil {
				t.Error("cold and ready")
			}
			i.Answer(nil)
			refresh(cold)
			if _, err := present(t, cold, "Bearer "+i.Token(t, nil)); err != nil || cold.Ready() != nil {
				t.Errorf("up again: %v, %v", err, cold.Ready())
			}
		})
	}
}

func TestABadKeyInTheSetHarmsNoOther(t *testing.T) {
	i := issuertest.New(t)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	good, _ := i.PublicKey().MarshalJSON()
	key := i.PublicKey()
	spelled := func(change func(k map[string]any)) string {
		var k map[string]any
		if err := json.Unmarshal(good, &k); err != nil {
			t.Fatal(err)
		}
		k["kid"] = "bad"
		change(k)
		return mustJSON(t, k)
	}
	weak, _ := (&jose.JSONWebKey{Key: &small.PublicKey, KeyID: "bad", Algorithm: "RS256"}).MarshalJSON()
	for name, bad := range map[string]string{
		"nonsense":       `{"kty":"XX"}`,
		"a number":       `7`,
		"for encryption": spelled(func(k map[string]any) { k["use"] = "enc" }),
		"wrong alg":      spelled(func(k map[string]any) { k["alg"] = "ES384" }),
		"wrong key_ops":  spelled(func(k map[string]any) { k["key_ops"] = []string{"encrypt"} }),
		"without kid":    spelled(func(k map[string]any) { delete(k, "kid") }),
		"RSA 1024":       string(weak),
		"symmetric":      `{"kty":"oct","k":"c2VjcmV0","kid":"bad","alg":"HS256"}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := settingsOf(i)
			s.Algorithms = []jose.SignatureAlgorithm{jose.ES256, jose.RS256}
			keys, err := parseKeys([]byte(fmt.Sprintf(`{"keys":[%s,%s]}`, bad, good)), s.Algorithms)
			if err != nil || len(keys) != 1 || keys[key.KeyID] == nil {
				t.Fatalf("got %d keys, %v; want the good one alone", len(keys), err)
			}
		})
	}
}

func TestTheIssuersMaxAgeIsClamped(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"":                             minRefresh,
		"no-store":                     minRefresh,
		"max-age=0":                    minRefresh,
		"max-age=-5":                   minRefresh,
		"public, Max-Age=30":           30 * time.Second,
		"max-age=99999999":             maxRefresh,
		"max-age=99999999999999999999": minRefresh,
	} {
		if got := maxAge(header); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}

// The background refresh, its retries and the end of trust in an old set, on a
// clock that the test moves.
func TestKeysAreRefreshedInTheBackground(t *testing.T) {
	i := issuertest.New(t)
	set, _ := json.Marshal(i.Public())
	synctest.Test(t, func(t *testing.T) {
		var up atomic.Bool
		var fetches atomic.Int64
		transport := roundTrip(func(*http.Request) (*http.Response, error) {
			fetches.Add(1)
			if !up.Load() {
				return nil, errors.New("down")
			}
			answer := httptest.NewRecorder()
			answer.Header().Set("Cache-Control", "max-age=30")
			answer.Write(set)
			return answer.Result(), nil
		})
		s := &keySet{issuer: settingsOf(i), client: &http.Client{Transport: transport}, log: slog.New(slog.DiscardHandler), count: func(string) {}}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { s.run(ctx); close(done) }()
		time.Sleep(10 * time.Second)
		if n := fetches.Load(); n < 3 || n > 6 || s.ready() == nil {
			t.Errorf("%d fetches in 10 s while down and cold (ready: %v)", n, s.ready())
		}
		up.Store(true)
		time.Sleep(20 * time.Second)
		if s.ready() != nil {
			t.Error("still not ready after the issuer came up")
		}
		fetches.Store(0)
		time.Sleep(5 * time.Minute)
		if n := fetches.Load(); n < 9 || n > 12 {
			t.Errorf("%d fetches in 5 minutes at max-age 30", n)
		}
		up.Store(false)
		time.Sleep(23 * time.Hour)
		if s.ready() != nil {
			t.Error("an issuer that is down for less than a day stops everybody")
		}
		time.Sleep(2 * time.Hour)
		if s.ready() == nil {
			t.Error("keys are believed for more than a day")
		}
		cancel()
		<-done
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
