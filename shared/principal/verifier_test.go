package principal_test

import (
	"encoding/base64"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"innerdoor.example/shared/principal"
)

func TestMalloryMakesNoTokenOfHerOwn(t *testing.T) {
	gateway, mallory := newForge(t), newForge(t)
	for name, token := range map[string]string{
		"nothing":                        "",
		"signed with her own key":        mallory.sign(t, alice()),
		"her key under the gateway's id": mallory.raw(gateway.header(""), string(marshal(t, gateway.payload(t)))),
	} {
		refused(t, gateway, name, token)
	}
	accepted(t, gateway, gateway.sign(t, alice()))
}

func TestTheHeaderIsComparedAndNotParsed(t *testing.T) {
	f := newForge(t)
	payload := string(marshal(t, f.payload(t)))
	kid := f.signer.Public().KeyID
	for name, header := range map[string]string{
		"alg none":             `{"typ":"txntoken+jwt","alg":"none","kid":"` + kid + `"}`,
		"alg HS256":            `{"typ":"txntoken+jwt","alg":"HS256","kid":"` + kid + `"}`,
		"alg Ed25519":          `{"typ":"txntoken+jwt","alg":"Ed25519","kid":"` + kid + `"}`,
		"an access token":      `{"typ":"at+jwt","alg":"EdDSA","kid":"` + kid + `"}`,
		"an ID token":          `{"typ":"JWT","alg":"EdDSA","kid":"` + kid + `"}`,
		"no typ":               `{"alg":"EdDSA","kid":"` + kid + `"}`,
		"no kid":               `{"typ":"txntoken+jwt","alg":"EdDSA"}`,
		"another kid":          `{"typ":"txntoken+jwt","alg":"EdDSA","kid":"` + strings.Repeat("A", 43) + `"}`,
		"crit":                 f.header(`,"crit":["b64"],"b64":false`),
		"jwk":                  f.header(`,"jwk":{"kty":"OKP"}`),
		"jku":                  f.header(`,"jku":"https://mallory.example/keys"`),
		"x5c":                  f.header(`,"x5c":["MIIB"]`),
		"the same, with space": strings.Replace(f.header(""), ",", ", ", 1),
		"the same, reordered":  `{"alg":"EdDSA","typ":"txntoken+jwt","kid":"` + kid + `"}`,
		"a member twice":       f.header(`,"alg":"EdDSA"`),
		"empty":                "",
	} {
		refused(t, f, name, f.raw(header, payload))
	}
	accepted(t, f, f.raw(f.header(""), payload))
}

func TestATokenHasOneSpelling(t *testing.T) {
	f := newForge(t)
	token := f.sign(t, alice())
	part := strings.Split(token, ".")
	for name, spelled := range map[string]string{
		"line feed in the header":    part[0] + "\n." + part[1] + "." + part[2],
		"line feed in the signature": part[0] + "." + part[1] + "." + part[2][:40] + "\n" + part[2][40:],
		"carriage return at the end": token + "\r",
		"space before":               " " + token,
		"tab after":                  token + "\t",
		"padded signature":           token + "==",
		"standard alphabet":          part[0] + "." + part[1] + "." + standard(t, part[2]),
		"loose last bits":            token[:len(token)-1] + loose(token[len(token)-1]),
		"a fourth part":              token + ".x",
		"an empty fourth part":       token + ".",
		"an empty first part":        "." + token,
		"no signature":               part[0] + "." + part[1] + ".",
		"two parts":                  part[0] + "." + part[1],
		"one part":                   part[0],
		"short signature":            part[0] + "." + part[1] + "." + b64(strings.Repeat("s", 63)),
		"long signature":             part[0] + "." + part[1] + "." + part[2] + "AAAA",
		"two tokens in one header":   token + ", " + token,
		"JSON serialization":         `{"protected":"` + part[0] + `","payload":"` + part[1] + `","signature":"` + part[2] + `"}`,
		"bearer in front":            "Bearer " + token,
	} {
		refused(t, f, name, spelled)
	}
	accepted(t, f, token)
}

// The signature is good here: a line break that Go's base64 would skip is signed.
func TestASignedLineBreakIsRefusedToo(t *testing.T) {
	f := newForge(t)
	payload := b64(string(marshal(t, f.payload(t))))
	for _, breaks := range []string{"\n", "\r", "\r\n"} {
		refused(t, f, fmt.Sprintf("%q in the payload", breaks), f.signed(f.header(""), payload[:8]+breaks+payload[8:]))
	}
	refused(t, f, "padding in the payload", f.signed(f.header(""), payload+"="))
	accepted(t, f, f.signed(f.header(""), payload))
}

