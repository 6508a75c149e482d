package main

import (
	"bytes"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"innerdoor.example/e2e/cast"
	"innerdoor.example/e2e/harness"
)

func TestWhatTheDemoCannotDoItSaysInOneSentence(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	_, port, _ := net.SplitHostPort(busy.Addr().String())
	for name, c := range map[string]struct {
		args []string
		env  [2]string
		want string
	}{
		"a busy port":              {args: []string{"-port", port}, want: "port " + port + " of this machine cannot be had (listen tcp "},
		"a port that is none":      {args: []string{"-port", "http"}, want: `-port is a number from 1 to 65535, not "http"`},
		"an unknown person":        {args: []string{"-token", "carol"}, want: `nobody is called "carol"; the cast is alice, bob,`},
		"no person":                {args: []string{"-token", ""}, want: `whose token? make token AS=alice; the cast is alice, bob,`},
		"a token of no demo":       {args: []string{"-token", "alice"}, want: "no demo is running here; start one with make demo"},
		"no process":               {args: []string{"-restart", ""}, want: "which process? make dev P=claims; there are orders, claims, identity, gateway"},
		"an unknown process":       {args: []string{"-restart", "billing"}, want: `there is no process "billing"; there are orders, claims, identity, gateway`},
		"a process of no demo":     {args: []string{"-restart", "claims"}, want: "no demo is running here"},
		"a word too much":          {args: []string{"alice"}, want: `"alice" is not a flag`},
		"an end that is neither":   {env: [2]string{"DEMO_EXIT", "yes"}, want: `DEMO_EXIT is 1 or nothing, not "yes"`},
		"an unknown debug setting": {env: [2]string{"DEBUG", "all"}, want: `DEBUG is why or nothing, not "all"`},
		"a missing tool":           {env: [2]string{"PATH", ""}, want: "the go command is not on the PATH"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(repositoryOf(t))
			if c.env[0] != "" {
				t.Setenv(c.env[0], c.env[1])
			}
			var out bytes.Buffer
			err := run(t.Context(), c.args, &out)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("it says %q, want one sentence with %q", err, c.want)
			}
			if out.Len() > 0 {
				t.Errorf("it prints %q although it does nothing", &out)
			}
		})
	}
	t.Run("outside the repository", func(t *testing.T) {
		t.Chdir(t.TempDir())
		if err := run(t.Context(), nil, new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), "inside the repository") {
			t.Errorf("it says %v", err)
		}
	})
}

// repositoryOf is an empty one.
func repositoryOf(t *testing.T) string {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go.work"), []byte("go 1.26.0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestTwoDemosDoNotShareAFolder(t *testing.T) {
	h := home{dir: filepath.Join(t.TempDir(), ".run")}
	release, err := h.claim()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.claim(); err == nil || !strings.Contains(err.Error(), "running here already") {
		t.Errorf("the second demo is told %v", err)
	}
	if _, err := h.running(); err == nil || !strings.Contains(err.Error(), "still starting") {
		t.Errorf("whoever asks too early is told %v", err)
	}
	for name, text := range map[string]string{"state.json": `{"origin":"http://localhost:1"}`, "secrets.json": "{}"} {
		if err := os.WriteFile(h.path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if s, err := h.running(); err != nil || s.Origin != "http://localhost:1" {
		t.Errorf("the running demo is %v, %v", s, err)
	}
	release()
	if _, err := h.running(); !errors.Is(err, errNoDemo) {
		t.Errorf("after its end: %v", err)
	}
	if release, err = h.claim(); err != nil {
		t.Fatalf("the next demo: %v", err)
	}
	defer release()
	if _, err := os.Stat(h.path("secrets.json")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the next demo keeps the last one's secrets: %v", err)
	}
}

func TestAStepThatGoesOtherwiseIsNamed(t *testing.T) {
	st := step{by: as(cast.Alice), gateway: entered, service: allowed, status: 200, rule: "owner", shows: "acme"}
	good := seen{gateway: entered, service: allowed, record: record{Rule: "owner"}, answer: harness.Answer{Status: 200, Body: []byte("of acme")}}
	if wrong := st.compare(good); wrong != "" {
		t.Errorf("as expected, and still: %s", wrong)
	}
	for want, change := range map[string]func(*seen){
		`the answer is "404", not "200"`:         func(s *seen) { s.answer.Status = 404 },
		`the gateway is "401", not "entered"`:    func(s *seen) { s.gateway = "401" },
		`the service is "hidden", not "allowed"`: func(s *seen) { s.service = hidden },
		`the rule is "support", not "owner"`:     func(s *seen) { s.record.Rule = "support" },
		"the answer does not show acme":          func(s *seen) { s.answer.Body = []byte("of globex") },
		"connection reset":                       func(s *seen) { s.answer.Err = errors.New("connection reset") },
	} {
		got := good
		change(&got)
		if wrong := st.compare(got); wrong != want {
			t.Errorf("%q is told as %q", want, wrong)
		}
	}
	alert := step{gateway: unasked, service: unrecorded, shows: "certificate required"}
	for said, want := range map[string]string{"tls: certificate required": "", "connection refused": "connection refused"} {
		got := seen{gateway: unasked, service: unrecorded, answer: harness.Answer{Err: errors.New(said)}}
		if wrong := alert.compare(got); wrong != want {
			t.Errorf("a refused connection (%s) is told as %q, want %q", said, wrong, want)
		}
	}
	if err := (failures{played: 2, what: []string{"alice"}}).asError(); err == nil || !strings.Contains(err.Error(), "alice") {
		t.Errorf("the end says %v", err)
	}
	if err := (failures{played: 2}).asError(); err != nil {
		t.Errorf("a good end says %v", err)
	}
}

func TestTheTableFitsATerminalAndIsPlainInAFile(t *testing.T) {
	var out bytes.Buffer
	show, steps := newScreen(&out), 0
	for _, a := range acts {
		for _, st := range a.steps {
			steps++
			show.step(st, seen{service: st.service, gateway: st.gateway, answer: harness.Answer{Status: st.status},
				record: record{ID: strings.Repeat("0", 26), Rule: st.rule}}, "")
		}
	}
	if steps < 16 {
		t.Errorf("the play has %d steps only", steps)
	}
	for line := range strings.Lines(out.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 120 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("there are colours in a file")
	}
	show.colours = true
	if show.act("x"); !strings.Contains(out.String(), "\x1b[1mx\x1b[0m") {
		t.Error("there are no colours on a terminal")
	}
}
