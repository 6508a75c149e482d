package api

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// given is a member of a body that may be left out: then value is nil. Unlike with a
// pointer, null is not the same as absent, but malformed.
type given[T any] struct{ value *T }

var errNull = errors.New("null is no value")

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (g *given[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() == 'n' {
		return errNull
	}
	g.value = new(T)
	return json.UnmarshalDecode(dec, g.value)
}