func TestWhatATokenMustSay(t *testing.T) {
	f := newForge(t)
	with := func(context map[string]any) map[string]any {
		tctx := f.payload(t)["tctx"].(map[string]any)
		for name, value := range context {
			tctx[name] = value
		}
		return map[string]any{"tctx": tctx}
	}
	iat := now.Unix()
	for name, change := range map[string]map[string]any{
		"no issuer":                   {"iss": nil},
		"another issuer":              {"iss": "spiffe://innerdoor.internal/claims"},
		"an issuer's other case":      {"iss": "spiffe://innerdoor.internal/Gateway"},
		"no audience":                 {"aud": nil},
		"a foreign audience":          {"aud": "elsewhere.internal"},
		"an audience among others":    {"aud": []string{principal.TrustDomain, "elsewhere.internal"}},
		"no iat":                      {"iat": nil},
		"no exp":                      {"exp": nil},
		"null exp":                    {"exp": map[string]any(nil)},
		"exp before iat":              {"exp": iat - 1},
		"no lifetime":                 {"exp": iat},
		"61 seconds":                  {"exp": iat + 61},
		"exp before iat, in the skew": {"iat": iat + 4, "exp": iat + 2},
		"a century":                   {"exp": iat + 3_155_760_000},
		"exp overflows":               {"iat": -9_000_000_000_000_000_000, "exp": 9_000_000_000_000_000_000},
		"negative iat":                {"iat": -30, "exp": 30},
		"exp as text":                 {"exp": fmt.Sprint(iat + 60)},
		"exp as a float":              {"exp": float64(iat) + 60.5},
		"no subject":                  {"sub": nil},
		"a subject without issuer":    {"sub": "alice"},
		"a subject with a space":      {"sub": "home:alice smith"},
		"a subject with a line feed":  {"sub": "home:alice\n"},
		"a subject of 129":            {"sub": "home:" + strings.Repeat("a", 129)},
		"a list of subjects":          {"sub": []string{"home:alice", "home:bob"}},
		"no txn":                      {"txn": nil},
		"a txn with a space":          {"txn": "txn 1"},
		"a txn of 65":                 {"txn": strings.Repeat("t", 65)},
		"two spaces in scope":         {"scope": "claims:read  claims:write"},
		"a quote in scope":            {"scope": `claims:"read"`},
		"scope as a list":             {"scope": []string{"claims:read"}},
		"no requesting workload":      {"req_wl": nil},
		"a workload with a slash":     {"req_wl": "gateway/x"},
		"no context":                  {"tctx": nil},
		"no tenant":                   with(map[string]any{"tenant": ""}),
		"two tenants":                 with(map[string]any{"tenant": "acme globex"}),
		"a tenant in capitals":        with(map[string]any{"tenant": "ACME"}),
		"no credential":               with(map[string]any{"credential": ""}),
		"an unknown credential":       with(map[string]any{"credential": "magic"}),
		"alice as anonymous":          with(map[string]any{"credential": "anonymous"}),
		"alice as anonymous, bare":    {"scope": nil, "tctx": map[string]any{"credential": "anonymous"}},
		"anonymous as bearer":         {"sub": "anonymous"},
		"second factor as text":       with(map[string]any{"second_factor": "true"}),
		"an address with a port":      {"rctx": map[string]any{"address": "192.0.2.7:1234"}},
	} {
		refused(t, f, name, f.changed(t, change))
	}
	accepted(t, f, f.changed(t, nil))
	accepted(t, f, f.changed(t, map[string]any{"from_a_later_release": true}))
	refused(t, f, "more than a header holds", f.changed(t, map[string]any{"later": strings.Repeat("x", 8<<10)}))
}

func TestThePayloadIsOneJSONObject(t *testing.T) {
	f := newForge(t)
	payload := string(marshal(t, f.payload(t)))
	inside := strings.TrimSuffix(payload, "}")
	for name, body := range map[string]string{
		"a member twice":               inside + `,"sub":"home:bob"}`,
		"a member twice, escaped":      inside + `,"s\u0075b":"home:bob"}`,
		"a member twice, deeper":       strings.Replace(payload, `"tctx":{`, `"tctx":{"tenant":"globex",`, 1),
		"a member twice, unknown":      inside + `,"later":{"a":1,"a":2}}`,
		"a second document":            payload + payload,
		"trailing text":                payload + "x",
		"an array":                     "[" + payload + "]",
		"null":                         "null",
		"nothing":                      "",
		"invalid UTF-8":                strings.Replace(payload, "demo", "de\xffmo", 1),
		"a lone surrogate":             strings.Replace(payload, "demo", `de\ud800mo`, 1),
		"a comment":                    payload + "/* */",
		"only members in another case": strings.Replace(payload, `"sub"`, `"SUB"`, 1),
	} {
		refused(t, f, name, f.raw(f.header(""), body))
	}
	other := f.raw(f.header(""), inside+`,"SUB":"home:bob"}`)
	if who := accepted(t, f, other); who.ID() != "home:alice" {
		t.Errorf("another case of sub named the caller: %s", who.ID())
	}
}

