package authn

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const maxToken = 8 << 10

// unverified is a token in the one form that we accept, before any key was
// looked at: nothing in it is believed yet.
type unverified struct {
	header struct {
		Alg     string `json:"alg"`
		Kid     string `json:"kid"`
		Typ     string `json:"typ"`
		X5t     string `json:"x5t"`      // some providers add the key's thumbprints; they are
		X5tS256 string `json:"x5t#S256"` // not looked at, since the key is found by its kid alone
	}
	payload map[string]jsontext.Value
}

// parse accepts the compact form only (RFC 7515 §3.1), in strict base64url, with
// one JSON object in each part: no duplicate names, no invalid UTF-8. A header
// parameter that is not listed is refused (jwk, jku, x5u, x5c, crit, …), so no
// token can say where its key comes from.
func parse(token string) (*unverified, error) {
	if len(token) > maxToken {
		return nil, errors.New("longer than 8 KiB")
	}
	if strings.Count(token, ".") != 2 {
		return nil, errors.New("not in compact form")
	}
	parts := strings.Split(token, ".")
	var u unverified
	if err := part(parts[0], &u.header, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	if err := part(parts[1], &u.payload); err != nil {
		return nil, fmt.Errorf("payload: %w", err)
	}
	if signature, err := decode(parts[2]); err != nil || len(signature) == 0 {
		return nil, errors.New("signature: missing or not strict base64url")
	}
	if u.header.Kid == "" {
		return nil, errors.New("kid is missing")
	}
	if u.header.Typ != "at+jwt" && u.header.Typ != "application/at+jwt" {
		return nil, errors.New("typ is not at+jwt") // RFC 9068 §4: keeps ID, logout and Txn-Tokens out
	}
	return &u, nil
}

func part(s string, into any, options ...json.Options) error {
	raw, err := decode(s)
	if err != nil {
		return errors.New("not strict base64url")
	}
	if err := json.Unmarshal(raw, into, options...); err != nil {
		return errors.New("not one strict JSON object of the right form") // the error would quote the token
	}
	return nil
}

// decode reads base64url as RFC 7515 §2 has it. Go's decoder skips CR and LF even
// when Strict, so they are refused here.
func decode(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, errors.New("line break")
	}
	return base64.RawURLEncoding.Strict().DecodeString(s)
}

// text returns a field that is a string of 1 to limit bytes.
func (u *unverified) text(name string, limit int) (string, error) {
	var s string
	if err := u.read(name, &s); err != nil {
		return "", err
	}
	if s == "" || len(s) > limit {
		return "", fmt.Errorf("%s is empty or too long", name)
	}
	return s, nil
}

// seconds returns a field that is a NumericDate (RFC 7519 §2) in whole seconds.
func (u *unverified) seconds(name string) (int64, error) {
	var n int64
	if err := u.read(name, &n); err != nil {
		return 0, err
	}
	if n < 0 || n > 1<<40 {
		return 0, fmt.Errorf("%s is out of range", name)
	}
	return n, nil
}

// list returns a field that is a string or a list of strings (RFC 7519 §4.1.3).
func (u *unverified) list(name string) ([]string, error) {
	if raw := u.payload[name]; raw.Kind() == '"' {
		var s string
		err := u.read(name, &s)
		return []string{s}, err
	}
	var l []string
	err := u.read(name, &l)
	return l, err
}

func (u *unverified) has(name string) bool {
	_, ok := u.payload[name]
	return ok
}

func (u *unverified) read(name string, into any) error {
	raw, ok := u.payload[name]
	if !ok {
		return fmt.Errorf("%s is missing", name)
	}
	if raw.Kind() == 'n' {
		return fmt.Errorf("%s is null", name)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s has the wrong form", name)
	}
	return nil
}
