package principal_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"innerdoor.example/shared/principal"
)

func TestTheZeroPrincipalProvesNothing(t *testing.T) {
	var nobody principal.Principal
	if nobody.Valid() || nobody.Anonymous() || nobody.SecondFactor() || nobody.HasScope("") || nobody.HasScope("claims:read") {
		t.Error("the zero Principal proves something")
	}
	if nobody.ID() != "" || nobody.Tenant() != "" || nobody.Peer() != "" || nobody.Txn() != "" || nobody.Token() != "" {
		t.Error("the zero Principal names something")
	}
	if nobody.String() != "nobody" {
		t.Errorf("the zero Principal is called %q", nobody)
	}
}

func TestAScopeIsHeldWholeOrNotAtAll(t *testing.T) {
	f := newForge(t)
	who := accepted(t, f, f.sign(t, alice()))
	for scope, want := range map[string]bool{
		"claims:read": true, "claims:write": true,
		"": false, "claims": false, "claims:rea": false, "claims:read ": false, "claims:read claims:write": false,
		"CLAIMS:READ": false, "claims:decide": false, ":read": false,
	} {
		if who.HasScope(scope) != want {
			t.Errorf("HasScope(%q) is not %v", scope, want)
		}
	}
}

func TestNoPrintedFormHoldsTheToken(t *testing.T) {
	f := newForge(t)
	token := f.sign(t, alice())
	who := accepted(t, f, token)
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("who", "who", who, "nested", struct{ Who principal.Principal }{who})
	fmt.Fprintf(&out, "%v %+v %#v %s", who, who, who, who)
	//lint:ignore SA9005 that nothing is encoded is what is tested
	encoded, err := json.Marshal(who)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(encoded)
	if !strings.Contains(out.String(), "home:alice through gateway") {
		t.Errorf("the log does not name her: %s", out.String())
	}
	if strings.Contains(out.String(), token[:20]) || strings.Contains(out.String(), token[len(token)-20:]) {
		t.Errorf("the token is in %s", out.String())
	}
}

func TestAskingAPrincipalAllocatesNothing(t *testing.T) {
	f := newForge(t)
	who := accepted(t, f, f.sign(t, alice()))
	allocations := testing.AllocsPerRun(100, func() {
		if who.ID() == "" || who.Tenant() == "" || !who.HasScope("claims:write") || !who.SecondFactor() || !who.Valid() {
			t.Error("alice is not herself")
		}
	})
	if allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}

func TestIDs(t *testing.T) {
	long := strings.Repeat("a", 128)
	for id, want := range map[string]bool{
		"": false, "alice": false, ":alice": false, "home:": false, "anonymous": false, "home:alice:x": false,
		"home:al ice": false, "home:alice\n": false, "home:alice\x00": false, "Home:alice": false, "home:älice": false,
		"home:" + long + "a": false, strings.Repeat("h", 33) + ":alice": false, "home/x:alice": false, "-:alice": false,
		"home:alice": true, "key:swift-1": true, "partner:legacy": true, "home:Alice|x@example.com+1_.-": true,
		"home:" + long: true,
	} {
		got, err := principal.ParseID(id)
		if (err == nil) != want || want && string(got) != id || !want && got != "" {
			t.Errorf("ParseID(%q) = %q, %v", id, got, err)
		}
	}
}

func TestTenants(t *testing.T) {
	for tenant, want := range map[string]bool{
		"": false, "-acme": false, "Acme": false, "ac me": false, "acme\n": false, "ac.me": false, strings.Repeat("a", 64): false,
		"acme": true, "a": true, "0": true, "acme-eu-1": true, strings.Repeat("a", 63): true,
	} {
		got, err := principal.ParseTenant(tenant)
		if (err == nil) != want || want && string(got) != tenant || !want && got != "" {
			t.Errorf("ParseTenant(%q) = %q, %v", tenant, got, err)
		}
	}
}

func TestNoTwoTransactionsShareAnID(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		txn := principal.NewTxn()
		if len(txn) < 26 || txn != strings.ToLower(txn) || seen[txn] {
			t.Fatalf("transaction %q", txn)
		}
		seen[txn] = true
	}
}
