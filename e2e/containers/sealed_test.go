package containers

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"innerdoor.example/e2e/harness"
)

// What a container can do and what can be done to it, looked at from outside.

func TestItIsHealthySoonAfterItsImagesExist(t *testing.T) {
	const limit = 60 * time.Second // we promise 20 s, and take some 8; a busy machine is given more
	if healthy > limit {
		t.Errorf("healthy after %s, want at most %s", healthy, limit)
	}
	t.Logf("healthy after %s", healthy.Round(100*time.Millisecond))
}

func TestTheImagesAreSmallAndRunAsNobodyInParticular(t *testing.T) {
	for _, w := range append([]string{"devca"}, harness.Workloads...) {
		var size int64
		var user string
		said := must(t, "image", "inspect", "-f", "{{.Size}} {{.Config.User}}", project+"-"+w)
		if _, err := fmt.Sscan(said, &size, &user); err != nil {
			t.Fatalf("%s: %v", said, err)
		}
		if size > 30<<20 || user == "" || strings.HasPrefix(user, "0") {
			t.Errorf("%s: %d bytes, user %q", w, size, user)
		}
		t.Logf("%s: %.1f MB", w, float64(size)/1e6)
	}
}

func TestOnlyTheGatewaysPortAnswersOnTheHost(t *testing.T) {
	for line := range strings.Lines(mustCompose(t, "ps", "-a", "--format", "{{.Service}} {{.Ports}}")) {
		service, ports, _ := strings.Cut(strings.TrimSpace(line), " ")
		want := ""
		if service == "gateway" {
			want = "127.0.0.1:" + running.port + "->" + running.port + "/tcp"
		}
		if ports != want {
			t.Errorf("%s publishes %q, want %q", service, ports, want)
		}
	}
	if answer := sys.Anyone().Get("/nowhere"); answer.Status == 0 {
		t.Errorf("the gateway does not answer: %s", answer)
	}
	for _, port := range []string{"8443", "9090"} {
		if conn, err := net.DialTimeout("tcp", "127.0.0.1:"+port, time.Second); err == nil {
			conn.Close()
			t.Errorf("port %s of the host answers", port)
		}
	}
}

// reach has a new container in a network ask an address: what it says.
func reach(t *testing.T, network, address string) string {
	t.Helper()
	_, err := docker(t.Context(), "run", "--rm", "--network", network, "-e", "OPS_ADDR="+address, project+"-gateway", "healthcheck")
	return fmt.Sprint(err)
}

func TestAContainerOutsideReachesNoService(t *testing.T) {
	const answered = "not ready: status 400" // plain HTTP where TLS is spoken
	var all sync.WaitGroup
	for _, w := range harness.Workloads[:3] {
		address := sys.Inside.InnerAddr(w)
		for _, network := range []string{"bridge", project + "_front"} {
			for _, to := range []string{address, w + ":8443"} {
				all.Go(func() {
					if said := reach(t, network, to); strings.Contains(said, answered) || !strings.Contains(said, "exit status 1") {
						t.Errorf("from %s, %s (%s) says: %s", network, w, to, said)
					}
				})
			}
		}
		all.Go(func() {
			if said := reach(t, project+"_inside", w+":8443"); !strings.Contains(said, answered) {
				t.Errorf("from inside, %s says: %s", w, said)
			}
		})
	}
	all.Wait()
}

func TestAKeyIsReadableInNoOtherContainer(t *testing.T) {
	for _, of := range harness.Workloads {
		for _, in := range harness.Workloads {
			_, err := docker(t.Context(), "cp", running.container(in)+":/trust/"+of+"/key.pem", t.TempDir())
			if found := err == nil; found != (of == in) {
				t.Errorf("%s's key in %s's container: %v", of, in, err)
			}
		}
	}
	for _, in := range harness.Workloads[:3] {
		for _, file := range []string{"/trust/gateway/txn.key", "/trust/ca.key", "/secrets/secrets.json"} {
			if _, err := docker(t.Context(), "cp", running.container(in)+":"+file, t.TempDir()); err == nil {
				t.Errorf("%s is in %s's container", file, in)
			}
		}
	}
}

// pid is the process of a service's container, as the host sees it; 0 is none.
func pid(t testing.TB, service string) (n int) {
	t.Helper()
	if _, err := fmt.Sscan(must(t, "inspect", "-f", "{{.State.Pid}}", running.container(service)), &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// processOf is pid of a container that runs.
func processOf(t testing.TB, service string) int {
	t.Helper()
	n := pid(t, service)
	if n == 0 {
		t.Fatalf("%s does not run", service)
	}
	return n
}

// host skips a test where the containers' processes are not this machine's, or not ours
// to look into.
func host(t testing.TB) {
	t.Helper()
	if _, err := os.Stat(fmt.Sprintf("/proc/%d", processOf(t, "gateway"))); err != nil || os.Geteuid() != 0 {
		t.Skip("this needs root on the engine's own host")
	}
}

func TestEveryProcessIsNonRootWithoutACapabilityAndCannotWriteItsRoot(t *testing.T) {
	host(t)
	users := map[string]string{}
	for _, w := range harness.Workloads {
		proc := fmt.Sprintf("/proc/%d", processOf(t, w))
		text, err := os.ReadFile(proc + "/status")
		if err != nil {
			t.Fatal(err)
		}
		status := map[string]string{}
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(line, ":")
			status[name] = strings.TrimSpace(value)
		}
		for _, ids := range []string{"Uid", "Gid"} {
			if slices.Contains(strings.Fields(status[ids]), "0") {
				t.Errorf("%s: %s %s", w, ids, status[ids])
			}
		}
		users[status["Uid"]] = w
		for _, set := range []string{"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"} {
			if strings.Trim(status[set], "0") != "" {
				t.Errorf("%s: %s %s", w, set, status[set])
			}
		}
		if status["NoNewPrivs"] != "1" {
			t.Errorf("%s may gain privileges", w)
		}
		for _, file := range []string{"/written", "/trust/written", "/trust/" + w + "/key.pem"} {
			if err := os.WriteFile(proc+"/root"+file, nil, 0o600); !errors.Is(err, syscall.EROFS) {
				t.Errorf("%s: writing %s: %v", w, file, err)
			}
		}
	}
	if len(users) != len(harness.Workloads) {
		t.Errorf("the processes share users: %v", users)
	}
}
