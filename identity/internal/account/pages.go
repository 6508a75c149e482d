package account

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"net/url"

	"innerdoor.example/shared/web"
)

// Pages are what people see in their browsers: no script, nothing from elsewhere,
// and not to be framed.
type Pages struct {
	password, code, problem *template.Template
	action                  string // where the forms are sent
	policy                  string // Content-Security-Policy, without form-action
	origin                  string // our own, for form-action
}

// Form is what the two login forms show and carry.
type Form struct {
	Client   string // the application that is asking
	Redirect string // where the browser is sent after the login
	Request  string // the authorization request, as its query
	CSRF     string
	Name     string // the person's name, as far as it is known
	Ticket   string // of the code page
	Notice   string // what went wrong before; may be empty
}

//go:embed pages
var files embed.FS

// NewPages returns the pages whose forms are sent to the URL action.
func NewPages(action *url.URL) (*Pages, error) {
	css, err := files.ReadFile("pages/style.css")
	if err != nil {
		return nil, err
	}
	layout := template.New("layout.html").Funcs(template.FuncMap{"style": func() template.CSS { return template.CSS(css) }})
	if layout, err = layout.ParseFS(files, "pages/layout.html"); err != nil {
		return nil, err
	}
	hash := sha256.Sum256(css)
	p := &Pages{
		action: action.String(),
		origin: origin(action),
		policy: fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; img-src data:; base-uri 'none'; frame-ancestors 'none'",
			base64.StdEncoding.EncodeToString(hash[:])),
	}
	for file, page := range map[string]**template.Template{"password": &p.password, "code": &p.code, "problem": &p.problem} {
		if *page, err = template.Must(layout.Clone()).ParseFS(files, "pages/"+file+".html"); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Password is the page that asks for name and password.
func (p *Pages) Password(status int, f Form) (web.Reply, error) { return p.form(p.password, status, f) }

// Code is the page that asks for the code of the second factor.
func (p *Pages) Code(status int, f Form) (web.Reply, error) { return p.form(p.code, status, f) }

// Problem is the page for what cannot be told to the application that sent the
// browser, because nobody knows which one it is.
func (p *Pages) Problem(status int, title, text string) (web.Reply, error) {
	return p.render(p.problem, status, "'none'", struct{ Title, Text string }{title, text})
}

func (p *Pages) form(page *template.Template, status int, f Form) (web.Reply, error) {
	redirect, err := url.Parse(f.Redirect)
	if err != nil {
		return web.Reply{}, err
	}
	// The redirect's origin too: browsers hold the redirect after a form against form-action.
	return p.render(page, status, p.origin+" "+origin(redirect), struct {
		Form
		Action string
	}{f, p.action})
}

func (p *Pages) render(page *template.Template, status int, formAction string, data any) (web.Reply, error) {
	var body bytes.Buffer
	if err := page.Execute(&body, data); err != nil {
		return web.Reply{}, err
	}
	return web.Reply{Status: status, Raw: body.Bytes(), Header: http.Header{
		"Content-Type":               {"text/html; charset=utf-8"},
		"Content-Security-Policy":    {p.policy + "; form-action " + formAction},
		"Referrer-Policy":            {"no-referrer"},
		"X-Frame-Options":            {"DENY"},
		"Cross-Origin-Opener-Policy": {"same-origin"},
	}}, nil
}

func origin(u *url.URL) string { return u.Scheme + "://" + u.Host }
