package door_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"innerdoor.example/shared/door"
)

const killedFile = "DOOR_TEST_KILLED_FILE"

// The test runs itself as another process, which changes 32 letters as fast as
// it can and says so of each change that was acknowledged, until it is killed.
func TestAProcessKilledUnderLoadLosesNoAcknowledgedChangeAndHasARecordOfEach(t *testing.T) {
	if file := os.Getenv(killedFile); file != "" {
		changeUntilKilled(t, file)
	}
	file := filepath.Join(t.TempDir(), "post.db")
	for round := range 3 {
		acknowledged := killAfter(t, file, 200+300*round)
		p := openPostOffice(t, file)
		for w := range crashWriters {
			id := crashLetter(w)
			version := p.letter("acme", id).Version
			if version < acknowledged[id] {
				t.Errorf("%s: version %d was acknowledged, %d is there", id, acknowledged[id], version)
			}
			done := p.number("SELECT count(*) FROM records WHERE tenant = 'acme' AND object = ? AND action = 'letters:write' AND result = 'done'", id)
			if done != version { // one made it, the others changed it
				t.Errorf("%s has version %d and %d records", id, version, done)
			}
		}
		if len(acknowledged) == 0 {
			t.Error("nothing was acknowledged before the kill")
		}
		if err := p.db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

const crashWriters = 32

func crashLetter(w int) string { return fmt.Sprintf("l-crash-%02d", w) }

// killAfter runs the other process until it has acknowledged so many changes, and
// gives the newest version of each letter that it spoke of.
func killAfter(t *testing.T, file string, changes int) map[string]int64 {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), killedFile+"="+file)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	newest := map[string]int64{}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		var id string
		var version int64
		if _, err := fmt.Sscanf(lines.Text(), "saved %s %d", &id, &version); err != nil {
			t.Errorf("the other process says %q", lines.Text())
			continue
		}
		newest[id] = max(newest[id], version)
		if n == changes {
			if err := child.Process.Kill(); err != nil { // SIGKILL
				t.Fatal(err)
			}
		}
	}
	if err := child.Wait(); err == nil {
		t.Error("the other process ended by itself")
	}
	return newest
}

func changeUntilKilled(t *testing.T, file string) {
	p := openPostOffice(t, file)
	p.service.Now = time.Now
	alice := as(t, "alice")
	for w := range crashWriters {
		go func() {
			made, err := p.letters.Create(t.Context(), alice, write(crashLetter(w), "home:alice", 1))
			for {
				if err == nil {
					fmt.Printf("saved %s %d\n", made.Row.ID, made.Row.Version)
				}
				made, err = p.letters.Do(t.Context(), alice, weigh(crashLetter(w), 2))
			}
		}()
	}
	time.Sleep(time.Minute) // it is killed long before
	t.Fatal(door.ErrAbsent, "nobody killed it")
}
