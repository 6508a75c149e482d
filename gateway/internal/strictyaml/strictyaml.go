// Package strictyaml reads a YAML file into structs and reports every mistake
// at once, each with its line. It refuses what a reader could misjudge: unknown
// and repeated fields, empty lists, empty values, aliases, tags, and more than
// one document.
package strictyaml

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// At is embedded by a struct that wants to know the line it was read from.
type At struct{ Line int }

// Mistake returns an error that names the line.
func (a At) Mistake(format string, args ...any) error {
	return fmt.Errorf("line %d: %s", a.Line, fmt.Sprintf(format, args...))
}

// Decode fills into, a pointer to a struct whose fields have `yaml:"name"`
// tags, be they of embedded structs: strings, integers, booleans, durations,
// slices, string-keyed maps and structs of these. ${NAME} in a string is replaced by what lookup says; a name
// that it does not know is a mistake. The error joins all mistakes; what could
// be read is filled in all the same, so that further checks can add theirs.
func Decode(data []byte, into any, lookup func(string) (string, bool)) error {
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return fmt.Errorf("not YAML: %w", err)
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		return errors.New("must hold exactly one document")
	}
	d := decoder{lookup: lookup}
	d.value(file.Docs[0].Body, reflect.ValueOf(into).Elem())
	return errors.Join(d.mistakes...)
}

type decoder struct {
	lookup   func(string) (string, bool)
	mistakes []error
}

func (d *decoder) mistake(n ast.Node, format string, args ...any) {
	d.mistakes = append(d.mistakes, At{n.GetToken().Position.Line}.Mistake(format, args...))
}

func (d *decoder) value(n ast.Node, into reflect.Value) {
	switch into.Kind() {
	case reflect.Struct:
		d.fields(n, into)
	case reflect.Map:
		d.entries(n, into)
	case reflect.Slice:
		d.list(n, into)
	default:
		d.scalar(n, into)
	}
}

func (d *decoder) fields(n ast.Node, into reflect.Value) {
	if at := into.FieldByName("At"); at.IsValid() {
		at.Set(reflect.ValueOf(At{n.GetToken().Position.Line}))
	}
	d.pairs(n, func(name string, pair *ast.MappingValueNode) {
		for _, field := range reflect.VisibleFields(into.Type()) {
			if field.Tag.Get("yaml") == name {
				d.value(pair.Value, into.FieldByIndex(field.Index))
				return
			}
		}
		d.mistake(pair.Key, "unknown field %q", name)
	})
}

func (d *decoder) entries(n ast.Node, into reflect.Value) {
	into.Set(reflect.MakeMap(into.Type()))
	d.pairs(n, func(name string, pair *ast.MappingValueNode) {
		v := reflect.New(into.Type().Elem()).Elem()
		d.value(pair.Value, v)
		into.SetMapIndex(reflect.ValueOf(name), v)
	})
}

func (d *decoder) pairs(n ast.Node, each func(name string, pair *ast.MappingValueNode)) {
	mapping, ok := n.(*ast.MappingNode)
	if !ok {
		d.mistake(n, "must be fields with values")
		return
	}
	if len(mapping.Values) == 0 {
		d.mistake(n, "must not be empty")
	}
	seen := map[string]bool{}
	for _, pair := range mapping.Values {
		name := pair.Key.String()
		if seen[name] {
			d.mistake(pair.Key, "field %q is given twice", name)
			continue
		}
		seen[name] = true
		each(name, pair)
	}
}

func (d *decoder) list(n ast.Node, into reflect.Value) {
	sequence, ok := n.(*ast.SequenceNode)
	if !ok {
		d.mistake(n, "must be a list")
		return
	}
	if len(sequence.Values) == 0 {
		d.mistake(n, "must not be an empty list")
	}
	into.Set(reflect.MakeSlice(into.Type(), len(sequence.Values), len(sequence.Values)))
	for i, v := range sequence.Values {
		d.value(v, into.Index(i))
	}
}

func (d *decoder) scalar(n ast.Node, into reflect.Value) {
	switch n.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.BoolNode:
	default:
		d.mistake(n, "must be a plain value")
		return
	}
	if text, ok := n.(*ast.StringNode); ok {
		if text.Value = d.expand(text); text.Value == "" {
			d.mistake(n, "must not be empty")
			return
		}
	}
	if err := yaml.NodeToValue(n, into.Addr().Interface()); err != nil {
		d.mistake(n, "%s is no %s", n, into.Type())
	}
}

var reference = regexp.MustCompile(`\$\{([^}]*)\}`)

func (d *decoder) expand(n *ast.StringNode) string {
	return reference.ReplaceAllStringFunc(n.Value, func(ref string) string {
		name := ref[2 : len(ref)-1]
		value, ok := d.lookup(name)
		if !ok || value == "" {
			d.mistake(n, "%s is not set", name)
		}
		return value
	})
}
