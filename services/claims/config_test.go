package main

import (
	"strings"
	"testing"

	"innerdoor.example/shared/ops"
)

func TestAllMistakesInTheSettingsAreNamedAtOnce(t *testing.T) {
	for name, value := range map[string]string{
		"INNER_ADDR": "nowhere", "ORDERS_URL": "http://orders/x", "TXN_JWKS": "", "DATA_DIR": "", "RECORD_RETENTION": "-1h",
		"WORKLOAD_CERT": "", "WORKLOAD_KEY": "", "TRUST_BUNDLE": "", "OPS_ADDR": "nowhere", "DEBUG": "all",
	} {
		t.Setenv(name, value)
	}
	var c config
	err := ops.Parse(&c)
	if err == nil {
		t.Fatal("no mistake was found")
	}
	for _, name := range []string{"INNER_ADDR", "ORDERS_URL", "TXN_JWKS", "DATA_DIR", "RECORD_RETENTION", "WORKLOAD_CERT", "WORKLOAD_KEY", "TRUST_BUNDLE", "OPS_ADDR", "DEBUG"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in:\n%v", name, err)
		}
	}
}
