package harness

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"innerdoor.example/e2e/cast"
)

// Caller asks the system things as one person.
type Caller struct {
	s      *System
	person cast.Person
	strong bool
	origin string
	header http.Header
	nobody bool
}

// As is the person, logged in as the cast says: with a second factor if they have one.
func (s *System) As(p cast.Person) *Caller {
	return &Caller{s: s, person: p, strong: p.TOTP, origin: s.Origin, header: http.Header{}}
}

// Anyone shows no credential.
func (s *System) Anyone() *Caller {
	return &Caller{s: s, nobody: true, origin: s.Origin, header: http.Header{}}
}

// Weak is the same person, logged in with the password only.
func (c Caller) Weak() *Caller { c.strong = false; return &c }

// At is the same person at another gateway of the same system, which must serve
// the same host.
func (c Caller) At(origin string) *Caller { c.origin = origin; return &c }

// With is the same person, with one more line in the request's header. The name is
// sent as it is given.
func (c Caller) With(name, value string) *Caller {
	c.header = c.header.Clone()
	c.header[name] = append(c.header[name], value)
	return &c
}

// String is who asks, for failures.
func (c *Caller) String() string {
	switch {
	case c.nobody:
		return "nobody in particular"
	case c.person.TOTP && !c.strong:
		return c.person.Name + " (password only)"
	}
	return c.person.Name
}

// Answer is what came back. Status 0 says that nothing did; Err says why.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	Err    error
}

// Txn is the id of the request's way through the system.
func (a Answer) Txn() string { return a.Header.Get("Txn-Id") }

// JSON reads the body into v.
func (a Answer) JSON(v any) error {
	if a.Err != nil {
		return a.Err
	}
	return json.Unmarshal(a.Body, v)
}

// String is the answer in short, for failures.
func (a Answer) String() string {
	if a.Err != nil {
		return a.Err.Error()
	}
	return fmt.Sprintf("%d %s", a.Status, bytes.TrimSpace(a.Body))
}

// Get asks for a path of the origin.
func (c *Caller) Get(path string) Answer { return c.Do(http.MethodGet, path, nil) }

// client is the clients' side of every public request: redirects are answers.
var client = &http.Client{
	Timeout:       30 * time.Second,
	Transport:     &http.Transport{MaxIdleConnsPerHost: 64},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// Do sends one request, with body as JSON: nil sends none, and a []byte is sent as it is.
func (c *Caller) Do(method, path string, body any) Answer {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r, err := request(ctx, method, c.origin+path, body)
	if err != nil {
		return Answer{Err: err}
	}
	for name, values := range c.header {
		r.Header[name] = values
	}
	if c.origin != c.s.Origin {
		r.Host = hostOf(c.s.Origin)
	}
	if !c.nobody {
		token, err := c.s.Token(ctx, c.person, c.strong)
		if err != nil {
			return Answer{Err: err}
		}
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return send(client, r)
}

func request(ctx context.Context, method, url string, body any) (*http.Request, error) {
	var content io.Reader
	switch b := body.(type) {
	case nil:
	case []byte:
		content = bytes.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, url, content)
	if err == nil && content != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return r, err
}

func send(by *http.Client, r *http.Request) Answer {
	answer, err := by.Do(r)
	if err != nil {
		return Answer{Err: err, Header: http.Header{}}
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return Answer{Status: answer.StatusCode, Header: answer.Header, Body: body, Err: err}
}

func decodeSegment(s string) ([]byte, error) { return base64.RawURLEncoding.DecodeString(s) }
