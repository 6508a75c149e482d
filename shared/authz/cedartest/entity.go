package cedartest

import (
	"fmt"
	"reflect"

	"github.com/cedar-policy/cedar-go"
)

// Attributes are what is known of something. Their values are texts, numbers, truths, slices, Attributes and Entities. An
// empty text, a zero and a nil slice are left out, as what is not known: an empty slice is known.
type Attributes map[string]any

// Entity is a person or a row; a question has one of each type.
type Entity struct {
	Type       string
	Attributes Attributes
	Tags       Attributes
}

// put adds the entity, and those that it is made of, to all.
func (e Entity) put(all cedar.EntityMap) cedar.EntityUID {
	uid := cedar.NewEntityUID(cedar.EntityType(e.Type), "this")
	all[uid] = cedar.Entity{UID: uid, Attributes: e.Attributes.record(all), Tags: e.Tags.record(all)}
	return uid
}

func (a Attributes) record(all cedar.EntityMap) cedar.Record {
	members := cedar.RecordMap{}
	for name, v := range a {
		if v := value(v, all); v != nil {
			members[cedar.String(name)] = v
		}
	}
	return cedar.NewRecord(members)
}

// value is nil for what is not known.
func value(v any, all cedar.EntityMap) cedar.Value {
	switch v := v.(type) {
	case Entity:
		return v.put(all)
	case Attributes:
		return v.record(all)
	case bool:
		return cedar.Boolean(v)
	}
	r := reflect.ValueOf(v)
	if r.IsZero() {
		return nil
	}
	switch r.Kind() {
	case reflect.String:
		return cedar.String(r.String())
	case reflect.Int64:
		return cedar.Long(r.Int())
	case reflect.Slice:
		members := make([]cedar.Value, r.Len())
		for i := range members {
			members[i] = cedar.String(r.Index(i).String())
		}
		return cedar.NewSet(members...)
	}
	panic(fmt.Sprintf("cedartest: %T is no value of an attribute", v))
}
