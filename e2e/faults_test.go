package e2e

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"innerdoor.example/e2e/cast"
	"innerdoor.example/e2e/harness"
)

// change is one that somebody made under load: what there is of it in the list that
// it belongs to, and what the client was told.
type change struct {
	id     string
	answer harness.Answer
}

// under keeps some people making changes, each in turn, while happening goes on and a
// while before and after it.
func under(t testing.TB, workers int, act func(worker, n int) change, happening func()) []change {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var (
		all  sync.WaitGroup
		mu   sync.Mutex
		done []change
	)
	for worker := range workers {
		all.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				c := act(worker, n)
				mu.Lock()
				done = append(done, c)
				mu.Unlock()
			}
		})
	}
	time.Sleep(500 * time.Millisecond)
	happening()
	time.Sleep(500 * time.Millisecond)
	stop()
	all.Wait()
	return done
}

// crash kills a process (SIGKILL), starts it again and waits until it is ready.
func crash(t testing.TB, w string) {
	t.Helper()
	if err := inside(t).Kill(w); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond) // requests find nobody there
	if err := inside(t).Start(w); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := inside(t).Ready(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("%s was ready %s after its crash", w, took)
	}
}

// outlived fails unless every acknowledged change is there, everything that is there
// has a record and the other way round, and clients saw nothing but success and 502
// to 504.
func outlived(t testing.TB, changes []change, stored, recorded []string) {
	t.Helper()
	slices.Sort(stored)
	slices.Sort(recorded)
	acknowledged, failed := 0, map[int]int{}
	for _, c := range changes {
		switch {
		case c.answer.Status/100 == 2:
			acknowledged++
			if !slices.Contains(stored, c.id) {
				t.Errorf("%s was acknowledged (%s) and is lost", c.id, c.answer)
			}
		case c.answer.Status >= http.StatusBadGateway && c.answer.Status <= http.StatusGatewayTimeout:
			failed[c.answer.Status]++
		default:
			t.Errorf("a client saw %s", c.answer)
		}
	}
	for _, id := range stored {
		if n := count(recorded, id); n != 1 {
			t.Errorf("%s is there, with %d records", id, n)
		}
	}
	for _, id := range recorded {
		if !slices.Contains(stored, id) {
			t.Errorf("%s is recorded as done and not there", id)
		}
	}
	if acknowledged < 20 || len(failed) == 0 {
		t.Errorf("there was no load, or no crash: %d acknowledged, failed %v", acknowledged, failed)
	}
	t.Logf("%d acknowledged, failed %v, %d stored, %d recorded", acknowledged, failed, len(stored), len(recorded))
}

func count(all []string, one string) (n int) {
	for _, s := range all {
		if s == one {
			n++
		}
	}
	return n
}

// wide is a gateway whose limits a load does not reach.
func wide(t testing.TB) string {
	t.Helper()
	return another(t, map[string]string{"ROUTES_FILE": shipped(t, "routes.yaml", `count: \d+`, "count: 1000000")})
}

func TestNoAcknowledgedChangeOfAClaimIsLostWhenClaimsIsKilledAndNoneIsWithoutARecord(t *testing.T) {
	const workers = 8
	var paths []string
	for range workers {
		paths = append(paths, drafted(t, cast.Bob, 100_00))
	}
	bob := sys.As(cast.Bob).At(wide(t))
	changes := under(t, workers, func(worker, n int) change {
		subject := fmt.Sprintf("home:w%d-n%d", worker, n)
		return change{claimID(paths[worker]) + "/" + subject, put(paths[worker]+"/delegates/"+subject, sharedFor(time.Hour)).by(bob)}
	}, func() { crash(t, "claims") })

	var stored, recorded []string
	for _, path := range paths {
		for _, row := range rowsOf(t, bob, path+"/delegates?limit=100") {
			stored = append(stored, claimID(path)+"/"+row["subject"].(string))
		}
	}
	for _, d := range decisions(t, cast.Vera, "claims", "action=delegates:share") {
		if d.Result == "done" && slices.Contains(paths, "/claims/"+strings.Split(d.Object, "/")[0]) {
			recorded = append(recorded, d.Object)
		}
	}
	outlived(t, changes, stored, recorded)
}

func TestNoAcknowledgedOrderIsLostWhenOrdersIsKilledAndNoneIsWithoutARecord(t *testing.T) {
	const workers = 8
	alice := sys.As(cast.Alice).At(wide(t))
	before := map[string]bool{}
	for _, row := range rowsOf(t, alice, "/orders?limit=100") {
		before[row["id"].(string)] = true
	}
	changes := under(t, workers, func(int, int) change {
		answer := post("/orders", placing(cast.Alice, 1_00)).by(alice)
		return change{strings.TrimPrefix(answer.Header.Get("Location"), "/orders/"), answer}
	}, func() { crash(t, "orders") })

	var stored, recorded []string
	for _, row := range rowsOf(t, alice, "/orders?limit=100") {
		if id := row["id"].(string); !before[id] {
			stored = append(stored, id)
		}
	}
	for _, d := range decisions(t, cast.Vera, "orders", "action=orders:place&subject=home:alice") {
		if d.Result == "done" && !before[d.Object] {
			recorded = append(recorded, d.Object)
		}
	}
	outlived(t, changes, stored, recorded)
}

// What needs orders is refused without it, and nothing is done; what does not goes on.
func TestWithoutOrdersFilingIs503AndReadingClaimsGoesOn(t *testing.T) {
	order := delivered(t, cast.Alice, 100_00)
	if err := inside(t).Kill("orders"); err != nil {
		t.Fatal(err)
	}
	started := false
	start := func() {
		if !started {
			started = true
			if err := inside(t).Start("orders"); err != nil {
				t.Fatal(err)
			}
			if err := inside(t).Ready(t.Context(), "orders"); err != nil {
				t.Fatal(err)
			}
		}
	}
	defer start()
	retryAfter(t, expect(t, http.StatusServiceUnavailable, sys.As(cast.Alice), filing(order, 100_00)))
	retryAfter(t, expect(t, http.StatusServiceUnavailable, sys.As(cast.Alice), get("/orders/"+order)))
	expect(t, http.StatusOK, sys.As(cast.Alice), known)
	expect(t, http.StatusNotFound, sys.As(cast.Bob), known)
	if n := counted(t, sys.As(cast.Alice), "/claims/count?order="+order); n != 0 {
		t.Errorf("%d claims were filed without an answer about the order", n)
	}
	start()
	expect(t, http.StatusCreated, sys.As(cast.Alice), filing(order, 100_00))
}

// Tokens that were given go on working: nobody asks identity for each request.
func TestWithoutIdentityWhoIsLoggedInGoesOnAndGetsNoMore(t *testing.T) {
	expect(t, http.StatusOK, sys.As(cast.Alice), known)
	if err := inside(t).Kill("identity"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		expect(t, http.StatusOK, sys.As(cast.Alice), known)
		expect(t, http.StatusNotFound, sys.As(cast.Bob), known)
	}
	retryAfter(t, expect(t, http.StatusServiceUnavailable, sys.Anyone(), unknown))
	if err := inside(t).Start("identity"); err != nil {
		t.Fatal(err)
	}
	if err := inside(t).Ready(t.Context(), "identity"); err != nil {
		t.Fatal(err)
	}
	expect(t, http.StatusOK, sys.Anyone(), unknown)
}
