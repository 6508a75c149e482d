package containers

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// panics tells a child of these tests to launch containers and to panic.
const panics = "INNERDOOR_LAUNCH_AND_PANIC"

// launchAndPanic is what that child does.
func launchAndPanic(dir string) {
	d := &Docker{Root: root, Dir: dir}
	if _, err := d.Launch(context.Background()); err != nil {
		panic(err)
	}
	panic("launched as <" + d.run + ">")
}

func TestALauncherThatPanicsLeavesNothingBehind(t *testing.T) {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), panics+"="+t.TempDir())
	out, err := child.CombinedOutput()
	launched := regexp.MustCompile(`launched as <(.*)>`).FindSubmatch(out)
	if err == nil || launched == nil {
		t.Fatalf("the child ends with %v: %s", err, out)
	}
	only := "label=" + label + "=" + string(launched[1])
	left := ""
	for began := time.Now(); time.Since(began) < 30*time.Second; time.Sleep(100 * time.Millisecond) {
		left = must(t, "ps", "-aq", "--filter", only) + must(t, "volume", "ls", "-q", "--filter", only) + must(t, "network", "ls", "-q", "--filter", only)
		if left == "" {
			return
		}
	}
	t.Errorf("left behind: %s", strings.Fields(left))
}
