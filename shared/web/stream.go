package web

import (
	"encoding/csv"
	"iter"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// NDJSON streams items as lines of JSON, a chunk at a time. show makes the view of each; its error, like one of the
// chunks', ends the answer as Reply.Stream says.
func NDJSON[V any](chunks iter.Seq2[[]V, error], show func(V) (any, error)) Reply {
	return Reply{
		Header: http.Header{"Content-Type": {"application/x-ndjson"}},
		Stream: each(chunks, show, nil, func(line []byte, view jsontext.Value) ([]byte, error) {
			return append(append(line, view...), '\n'), nil
		}),
	}
}

// CSV streams items as a table (RFC 4180) with these columns, a chunk at a time. A column names a member of the view, or
// "member.member" of an object in it; what the view does not have is an empty cell. So there is one view for both forms,
// and what that hides is hidden here too. What a spreadsheet would take for a formula is put behind an apostrophe.
func CSV[V any](chunks iter.Seq2[[]V, error], show func(V) (any, error), columns ...string) Reply {
	return Reply{
		Header: http.Header{"Content-Type": {"text/csv; charset=utf-8; header=present"}},
		Stream: each(chunks, show, line(columns), func(text []byte, view jsontext.Value) ([]byte, error) {
			cells := make([]string, len(columns))
			for i, column := range columns {
				cell, err := member(view, column)
				if err != nil {
					return nil, err
				}
				cells[i] = inert(cell)
			}
			return append(text, line(cells)...), nil
		}),
	}
}

// each puts a chunk of views into one chunk of bytes. The first begins with head.
func each[V any](chunks iter.Seq2[[]V, error], show func(V) (any, error), head []byte, put func([]byte, jsontext.Value) ([]byte, error)) iter.Seq2[[]byte, error] {
	text := func(begin []byte, items []V) ([]byte, error) {
		for _, item := range items {
			shown, err := show(item)
			if err != nil {
				return nil, err
			}
			view, err := json.Marshal(shown, jsontext.AllowInvalidUTF8(true))
			if err != nil {
				return nil, err
			}
			if begin, err = put(begin, view); err != nil {
				return nil, err
			}
		}
		return begin, nil
	}
	return func(yield func([]byte, error) bool) {
		begin := head
		for items, err := range chunks {
			var chunk []byte
			if err == nil {
				chunk, err = text(begin, items)
			}
			if begin = nil; !yield(chunk, err) || err != nil {
				return
			}
		}
	}
}

// member is the text of a member of a view.
func member(view jsontext.Value, path string) (string, error) {
	for name := range strings.SplitSeq(path, ".") {
		var members map[string]jsontext.Value
		if err := json.Unmarshal(view, &members); err != nil {
			return "", err
		}
		if view = members[name]; view == nil || view.Kind() == 'n' {
			return "", nil
		}
	}
	if view.Kind() != '"' {
		return string(view), nil
	}
	var text string
	err := json.Unmarshal(view, &text)
	return text, err
}

var number = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// formula is what a spreadsheet computes where a cell begins. One begins after a semicolon, a tab and a line's end too, for
// whoever is told that these separate cells, or whose country it is where they do.
var formula = regexp.MustCompile(`(^|[;\t\r\n])( *[=+@＝＋－＠-])`)

// inert makes a cell that no spreadsheet computes (OWASP, "CSV Injection").
func inert(cell string) string {
	if number.MatchString(cell) {
		return cell
	}
	return formula.ReplaceAllString(cell, "$1'$2")
}

func line(cells []string) []byte {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	_ = w.Write(cells) // a builder takes everything
	w.Flush()
	return []byte(b.String())
}

// stream writes the answer's chunks as they come. An error before the first one is an answer like any other.
func stream(w http.ResponseWriter, r *http.Request, reply Reply) int {
	out, begun := outlet{w, http.NewResponseController(w), patience(r)}, false
	begin := func() {
		if !begun {
			begun = true
			reply.head(w.Header())
			w.WriteHeader(reply.status())
		}
	}
	for chunk, err := range reply.Stream {
		if err != nil && !begun {
			return Write(w, r, Reply{}, err)
		}
		if err == nil {
			begin()
			err = out.send(chunk)
		}
		if err != nil {
			panic(http.ErrAbortHandler) // the only way to tell the client that this is not the end
		}
	}
	begin()
	_ = out.extend() // for the end, without which the client knows that there is more
	return reply.status()
}

// patience is how long a client may take to accept a piece of a chunk: as long as its listener gives it for a whole answer.
func patience(r *http.Request) time.Duration {
	if listener, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok {
		return listener.WriteTimeout
	}
	return 0
}

// outlet is where the chunks of a stream leave.
type outlet struct {
	http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration // 0 is endless
}

// send gives each piece of a chunk its own time, however long the whole takes.
func (o outlet) send(chunk []byte) error {
	for piece := range slices.Chunk(chunk, 32<<10) {
		if err := o.extend(); err != nil {
			return err
		}
		if _, err := o.Write(piece); err != nil {
			return err
		}
	}
	if err := o.extend(); err != nil {
		return err
	}
	return o.control.Flush()
}

func (o outlet) extend() error {
	if o.patience == 0 {
		return nil
	}
	return o.control.SetWriteDeadline(time.Now().Add(o.patience))
}
