// Package source is what must be true of the repository itself: who imports whom, and that
// the docs show and the guides do what they say.
package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const home = "innerdoor.example/"

// modules are all modules of the workspace, by their folder.
var modules = []string{"shared", "gateway", "identity", "services/claims", "services/orders", "e2e"}

// A ban says what some packages must not reach, and why. A package is matched
// by itself or by a folder above it.
type ban struct {
	who    string // packages whose imports are looked at; empty: all of ours
	except []string
	direct bool // only what they import themselves; else all they link
	what   []string
	why    string
}

var bans = []ban{
	{who: "gateway", what: []string{"modernc.org/sqlite", "github.com/jackc/pgx", "github.com/pressly/goose/v3"},
		why: "the gateway owns no data: whoever can reach a database will sooner or later decide with it"},
	{who: "gateway", what: []string{home + "shared/authz", home + "shared/door", home + "shared/audit", home + "shared/database"},
		why: "the gateway decides whether a request may enter, never whether it may succeed"},
	{who: "gateway", what: []string{home + "services", home + "identity"},
		why: "the gateway knows services by their address only"},
	{who: "services", what: []string{"github.com/coreos/go-oidc/v3", home + "gateway", home + "identity"},
		why: "services trust the Txn-Token; the client's own credential never goes inside"},
	{who: "services/claims", what: []string{home + "services/orders"}, why: "services meet over mTLS, not in one binary"},
	{who: "services/orders", what: []string{home + "services/claims"}, why: "services meet over mTLS, not in one binary"},
	{who: "identity", what: []string{"github.com/coreos/go-oidc/v3", home + "gateway", home + "services", home + "shared/door", home + "shared/audit"},
		why: "identity says who is who; it verifies nothing for others and decides nothing about their data"},
	{who: "shared", what: []string{home + "gateway", home + "identity", home + "services", home + "e2e"},
		why: "shared is what both sides agree on; it knows neither side"},
	{who: "services", except: []string{"/internal/store"}, direct: true,
		what: []string{home + "shared/database", home + "shared/door"},
		why:  "only the store opens the door: whoever opens the file has another one"},
	{who: "services", except: []string{"/internal/store", "/internal/ordersclient", "/internal/api"}, direct: true,
		what: []string{"database/sql", "net/http"},
		why:  "policy and noun are pure: no SQL, no HTTP"},
	{who: "services/claims/internal/policy", what: []string{"database/sql", "net/http", "modernc.org/sqlite"}, why: "a policy is a pure function"},
	{who: "services/orders/internal/policy", what: []string{"database/sql", "net/http", "modernc.org/sqlite"}, why: "a policy is a pure function"},
	{who: "shared/principal", what: []string{home + "shared/authz", home + "shared/web"}, why: "principal imports nothing of ours"},
	{who: "shared/authz", except: []string{"/cedartest"}, what: []string{home + "shared/principal", home + "shared/web", "net/http", "database/sql"}, why: "the kernel is pure and imports nothing of ours"},
	{who: "shared/web", what: []string{home + "shared/authz", home + "shared/door", "database/sql"}, why: "door makes web's errors, never the other way round: else the gateway would link policy and SQL"},
	{who: "e2e", what: []string{home + "services", home + "gateway", home + "identity", home + "shared/door", home + "shared/authz", home + "shared/principal"},
		why: "the proof is a black box: it speaks HTTP only"},
	{except: []string{"/cedartest"}, what: []string{"github.com/cedar-policy/cedar-go"}, why: "the second witness is asked by tests, and decides nothing"},
	{except: []string{"/postgrestest"}, what: []string{"github.com/jackc/pgx"}, why: "the product runs on SQLite; only tests start another engine"},
	{except: []string{"/cedartest", "/doortest", "/postgrestest", "/servetest", "/mtlstest", "/principaltest", "/issuertest"}, what: []string{"testing"},
		why: "what helps tests, such as making a principal of nothing, is in no product"},
}

type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
	DepsErrors []struct{ Err string }
}

// list asks cmd/go for the packages of one module and what they link, without
// test files.
func list(t *testing.T, module string) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps=false", "-json=ImportPath,Imports,Deps,DepsErrors", "./...")
	cmd.Dir = filepath.Join("..", "..", filepath.FromSlash(module))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list in %s: %v\n%s", module, err, &stderr)
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		t.Fatalf("go list found no package in %s", module)
	}
	return all
}

func below(pkg, prefix string) bool {
	return pkg == prefix || strings.HasPrefix(pkg, strings.TrimSuffix(prefix, "/")+"/")
}

// broken returns one sentence for each import that the ban forbids.
func (b ban) broken(p listed) []string {
	if !below(p.ImportPath, home+b.who) {
		return nil
	}
	// main wires everything together: it may import what its parts may.
	isMain := b.direct && (p.ImportPath == home+"services/claims" || p.ImportPath == home+"services/orders")
	if isMain || slices.ContainsFunc(b.except, func(part string) bool { return strings.Contains(p.ImportPath, part) }) {
		return nil
	}
	reached := p.Deps
	if b.direct {
		reached = p.Imports
	}
	var found []string
	for _, dep := range reached {
		if slices.ContainsFunc(b.what, func(w string) bool { return below(dep, w) }) {
			found = append(found, fmt.Sprintf("%s reaches %s: %s", p.ImportPath, dep, b.why))
		}
	}
	return found
}

func TestNoPackageReachesWhatItMustNotKnow(t *testing.T) {
	looked := make([]int, len(bans))
	for _, module := range modules {
		for _, p := range list(t, module) {
			for i, b := range bans {
				if below(p.ImportPath, home+b.who) {
					looked[i]++
				}
				for _, sentence := range b.broken(p) {
					t.Error(sentence)
				}
			}
		}
	}
	for i, n := range looked {
		if n == 0 {
			t.Errorf("the ban on %s looked at no package: it can no longer fail", bans[i].who)
		}
	}
}

// A ban that cannot fail proves nothing.
func TestABanSeesAForbiddenImport(t *testing.T) {
	for _, b := range bans {
		p := listed{ImportPath: home + b.who + "/internal/x", Imports: b.what[:1], Deps: b.what[:1]}
		if len(b.broken(p)) == 0 {
			t.Errorf("the ban on %s (%s) does not see %s", b.who, b.why, b.what[0])
		}
	}
}

// With go.work alone a missing require goes unnoticed until somebody copies one
// module out.
func TestEveryModuleBuildsAlone(t *testing.T) {
	for _, module := range modules {
		t.Run(module, func(t *testing.T) {
			cmd := exec.Command("go", "build", "./...")
			cmd.Dir = filepath.Join("..", "..", filepath.FromSlash(module))
			cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS="+os.Getenv("GOFLAGS")+" -mod=readonly")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
		})
	}
}
