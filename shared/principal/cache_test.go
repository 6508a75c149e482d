package principal

import (
	"strconv"
	"testing"
)

func TestTheCacheIsBoundedAndKeepsWhatIsInUse(t *testing.T) {
	var c cache
	kept := new(proof)
	c.put("kept", kept)
	for i := range 10 * generation {
		c.put(strconv.Itoa(i), new(proof))
		if got, ok := c.get("kept"); !ok || got != kept {
			t.Fatalf("what is in use was lost after %d others", i)
		}
		if size := len(c.young) + len(c.old); size > 2*generation {
			t.Fatalf("%d entries", size)
		}
	}
	if _, ok := c.get("0"); ok {
		t.Error("what is long unused is still there")
	}
	if _, ok := c.get(strconv.Itoa(10*generation - 1)); !ok {
		t.Error("the newest is not there")
	}
}
