package ops_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"innerdoor.example/shared/mtls"
	"innerdoor.example/shared/mtls/mtlstest"
	"innerdoor.example/shared/ops"
)

type Storage struct {
	Dir string `env:"DATA_DIR,required"`
}

func (s Storage) Validate() error {
	if s.Dir != "/var/claims" {
		return errors.New("DATA_DIR: no such directory")
	}
	return nil
}

type settings struct {
	Addr      string        `env:"INNER_ADDR,required"`
	Retention time.Duration `env:"RECORD_RETENTION" envDefault:"8760h"`
	Orders    string        `env:"ORDERS_URL"`
	Secret    string        `env:"CLIENT_SECRET"`
	Key       string        `env:"TXN_KEY"`
	Ops       ops.Settings
	MTLS      mtls.Settings
	Storage
}

func (s settings) Validate() error {
	return errors.Join(
		s.Storage.Validate(),
		errors.New("ORDERS_URL: not an https URL: "+s.Orders),
		errors.New("CLIENT_SECRET: too short: "+s.Secret),
		errors.New("TXN_KEY: no such file: "+s.Key),
	)
}

// set sets the environment to exactly these variables, of those that settings knows.
func set(t *testing.T, variables map[string]string) {
	t.Helper()
	for _, name := range []string{"INNER_ADDR", "RECORD_RETENTION", "ORDERS_URL", "CLIENT_SECRET", "TXN_KEY", "OPS_ADDR",
		"LOG_LEVEL", "DEBUG", "WORKLOAD_CERT", "WORKLOAD_KEY", "TRUST_BUNDLE", "DATA_DIR"} {
		t.Setenv(name, variables[name])
	}
}

func TestAllMistakesInTheSettingsAreListedAtOnceAndNoneShowsASecret(t *testing.T) {
	set(t, map[string]string{
		"RECORD_RETENTION": "a year",
		"ORDERS_URL":       "https://claims:hunter2@orders",
		"CLIENT_SECRET":    "open sesame",
		"TXN_KEY":          "-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----",
		"OPS_ADDR":         "9090",
		"LOG_LEVEL":        "loud",
		"DEBUG":            "yes",
		"WORKLOAD_CERT":    "/nowhere/cert.pem",
		"DATA_DIR":         "/elsewhere",
	})
	var s settings
	err := ops.Parse(&s)
	if err == nil {
		t.Fatal("parsed")
	}
	got := strings.Split(err.Error(), "\n")
	want := []string{
		"INNER_ADDR: not set",
		"RECORD_RETENTION: not a time.Duration: ",
		"LOG_LEVEL: not a slog.Level: ",
		"WORKLOAD_KEY: not set",
		"TRUST_BUNDLE: not set",
		"OPS_ADDR: not host:port: ",
		`DEBUG: only "why" is known`,
		"WORKLOAD_CERT: the file cannot be read: no such file or directory",
		"DATA_DIR: no such directory",
		"ORDERS_URL: not an https URL: https://***@orders",
		"CLIENT_SECRET: too short: ***",
		"TXN_KEY: no such file: ***",
	}
	if len(got) != len(want) {
		t.Errorf("want %d lines, got %d", len(want), len(got))
	}
	for n := range min(len(got), len(want)) {
		if !strings.HasPrefix(got[n], want[n]) {
			t.Errorf("line %d: want %q, got %q", n+1, want[n], got[n])
		}
	}
	for _, secret := range []string{"hunter2", "sesame", "MC4CAQAw"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the mistakes show %q", secret)
		}
	}
}

func TestGoodSettingsAreParsedWithTheirDefaults(t *testing.T) {
	identity := mtlstest.New(t).Settings(t, "claims")
	set(t, map[string]string{
		"DATA_DIR": "/var/claims", "DEBUG": "why",
		"WORKLOAD_CERT": identity.Cert, "WORKLOAD_KEY": identity.Key, "TRUST_BUNDLE": identity.Bundle,
	})
	var s struct {
		Ops  ops.Settings
		MTLS mtls.Settings
		Storage
	}
	if err := ops.Parse(&s); err != nil {
		t.Fatal(err)
	}
	if s.Ops.Addr != "127.0.0.1:9090" || !s.Ops.Why() || s.MTLS != identity || s.Dir != "/var/claims" {
		t.Errorf("got %+v", s)
	}
}
