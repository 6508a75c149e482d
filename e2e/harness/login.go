package harness

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/pquerna/otp/totp"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"innerdoor.example/e2e/cast"
)

// The authentication contexts of our identity.
const (
	acrPassword = "urn:innerdoor:acr:pwd"
	acrStrong   = "urn:innerdoor:acr:mfa"
)

// redirectURI is the demo client's; a loopback port of the client's own choice may
// be added (RFC 8252 §7.3). Nobody listens there: the driver only reads the answer.
const redirectURI = "http://127.0.0.1:9999/callback"

// logins keeps the tokens that were obtained, so that a second factor, which works
// once, is asked for once.
type logins struct {
	mu     sync.Mutex
	tokens map[login]*oauth2.Token
}

type login struct {
	account, scopes string
	strong          bool
}

// Token is an access token of the person, obtained by a real login: the
// authorization code flow through the login form, or client credentials. strong
// asks for the second factor. A token that is good for another minute is reused.
func (s *System) Token(ctx context.Context, p cast.Person, strong bool) (string, error) {
	s.logins.mu.Lock()
	defer s.logins.mu.Unlock()
	key := login{p.Account(), p.Scopes, strong}
	if t := s.logins.tokens[key]; t != nil && time.Until(t.Expiry) > time.Minute {
		return t.AccessToken, nil
	}
	obtain := s.byLogin
	if p.Client {
		obtain = s.byClientSecret
	}
	token, err := obtain(ctx, p, strong)
	if err != nil {
		return "", fmt.Errorf("%s cannot log in: %w", p.Name, err)
	}
	if s.logins.tokens == nil {
		s.logins.tokens = map[login]*oauth2.Token{}
	}
	s.logins.tokens[key] = token
	return token.AccessToken, nil
}

func (s *System) endpoint() oauth2.Endpoint {
	return oauth2.Endpoint{AuthURL: s.Origin + "/oidc/authorize", TokenURL: s.Origin + "/oidc/token"}
}

func (s *System) byClientSecret(ctx context.Context, p cast.Person, _ bool) (*oauth2.Token, error) {
	secret, ok := s.Secrets.Clients[p.Account()]
	if !ok {
		return nil, errors.New("no such client was seeded")
	}
	c := clientcredentials.Config{
		ClientID: secret.ID, ClientSecret: secret.Secret,
		TokenURL: s.endpoint().TokenURL, Scopes: strings.Fields(p.Scopes),
	}
	return c.Token(ctx)
}

func (s *System) byLogin(ctx context.Context, p cast.Person, strong bool) (*oauth2.Token, error) {
	secret, ok := s.Secrets.People[p.Account()]
	if !ok {
		return nil, errors.New("no such person was seeded")
	}
	client := oauth2.Config{
		ClientID: s.Secrets.Clients["demo"].ID, Endpoint: s.endpoint(),
		RedirectURL: redirectURI, Scopes: strings.Fields(p.Scopes),
	}
	verifier, state, acr := oauth2.GenerateVerifier(), rand.Text(), acrPassword
	if strong {
		acr = acrStrong
	}
	b := newBrowser()
	page, err := b.get(ctx, client.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier), oauth2.SetAuthURLParam("acr_values", acr)))
	if err != nil {
		return nil, err
	}
	if page, err = b.submit(ctx, page, url.Values{"username": {p.Account()}, "password": {secret.Password}}); err != nil {
		return nil, err
	}
	if page, err = b.secondFactor(ctx, page, secret.TOTP); err != nil {
		return nil, err
	}
	if page.callback == nil {
		return nil, fmt.Errorf("the login form was not accepted: %s", page.notice())
	}
	answer := page.callback.Query()
	if answer.Get("error") != "" || answer.Get("state") != state || answer.Get("iss") != s.Origin+"/oidc" {
		return nil, fmt.Errorf("the answer is not to our question: %s %s", answer.Get("error"), answer.Get("error_description"))
	}
	return client.Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(verifier))
}

// browser is a person's: it keeps cookies and follows redirects until one leads to
// the client.
type browser struct{ http *http.Client }

// page is what the browser shows, or where the client would be called back.
type page struct {
	at       *url.URL
	body     string
	callback *url.URL
}

func newBrowser() *browser {
	jar, _ := cookiejar.New(nil) // never fails without options
	return &browser{&http.Client{
		Jar: jar, Timeout: 30 * time.Second,
		CheckRedirect: func(r *http.Request, _ []*http.Request) error {
			if strings.HasPrefix(r.URL.String(), redirectURI) {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}}
}

func (b *browser) get(ctx context.Context, at string) (page, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return page{}, err
	}
	return b.show(r)
}

func (b *browser) show(r *http.Request) (page, error) {
	answer, err := b.http.Do(r)
	if err != nil {
		return page{}, err
	}
	defer answer.Body.Close()
	if to, err := answer.Location(); err == nil {
		return page{callback: to}, nil
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return page{}, err
	}
	if answer.StatusCode >= 500 || answer.StatusCode == http.StatusTooManyRequests {
		return page{}, fmt.Errorf("%s %s: %s", r.Method, r.URL.Path, answer.Status)
	}
	return page{at: answer.Request.URL, body: string(body)}, nil
}

var (
	formAction  = regexp.MustCompile(`<form method="post" action="([^"]*)"`)
	hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)
	noticeText  = regexp.MustCompile(`role="alert">([^<]*)<`)
	codeField   = regexp.MustCompile(`<input id="code"`)
)

func (p page) notice() string {
	if m := noticeText.FindStringSubmatch(p.body); m != nil {
		return html.UnescapeString(m[1])
	}
	return "the page has no notice"
}

// submit fills in the page's form, with its hidden fields, and posts it.
func (b *browser) submit(ctx context.Context, p page, fields url.Values) (page, error) {
	action := formAction.FindStringSubmatch(p.body)
	if action == nil {
		return page{}, fmt.Errorf("no form at %s", p.at)
	}
	for _, hidden := range hiddenField.FindAllStringSubmatch(p.body, -1) {
		fields.Set(html.UnescapeString(hidden[1]), html.UnescapeString(hidden[2]))
	}
	to, err := p.at.Parse(html.UnescapeString(action[1]))
	if err != nil {
		return page{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), strings.NewReader(fields.Encode()))
	if err != nil {
		return page{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", to.Scheme+"://"+to.Host)
	return b.show(r)
}

// secondFactor answers the form for a code as long as there is one. A code works
// once, so somebody who just logged in elsewhere takes the next one.
func (b *browser) secondFactor(ctx context.Context, p page, secret string) (page, error) {
	for _, ahead := range []time.Duration{0, 30 * time.Second} {
		if !codeField.MatchString(p.body) {
			return p, nil
		}
		code, err := totp.GenerateCode(secret, time.Now().Add(ahead))
		if err != nil {
			return page{}, err
		}
		if p, err = b.submit(ctx, p, url.Values{"code": {code}}); err != nil {
			return page{}, err
		}
	}
	if codeField.MatchString(p.body) {
		return page{}, fmt.Errorf("the second factor was not accepted: %s", p.notice())
	}
	return p, nil
}

// Fields are what an access token says. They are read and not verified: the harness
// is a client, and a client has no business believing them.
func Fields(token string) (map[string]any, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, errors.New("not a JWS in compact form")
	}
	text, err := decodeSegment(parts[1])
	if err != nil {
		return nil, err
	}
	var fields map[string]any
	return fields, json.Unmarshal(text, &fields)
}
