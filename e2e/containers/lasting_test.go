package containers

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"innerdoor.example/e2e/cast"
	"innerdoor.example/e2e/harness"
)

// What lasts: data, keys and people, whatever ends.

// placed places an order of alice's: its path, or why there is none.
func placed() (path string, answer harness.Answer) {
	answer = sys.As(cast.Alice).Do(http.MethodPost, "/orders", map[string]any{
		"items": []map[string]any{{"name": "a lamp", "quantity": 1, "price": 100}}, "currency": "EUR", "region": "eu", "ship_to": "1 street",
		"contact": map[string]any{"name": "alice", "email": "alice@acme.example", "phone": "1"},
	})
	return answer.Header.Get("Location"), answer
}

func TestTheDemoPlaysAgainstTheContainers(t *testing.T) {
	table := mustCompose(t, "--profile", "demo", "run", "--rm", "--no-deps", "demo")
	t.Log("\n" + table)
	if !strings.Contains(table, " as expected.") {
		t.Error("not all was as expected")
	}
	again, err := running.compose(t.Context(), "--profile", "demo", "run", "--rm", "--no-deps", "demo")
	if err == nil || !strings.Contains(again, "has been played here") {
		t.Errorf("a second play says %v: %s", err, again)
	}
}

func TestDataKeysAndPeopleSurviveDownAndUp(t *testing.T) {
	path, answer := placed()
	if answer.Status != http.StatusCreated {
		t.Fatal(answer)
	}
	files := []string{"trust/txn.jwks", "trust/gateway/key.pem", "trust/gateway/txn.key", "secrets.json"}
	before := map[string][]byte{}
	for _, file := range files {
		before[file] = read(t, file)
	}
	mustCompose(t, "down")
	mustCompose(t, "up", "--wait")
	if err := attachAgain(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !bytes.Equal(before[file], read(t, file)) {
			t.Errorf("%s has changed", file)
		}
	}
	if answer := sys.As(cast.Alice).Get(path); answer.Status != http.StatusOK { // by a new login
		t.Errorf("alice's order: %s", answer)
	}
	if answer := sys.As(cast.Bob).Get(path); answer.Status != http.StatusNotFound {
		t.Errorf("alice's order, for bob: %s", answer)
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(sys.Inside.Dir, file))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// attachAgain forgets all logins and copies the keys anew.
func attachAgain(ctx context.Context) (err error) {
	sys, err = (&Compose{Project: project, Origin: sys.Origin, Root: root, Dir: sys.Inside.Dir}).Launch(ctx)
	return err
}

func TestASecondCloneFailsClearlyAndHarmsNothing(t *testing.T) {
	second := &stack{project: project + "-second", port: running.port}
	t.Cleanup(func() {
		if err := second.end("--rmi", "local"); err != nil {
			t.Error(err)
		}
	})
	said, err := second.compose(t.Context(), "up", "--wait")
	if err == nil || !strings.Contains(said, "address already in use") && !strings.Contains(said, "port is already allocated") || !strings.Contains(said, running.port) {
		t.Errorf("the second says %v: %s", err, said)
	}
	if answer := sys.As(cast.Alice).Get("/claims/c-alice"); answer.Status != http.StatusOK {
		t.Errorf("the first: %s", answer)
	}
	if states := mustCompose(t, "ps", "--format", "{{.Health}}"); strings.Count(states, "healthy\n") != 4 || strings.Contains(states, "unhealthy") {
		t.Errorf("the first is %s", states)
	}
}

func TestAFailedHealthCheckNamesItsCause(t *testing.T) {
	mustCompose(t, "stop", "identity")
	t.Cleanup(func() {
		ctx := context.Background()
		if out, err := running.compose(ctx, "start", "identity"); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		if err := sys.Inside.Ready(ctx, "identity", "gateway"); err != nil {
			t.Errorf("they do not recover: %v", err)
		}
	})
	mustCompose(t, "restart", "gateway") // without identity's keys it knows nobody
	state := ""
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(time.Second) {
		if state = mustCompose(t, "ps", "gateway", "--format", "{{.Status}}"); strings.Contains(state, "(unhealthy)") {
			break
		}
	}
	if !strings.Contains(state, "(unhealthy)") {
		t.Errorf("docker compose ps says %s", state)
	}
	if log := sys.Inside.Log("gateway"); !strings.Contains(log, `"msg":"not ready"`) || !strings.Contains(log, "home") {
		t.Errorf("the log names no cause: %s", log)
	}
	if check := must(t, "inspect", "-f", "{{range .State.Health.Log}}{{.Output}}{{end}}", running.container("gateway")); !strings.Contains(check, "not ready: status 503") {
		t.Errorf("the check says %s", check)
	}
}

// tally is what clients were answered under load.
type tally struct {
	mu       sync.Mutex
	made     []string // acknowledged
	statuses map[string]int
	wrong    []string
}

func (y *tally) add(what string, answer harness.Answer, good int, path string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.statuses[fmt.Sprintf("%s %d", what, answer.Status)]++
	switch {
	case answer.Status == good:
		if path != "" {
			y.made = append(y.made, path)
		}
	case answer.Status < 502 && answer.Status != 0 || answer.Status > 504:
		y.wrong = append(y.wrong, fmt.Sprintf("%s: %s", what, answer))
	}
}

// load keeps alice and bob asking until stopped.
func load(y *tally) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for _, ask := range []func(){
		func() { path, answer := placed(); y.add("alice places", answer, http.StatusCreated, path) },
		func() { y.add("alice reads hers", sys.As(cast.Alice).Get("/claims/c-alice"), http.StatusOK, "") },
		func() { y.add("bob reads alice's", sys.As(cast.Bob).Get("/claims/c-alice"), http.StatusNotFound, "") },
		func() {
			y.add("bob reads alice's order", sys.As(cast.Bob).Get("/orders/o-alice"), http.StatusNotFound, "")
		},
	} {
		all.Go(func() {
			for ; ctx.Err() == nil; time.Sleep(40 * time.Millisecond) { // within the limits of a person
				ask()
			}
		})
	}
	return func() { cancel(); all.Wait() }
}

