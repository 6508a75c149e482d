package edge

import (
	"net/http"
	"strconv"
	"time"

	"innerdoor.example/gateway/internal/ratelimit"
	"innerdoor.example/shared/web"
)

// limiter is a ratelimit.Limiter that tells clients about itself in the fields of
// draft-ietf-httpapi-ratelimit-headers-10.
type limiter[K comparable] struct {
	*ratelimit.Limiter[K]
	layer  string // "address", "failures", "caller": the metric's label
	name   string // the policy's name, quoted
	policy string // RateLimit-Policy
}

func newLimiter[K comparable](layer, name string, limit ratelimit.Limit) limiter[K] {
	name = strconv.Quote(name)
	return limiter[K]{
		Limiter: ratelimit.New[K](limit),
		layer:   layer,
		name:    name,
		policy:  name + ";q=" + strconv.Itoa(limit.Count) + ";w=" + strconv.Itoa(int(limit.Window/time.Second)),
	}
}

// tell puts the verdict into the answer's fields.
func (l limiter[K]) tell(v ratelimit.Verdict, answer http.Header) {
	answer["Ratelimit-Policy"] = []string{l.policy}
	answer["Ratelimit"] = []string{l.name + ";r=" + strconv.Itoa(v.Remaining) + ";t=" + strconv.Itoa(seconds(v.Reset))}
}

// seconds rounds up.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// charge uses the limit once for the key. A refusal tells the client when to come
// back, and whatever announce says, under which limit.
func charge[K comparable](e *Edge, l limiter[K], key K, x *Exchange, announce bool) error {
	v := l.Take(key)
	if announce || !v.OK {
		l.tell(v, x.Answer)
	}
	if v.OK {
		return nil
	}
	e.metrics.limited.WithLabelValues(l.layer).Inc()
	return &web.Error{Kind: web.TooMany, RetryAfter: max(v.Retry, time.Second)}
}
