package authn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	minRefresh   = 15 * time.Second // Cache-Control is clamped to these
	maxRefresh   = time.Hour
	cooldown     = 30 * time.Second // between two fetches that unknown key ids cause
	maxStale     = 24 * time.Hour   // a set is served for so long while its issuer is down
	fetchTimeout = 5 * time.Second
	waitTimeout  = 2 * time.Second // a request waits for a fetch no longer
	maxKeySet    = 256 << 10
)

// keySet holds one issuer's keys. Requests read them from memory; they are
// fetched in the background, and because of a request only when it names an
// unknown key: once for all who wait, and at most once a cooldown. A bad
// signature fetches nothing.
type keySet struct {
	issuer Issuer
	client *http.Client
	log    *slog.Logger
	count  func(result string) // fetches, for the metric

	good    atomic.Pointer[keys] // the last good set
	failing atomic.Bool          // the last fetch failed

	mu     sync.Mutex
	flight chan struct{} // closed when the fetch under way ends; nil when there is none
	forced time.Time     // when an unknown key last caused a fetch
}

type keys struct {
	byID    map[string]*key
	fetched time.Time
	maxAge  time.Duration
}

// find returns the key with this id. The error is ErrUnavailable when it cannot be
// known whether the issuer has one.
func (s *keySet) find(ctx context.Context, kid string) (*key, error) {
	if err := s.ready(); err != nil {
		return nil, err
	}
	if k := s.good.Load().byID[kid]; k != nil {
		return k, nil
	}
	if err := s.refreshFor(ctx); err != nil {
		return nil, err
	}
	if k := s.good.Load().byID[kid]; k != nil {
		return k, nil
	}
	if s.failing.Load() {
		return nil, fmt.Errorf("%w: key id unknown and the issuer cannot be asked", ErrUnavailable)
	}
	return nil, errors.New("key id unknown")
}

// current reports whether the issuer still has the key.
func (s *keySet) current(k *key) bool {
	set := s.good.Load()
	return set != nil && set.byID[k.jwk.KeyID] == k
}

// ready returns ErrUnavailable while no keys are known, or too old ones.
func (s *keySet) ready() error {
	if set := s.good.Load(); set == nil || time.Since(set.fetched) > maxStale {
		return fmt.Errorf("%w: the keys of issuer %s could not be fetched", ErrUnavailable, s.issuer.Alias)
	}
	return nil
}

// run keeps the set fresh until ctx ends.
func (s *keySet) run(ctx context.Context) {
	retry := time.Second
	for ctx.Err() == nil {
		s.mu.Lock()
		flight := s.start()
		s.mu.Unlock()
		select {
		case <-flight:
		case <-ctx.Done():
			return
		}
		pause := retry
		if s.failing.Load() {
			retry = min(2*retry, minRefresh)
		} else {
			pause, retry = s.good.Load().maxAge, time.Second
		}
		pause -= rand.N(pause / 10) // many gateways do not ask at the same moment
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

// refreshFor fetches because of an unknown key id, if that is due, and waits for
// any fetch under way.
func (s *keySet) refreshFor(ctx context.Context) error {
	s.mu.Lock()
	var flight <-chan struct{} = s.flight
	if flight == nil && time.Since(s.forced) >= cooldown {
		s.forced = time.Now() // claimed before the fetch, so that a slow one is not repeated
		flight = s.start()
	}
	s.mu.Unlock()
	if flight == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, waitTimeout)
	defer cancel()
	select {
	case <-flight:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: issuer %s is slow", ErrUnavailable, s.issuer.Alias)
	}
}

// start begins a fetch, or joins the one under way. The caller holds mu.
func (s *keySet) start() <-chan struct{} {
	if s.flight == nil {
		flight := make(chan struct{})
		s.flight = flight
		go func() {
			s.refresh()
			s.mu.Lock()
			s.flight = nil
			s.mu.Unlock()
			close(flight)
		}()
	}
	return s.flight
}

// refresh replaces the set by a good answer. The issuer's word is whole: keys
// that are not in it are gone, and every token verified by them with them.
func (s *keySet) refresh() {
	ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
	defer cancel()
	fresh, err := s.fetch(ctx)
	s.failing.Store(err != nil)
	if err != nil {
		s.count("failed")
		s.log.Warn("the issuer's keys could not be fetched", "issuer", s.issuer.Alias, "err", err)
		return
	}
	s.count("ok")
	if old := s.good.Load(); old != nil {
		for id, k := range fresh.byID {
			if same := old.byID[id]; same != nil && same.print == k.print && slices.Equal(same.algorithms, k.algorithms) {
				fresh.byID[id] = same // cached tokens are tied to the key they were verified by
			}
		}
	}
	s.good.Store(fresh)
}

func (s *keySet) fetch(ctx context.Context) (*keys, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.issuer.KeysURL, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	answer, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", answer.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxKeySet+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxKeySet {
		return nil, errors.New("the answer is larger than 256 KiB")
	}
	byID, err := parseKeys(body, s.issuer.Algorithms)
	if err != nil {
		return nil, err
	}
	return &keys{byID: byID, fetched: time.Now(), maxAge: maxAge(answer.Header.Get("Cache-Control"))}, nil
}

// maxAge reads RFC 9111 §5.2.2.1, clamped; without it the shortest pause holds.
func maxAge(cacheControl string) time.Duration {
	for directive := range strings.SplitSeq(cacheControl, ",") {
		value, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(directive)), "max-age=")
		if seconds, err := strconv.Atoi(value); ok && err == nil && seconds < int(maxRefresh/time.Second) {
			return max(minRefresh, time.Duration(seconds)*time.Second)
		} else if ok && err == nil {
			return maxRefresh
		}
	}
	return minRefresh
}
