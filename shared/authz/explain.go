package authz

import (
	"encoding/json"
	"reflect"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// word is a datum of the policy as the evidence shows it.
type word[S, R any] struct {
	id   any // the declaration
	name string
	row  bool // of the row, else of the subject
	add  func(b []byte, s *S, x *R) []byte
}

// Read is the evidence: the value of every word of the policy, not only of those that this decision looked at, so that a
// later policy can decide the old case again. It is {"subject":{…},"row":{…}}, without "row" if x is nil; a set that was not
// loaded is null.
func (p *Policy[S, R]) Read(s *S, x *R) json.RawMessage { return nil }

// Near names, for a refusal, the rule that stood in the way or came nearest, and what it lacks, in words. For a missing
// scope the rule is "". Without a row (x is nil) it explains Open. Both are "" if the action is allowed or unknown.
func (p *Policy[S, R]) Near(action Name, s *S, x *R) (rule, lacks string) { return "", "" }

func (f *fact[S, R]) words() []word[S, R] { return nil }

func (c *compare[S, R, V]) words() []word[S, R] { return make([]word[S, R], 2) }

func (p *Policy[S, R]) collect() []word[S, R] { return nil }

// appendJSON appends a JSON string or number. What is not UTF-8 in a string is replaced.
func appendJSON[V Scalar](b []byte, v V) []byte {
	r := reflect.ValueOf(v)
	if r.Kind() == reflect.Int64 {
		return strconv.AppendInt(b, r.Int(), 10)
	}
	b, _ = jsontext.AppendQuote(b, r.String()) // the error says that something was replaced
	return b
}
