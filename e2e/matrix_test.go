package e2e

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"innerdoor.example/e2e/cast"
)

// block is one route and one kind of object: what each person gets.
type block struct{ route, object string }

func (b block) String() string { return b.route + ", " + b.object }

// matrix is the whole declaration.
type matrix map[block]map[string]int

// parseMatrix reads the notation of matrix.txt, and reports every mistake in it.
func parseMatrix(text string) (matrix, error) {
	m := matrix{}
	var mistakes []error
	var at block
	for n, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if !strings.HasPrefix(line, " ") {
			at = block{route: line}
			continue
		}
		if !strings.HasSuffix(words[0], ":") {
			at.object, words = words[0], words[1:]
			if m[at] != nil {
				mistakes = append(mistakes, fmt.Errorf("line %d: %s is there twice", n+1, at))
			}
			m[at] = map[string]int{}
		}
		if err := m.add(at, words); err != nil {
			mistakes = append(mistakes, fmt.Errorf("line %d: %w", n+1, err))
		}
	}
	return m, errors.Join(mistakes...)
}

// add reads "STATUS: NAME…".
func (m matrix) add(at block, words []string) error {
	if at.route == "" || at.object == "" || len(words) < 2 {
		return errors.New("want a route, an object, and STATUS: NAME…")
	}
	status, err := strconv.Atoi(strings.TrimSuffix(words[0], ":"))
	if err != nil || status < 200 || status > 499 {
		return fmt.Errorf("%q is not a status of 200 to 499 with a colon", words[0])
	}
	for _, name := range words[1:] {
		if _, ok := cast.Named(name); !ok {
			return fmt.Errorf("%s: nobody is called %s", at, name)
		}
		if m[at][name] != 0 {
			return fmt.Errorf("%s: %s is there twice", at, name)
		}
		m[at][name] = status
	}
	return nil
}

// undeclared compares what is declared with what there is.
func (m matrix) undeclared(routes []string) (missing []string) {
	want := map[block]bool{}
	for _, route := range routes {
		for _, object := range objectsOf(route) {
			want[block{route, object}] = true
		}
	}
	for b := range want {
		if m[b] == nil {
			missing = append(missing, b.String()+" is not declared")
		}
	}
	for b, cells := range m {
		if !want[b] {
			missing = append(missing, b.String()+" is declared, and there is no such thing")
			continue
		}
		for _, p := range cast.Everyone() {
			if cells[p.Name] == 0 {
				missing = append(missing, b.String()+": nothing is declared for "+p.Name)
			}
		}
	}
	slices.Sort(missing)
	return missing
}

// objects is how many kinds there are in all.
func (m matrix) objects() int {
	kinds := map[string]bool{}
	for b := range m {
		kinds[b.object] = true
	}
	return len(kinds)
}

// cell is one block and one person.
type cell struct {
	block
	who  cast.Person
	want int
}

// cells are all of them, block by block.
func (m matrix) cells() (all []cell) {
	for _, b := range slices.SortedFunc(maps.Keys(m), func(a, b block) int { return strings.Compare(a.String(), b.String()) }) {
		for _, p := range cast.Everyone() {
			if want := m[b][p.Name]; want != 0 {
				all = append(all, cell{b, p, want})
			}
		}
	}
	return all
}

// changes says that the cell is somebody changing something, and succeeding.
func (c cell) changes() bool { return !strings.HasPrefix(c.route, "GET ") && c.want < 300 }

func TestWhoGetsWhatOnEveryRouteIsDeclaredAndTrue(t *testing.T) {
	text, err := os.ReadFile("matrix.txt")
	if err != nil {
		t.Fatal(err)
	}
	m, err := parseMatrix(string(text))
	if err != nil {
		t.Fatalf("matrix.txt:\n%v", err)
	}
	var routes []string
	for _, r := range routesOf(t, "gateway") {
		routes = append(routes, r.name)
	}
	undeclared, all := m.undeclared(routes), m.cells()
	for _, what := range undeclared {
		t.Error(what)
	}
	var wrong atomic.Int32
	defer func() {
		sayLast("routes %d × people %d × objects %d = cells %d, undeclared %d, wrong %d",
			len(routes), len(cast.Everyone()), m.objects(), len(all), len(undeclared), wrong.Load())
	}()
	if len(undeclared) > 0 {
		return
	}
	s := newStage(t)
	play := func(t *testing.T, changes bool) {
		for _, c := range all {
			if c.changes() == changes {
				t.Run(c.String()+", "+c.who.Name, func(t *testing.T) {
					t.Parallel()
					t.Cleanup(func() {
						if t.Failed() {
							wrong.Add(1)
						}
					})
					s.play(t, c)
				})
			}
		}
	}
	before := s.shared(t)
	t.Run("refusals and readings", func(t *testing.T) { play(t, false) })
	if after := s.shared(t); !maps.Equal(before, after) {
		t.Errorf("somebody who was refused changed something: before\n%v\nafter\n%v", before, after)
	}
	t.Run("changes", func(t *testing.T) { play(t, true) })
}

func TestAMatrixThatLeavesSomethingOutIsRefused(t *testing.T) {
	everyone := ""
	for _, p := range cast.Everyone() {
		everyone += " " + p.Name
	}
	good := "GET /claims\n  - 200:" + everyone + "\n"
	if m, err := parseMatrix(good); err != nil || len(m.undeclared([]string{"GET /claims"})) != 0 {
		t.Fatalf("the good one is refused: %v", err)
	}
	for want, text := range map[string]string{
		"nobody is called carol":              good + "  mine 404: carol",
		"alice is there twice":                good + "        404: alice",
		"GET /claims, - is there twice":       good + "  - 404: alice",
		"is not a status":                     "GET /claims\n  - ok: alice",
		"want a route, an object":             "  - 200: alice",
		"- is not declared":                   "",
		"nothing is declared for glide":       strings.Replace(good, " glide", "", 1),
		"mine is declared, and there is no":   good + "  mine 404:" + everyone,
		"GET /bills, - is declared, and ther": good + "GET /bills\n  - 200:" + everyone,
	} {
		m, err := parseMatrix(text)
		said := fmt.Sprint(err, m.undeclared([]string{"GET /claims"}))
		if !strings.Contains(said, want) {
			t.Errorf("%q is told as %s; want %s", text, said, want)
		}
	}
}
