package main

import (
	"strings"
	"testing"
)

// TestEveryWrongSettingIsNamedAtOnce, before anything listens.
func TestEveryWrongSettingIsNamedAtOnce(t *testing.T) {
	for name, value := range map[string]string{
		"INNER_ADDR": "nowhere", "TXN_JWKS": "absent.jwks", "RECORD_RETENTION": "-1h", "DATA_DIR": "absent",
		"WORKLOAD_CERT": "absent.pem", "WORKLOAD_KEY": "absent.pem", "TRUST_BUNDLE": "", "OPS_ADDR": "nowhere",
	} {
		t.Setenv(name, value)
	}
	err := run(t.Context(), "serve", nil)
	if err == nil {
		t.Fatal("it serves")
	}
	for _, name := range []string{"INNER_ADDR", "TXN_JWKS", "RECORD_RETENTION", "DATA_DIR", "WORKLOAD_CERT", "WORKLOAD_KEY", "TRUST_BUNDLE", "OPS_ADDR"} {
		if !strings.Contains(err.Error(), "\n"+name+":") {
			t.Errorf("%s is not named: %v", name, err)
		}
	}
}

func TestACommandThatIsNoneSaysWhichThereAre(t *testing.T) {
	err := run(t.Context(), "destroy", nil)
	if err == nil || !strings.Contains(err.Error(), `"destroy"`) || !strings.Contains(err.Error(), "seed -file") {
		t.Error(err)
	}
	t.Setenv("DATA_DIR", t.TempDir())
	for _, args := range [][]string{
		{"-tenant", "acme", "-subject", "home:tom", "-role", "king"},
		{"-tenant", "acme", "-subject", "tom", "-role", "admin"},
		{"-subject", "home:tom", "-role", "admin"},
	} {
		if err := run(t.Context(), "staff", args); err == nil {
			t.Errorf("%q made somebody staff", args)
		}
	}
	if err := run(t.Context(), "staff", []string{"-tenant", "acme", "-subject", "home:tom", "-role", "admin"}); err != nil {
		t.Error(err)
	}
	if err := run(t.Context(), "seed", []string{"-file", "seed.yaml"}); err != nil {
		t.Error(err)
	}
	if err := run(t.Context(), "seed", []string{"-file", "absent.yaml"}); err == nil {
		t.Error("an absent file was seeded")
	}
}