func TestAKilledProcessComesBackByItselfAndNothingAcknowledgedIsLost(t *testing.T) {
	host(t)
	for _, w := range harness.Workloads {
		t.Run(w, func(t *testing.T) {
			y := &tally{statuses: map[string]int{}}
			stop := load(y)
			defer stop()
			time.Sleep(500 * time.Millisecond)
			old := processOf(t, w)
			if err := syscall.Kill(old, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			for now := old; now == old || now == 0; time.Sleep(20 * time.Millisecond) {
				if now = pid(t, w); time.Since(began) > 20*time.Second {
					t.Fatalf("%s does not come back", w)
				}
			}
			if err := sys.Inside.Ready(t.Context(), w); err != nil {
				t.Fatal(err)
			}
			back := time.Since(began)
			time.Sleep(500 * time.Millisecond)
			stop()
			t.Logf("ready again after %s; answers: %v", back.Round(10*time.Millisecond), y.statuses)
			y.check(t, w)
		})
	}
}

func (y *tally) check(t *testing.T, killed string) {
	for _, wrong := range y.wrong {
		t.Error(wrong)
	}
	for status, n := range y.statuses {
		if killed != "gateway" && strings.HasSuffix(status, " 0") {
			t.Errorf("%d requests got no answer: %s", n, status)
		}
	}
	if len(y.made) == 0 {
		t.Error("nothing was acknowledged")
	}
	for _, path := range y.made {
		if answer := sys.As(cast.Alice).Get(path); answer.Status != http.StatusOK {
			t.Errorf("acknowledged, and now: %s", answer)
		}
	}
}
