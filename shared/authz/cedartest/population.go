package cedartest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"innerdoor.example/shared/authz"
)

// Value is one way in which a world can be, and how to make it so. What needs no mention has no name.
type Value[W any] struct {
	Name string
	Set  func(*W)
}

// Is makes a Value.
func Is[W any](name string, set func(*W)) Value[W] { return Value[W]{name, set} }

// Each is a dimension in which one thing has each of the values.
func Each[W, V any](name string, set func(*W, V), values ...V) (dimension []Value[W]) {
	for _, v := range values {
		said := cmp.Or(fmt.Sprint(v), "none")
		dimension = append(dimension, Is(name+" "+said, func(w *W) { set(w, v) }))
	}
	return dimension
}

// Population is every combination of one value of each of its dimensions.
type Population[W any] [][]Value[W]

// Each visits every world once, made from the zero one, and names it.
func (p Population[W]) Each(visit func(w *W, name func() string)) {
	p.each(nil, visit)
}

func (p Population[W]) each(chosen []Value[W], visit func(*W, func() string)) {
	if len(chosen) < len(p) {
		for _, v := range p[len(chosen)] {
			p.each(append(chosen, v), visit)
		}
		return
	}
	w := new(W)
	for _, v := range chosen {
		v.Set(w)
	}
	visit(w, func() string {
		var names []string
		for _, v := range chosen {
			if v.Name != "" {
				names = append(names, v.Name)
			}
		}
		return strings.Join(names, ", ")
	})
}

// Tally counts what was compared for one noun.
type Tally struct {
	Noun                           string
	combinations, answers, allowed int
	disagreements                  map[string]int    // by action and the two answers
	example                        map[string]string // the first world of each
}

// Combination counts one world.
func (c *Tally) Combination() { c.combinations++ }

// Compare counts one question that was put to both.
func (c *Tally) Compare(action authz.Name, product, page Answer, world func() string) {
	c.answers++
	if page.Outcome == authz.Allowed {
		c.allowed++
	}
	if product == page {
		return
	}
	if c.example == nil {
		c.disagreements, c.example = map[string]int{}, map[string]string{}
	}
	what := fmt.Sprintf("%s: the policy says %v, the page %v", action, product, page)
	if c.disagreements[what]++; c.disagreements[what] == 1 {
		c.example[what] = world()
	}
}

// Report logs the counts. Each disagreement fails the test with the first world in which it shows; so do fewer
// combinations than least, or none that is allowed.
func (c *Tally) Report(t *testing.T, least int) {
	t.Helper()
	t.Logf("%s: %d combinations, %d answers, %d of them allowed, %d kinds of disagreement",
		c.Noun, c.combinations, c.answers, c.allowed, len(c.disagreements))
	for _, what := range slices.Sorted(maps.Keys(c.disagreements)) {
		t.Errorf("%s, %d times, the first: %s", what, c.disagreements[what], c.example[what])
	}
	if c.combinations < least || c.allowed == 0 {
		t.Errorf("%s: that is too little to tell", c.Noun)
	}
}