func TestATokenLivesForAMinute(t *testing.T) {
	f := newForge(t)
	token := f.sign(t, alice())
	for _, step := range []struct {
		name string
		at   time.Duration
		ok   bool
	}{
		{"long before it was made", -6 * time.Second, false},
		{"the gateway's clock a little ahead", -5 * time.Second, true},
		{"at once", 0, true},
		{"in its last second, out of the cache", 59 * time.Second, true},
		{"at its end, out of the cache", 60 * time.Second, false},
		{"a day later", 24 * time.Hour, false},
		{"the clock set back", time.Second, true},
	} {
		who, err := f.verifier.Verify(token, "gateway", now.Add(step.at))
		if (err == nil) != step.ok || who.Valid() != step.ok {
			t.Errorf("%s: valid %v, error %v, want ok %v", step.name, who.Valid(), err, step.ok)
		}
	}
	fresh := newForge(t)
	if _, err := fresh.verifier.Verify(fresh.sign(t, alice()), "gateway", now.Add(60*time.Second)); err == nil {
		t.Error("an expired token was accepted that was never seen before")
	}
}

func TestAliceIsProvedWithAllThatTheGatewaySaid(t *testing.T) {
	f := newForge(t)
	token := f.sign(t, alice())
	who := accepted(t, f, token)
	if got := who.Fields(); !reflect.DeepEqual(got, alice()) {
		t.Errorf("fields\n got %+v\nwant %+v", got, alice())
	}
	if who.ID() != "home:alice" || who.Tenant() != "acme" || who.Txn() != "txn-1" || who.Token() != token {
		t.Errorf("accessors: %s %s %s", who.ID(), who.Tenant(), who.Txn())
	}
	if !who.SecondFactor() || who.Anonymous() || who.Scope() != "claims:read claims:write" {
		t.Errorf("second factor %v, anonymous %v, scope %q", who.SecondFactor(), who.Anonymous(), who.Scope())
	}
	who.Fields().Context.AMR[0] = "changed"
	if who.Fields().Context.AMR[0] != "pwd" {
		t.Error("a copy of the fields reaches into the proof")
	}
}

func TestThePeerIsNeverCachedWithTheToken(t *testing.T) {
	f := newForge(t)
	token := f.sign(t, alice())
	for _, peer := range []principal.Workload{"gateway", "claims", "gateway"} {
		who, err := f.verifier.Verify(token, peer, now)
		if err != nil || who.Peer() != peer {
			t.Errorf("through %s: peer %q, error %v", peer, who.Peer(), err)
		}
	}
	if who, err := f.verifier.Verify(token, "", now); err == nil || who.Valid() {
		t.Error("a token that nobody presents was accepted")
	}
}

func TestAProvedTokenIsNotProvedAgain(t *testing.T) {
	f := newForge(t)
	token := f.sign(t, alice())
	accepted(t, f, token)
	if n := testing.AllocsPerRun(10, func() { accepted(t, f, token) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestNobodyInParticularIsProvedToo(t *testing.T) {
	f := newForge(t)
	who := accepted(t, f, f.sign(t, anonymous()))
	if !who.Anonymous() || who.Tenant() != "" || who.HasScope("") || who.SecondFactor() {
		t.Errorf("anonymous: %v", who.Fields())
	}
}

func accepted(t testing.TB, f *forge, token string) principal.Principal {
	t.Helper()
	who, err := f.verifier.Verify(token, "gateway", now)
	if err != nil || !who.Valid() {
		t.Errorf("the honest token was refused: %v", err)
	}
	return who
}

// refused also looks at what the error tells: never a part of the token.
func refused(t testing.TB, f *forge, name, token string) {
	t.Helper()
	for range 2 { // a refusal is not cached as anything else
		who, err := f.verifier.Verify(token, "gateway", now)
		if err == nil || who.Valid() || who.ID() != "" {
			t.Errorf("%s: accepted", name)
			return
		}
		if strings.Contains(err.Error(), "alice") || len(token) > 20 && strings.Contains(err.Error(), token[len(token)-20:]) {
			t.Errorf("%s: the error tells of the token: %v", name, err)
		}
	}
}

func standard(t testing.TB, part string) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	spelled := base64.StdEncoding.EncodeToString(raw)
	return spelled
}

// loose spells the last character with other unused bits: a 64-byte signature ends
// in a character of which only two bits count.
func loose(last byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, last)|1])
}
