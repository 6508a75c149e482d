package oidc

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"

	"innerdoor.example/identity/internal/store"
)

// jar makes and reads our cookies: HttpOnly, SameSite=Lax, for the issuer's path
// only, and Secure when the issuer is https.
type jar struct {
	prefix string
	secure bool
}

// What the cookies hold: handles, nothing else.
const (
	sessionCookie = "innerdoor_session"
	deviceCookie  = "innerdoor_device" // a browser in which somebody has logged in before
	formCookie    = "innerdoor_form"   // binds a form to the browser that it was shown in
)

const deviceCookieLife = 90 * 24 * 60 * 60 // seconds

func newJar(issuer *url.URL) jar {
	if issuer.Scheme == "https" {
		return jar{prefix: "__Secure-", secure: true}
	}
	return jar{}
}

// get returns the value of a cookie, or "".
func (j jar) get(r *http.Request, name string) string {
	cookie, err := r.Cookie(j.prefix + name)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// set adds a cookie to a header. maxAge is in seconds; 0 means until the browser is closed.
func (j jar) set(h http.Header, name, value string, maxAge int) {
	cookie := http.Cookie{Name: j.prefix + name, Value: value, Path: Path, MaxAge: maxAge,
		HttpOnly: true, Secure: j.secure, SameSite: http.SameSiteLaxMode}
	h.Add("Set-Cookie", cookie.String())
}

// formToken returns the token that a form shown in this browser carries, and the
// value for the browser's form cookie if it has none yet.
func (j jar) formToken(r *http.Request) (token, fresh string) {
	secret := j.get(r, formCookie)
	if secret == "" {
		secret = store.NewHandle()
		fresh = secret
	}
	return formMAC(secret), fresh
}

// ours says whether the form was shown by us in this very browser: another site can
// send a form with our cookie, but cannot know the token that belongs to it.
func (j jar) ours(r *http.Request, token string) bool {
	secret := j.get(r, formCookie)
	return secret != "" && hmac.Equal([]byte(formMAC(secret)), []byte(token))
}

func formMAC(secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("form"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
