package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// screen prints the demo. Colours are for people: they are used on a terminal only,
// and not with NO_COLOR (no-color.org).
type screen struct {
	out     io.Writer
	colours bool
	began   time.Time
}

func newScreen(out io.Writer) *screen {
	s := &screen{out: out, began: time.Now()}
	if f, ok := out.(interface{ Stat() (os.FileInfo, error) }); ok && os.Getenv("NO_COLOR") == "" {
		info, err := f.Stat()
		s.colours = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return s
}

// The select-graphic-rendition codes of ECMA-48 that the demo uses.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

func (s *screen) in(colour, text string) string {
	if !s.colours {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// progress says what is being done, with the seconds since the start.
func (s *screen) progress(format string, values ...any) {
	at := fmt.Sprintf("%6.1f s  ", time.Since(s.began).Seconds())
	fmt.Fprintln(s.out, s.in(dim, at)+fmt.Sprintf(format, values...))
}

// line is one line of the table; its cells are padded before they are coloured.
func (s *screen) line(mark, who, asks, gateway, service, answer, rule, record string) string {
	return fmt.Sprintf("%s %-7s  %-31s  %-7s %-9s %-6s %-23s  %s", mark, who, asks, gateway, service, answer, rule, record)
}

func (s *screen) head() {
	fmt.Fprintf(s.out, "\n%s\n", s.in(bold, s.line(" ", "who", "asks for", "gateway", "service", "answer", "rule", "record")))
}

func (s *screen) act(title string) { fmt.Fprintf(s.out, "\n%s\n", s.in(bold, title)) }

func (s *screen) step(st step, got seen, wrong string) {
	status := "alert"
	if got.answer.Status > 0 {
		status = strconv.Itoa(got.answer.Status)
	}
	mark, colour := "✓", yellow
	switch {
	case wrong != "":
		mark, colour = "✗", red
	case got.answer.Status/100 == 2:
		colour = green
	}
	rule := got.record.Rule
	if got.service != unrecorded {
		rule = cmp.Or(rule, "none")
	}
	line := s.line(mark, st.by.name, st.method+" "+st.path, got.gateway, strings.ReplaceAll(got.service, "_", "-"),
		status, cmp.Or(rule, "-"), cmp.Or(got.record.ID, "-"))
	fmt.Fprintln(s.out, s.in(colour, line))
	fmt.Fprintln(s.out, s.in(dim, "  "+st.says+nearest(got.record)))
	if wrong != "" {
		fmt.Fprintln(s.out, s.in(red, "  NOT AS EXPECTED: "+wrong))
	}
}

// nearest is what a refusal would have needed, for who may see the object.
func nearest(r record) string {
	if r.Outcome != forbidden || r.Rule != "" {
		return ""
	}
	return " (" + strings.TrimSpace(r.Near+" lacks: "+r.Lacks) + ")"
}

// verdict says how it went.
func (s *screen) verdict(f failures) {
	verdict := s.in(green, fmt.Sprintf("%d of %d as expected.", f.played-len(f.what), f.played))
	if len(f.what) > 0 {
		verdict = s.in(red, fmt.Sprintf("%d of %d as expected; marked ✗: the others.", f.played-len(f.what), f.played))
	}
	fmt.Fprintf(s.out, "\n%s The records were read by the auditors, vera and gina, by each answer's Txn-Id.\n", verdict)
}

// summary says where to look, and what to try.
func (s *screen) summary(h home, origin string) {
	fmt.Fprintf(s.out, `Logs: %s

Try:  curl -i -H "Authorization: Bearer $(make -s token AS=alice)" %s/claims/c-alice
      e2e/demo.http in an editor that sends such files
      DEBUG=why make demo: then .run/logs/claims.log says why each decision was made
`, h.path("logs"), origin)
}

func (s *screen) waiting() { fmt.Fprintln(s.out, "\nIt stays up. Ctrl-C ends it.") }
