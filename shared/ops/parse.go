package ops

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Parse fills the struct that cfg points to from the environment (the tags are caarlos0/env's; an empty variable counts
// as not set) and asks it, and every struct in it, that has a Validate() error method. All mistakes come in one error,
// one a line, each beginning with the variable's name; a Validate method keeps to that too. Secrets in them are masked.
func Parse(cfg any) error {
	s := survey{environment: env.ToMap(os.Environ()), names: map[field][]string{}}
	maps.DeleteFunc(s.environment, func(_, value string) bool { return value == "" })
	s.visit(reflect.ValueOf(cfg).Elem())

	var lines []string
	unread := map[string]bool{} // variables that have been complained of, so that nobody complains that they are empty
	if all, ok := errors.AsType[env.AggregateError](env.ParseWithOptions(cfg, env.Options{Environment: s.environment})); ok {
		for _, err := range all.Errors {
			line := s.masked(s.explain(err))
			lines = append(lines, line)
			unread[variable(line)] = true
		}
	}
	for _, v := range s.validators {
		if err := v.Validate(); err != nil {
			for line := range strings.SplitSeq(s.masked(err.Error()), "\n") {
				// An embedded struct is asked twice: as itself and as the one around it.
				if !unread[variable(line)] && !slices.Contains(lines, line) {
					lines = append(lines, line)
				}
			}
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return errors.New(strings.Join(lines, "\n"))
}

// variable returns what a mistake begins with.
func variable(line string) string {
	name, _, _ := strings.Cut(line, ":")
	return name
}

// survey is what there is in a settings struct, and around it.
type survey struct {
	environment map[string]string
	names       map[field][]string // the variables
	validators  []validator
}

// field is how env's errors name a field: not by its variable. Two structs may have a field of the same name and type.
type field struct {
	name string
	kind reflect.Type
}

type validator interface{ Validate() error }

func (s *survey) visit(v reflect.Value) {
	for structField, value := range v.Fields() {
		name, _, _ := strings.Cut(structField.Tag.Get("env"), ",")
		switch {
		case name != "":
			key := field{structField.Name, structField.Type}
			s.names[key] = append(s.names[key], name)
		case structField.IsExported() && value.Kind() == reflect.Struct:
			s.visit(value)
		}
	}
	if validator, ok := v.Addr().Interface().(validator); ok {
		s.validators = append(s.validators, validator)
	}
}

// explain turns an error of env into a line that begins with the variable's name.
func (s *survey) explain(err error) string {
	if e, ok := errors.AsType[env.VarIsNotSetError](err); ok {
		return e.Key + ": not set"
	}
	if e, ok := errors.AsType[env.ParseError](err); ok {
		names := strings.Join(s.names[field{e.Name, e.Type}], " or ")
		return fmt.Sprintf("%s: not a %s: %v", names, e.Type, e.Err)
	}
	return err.Error()
}

var (
	secretName = regexp.MustCompile(`(SECRET|PASSWORD|PEPPER|TOKEN)$`)
	userInfo   = regexp.MustCompile(`//[^/@\s"]+@`)
)

// masked hides what must not come into a log: the value of a variable whose name says that it is a secret, a private
// key where its file's name belongs, and the user and password in a URL.
func (s *survey) masked(text string) string {
	for _, name := range slices.Concat(slices.Collect(maps.Values(s.names))...) {
		value := s.environment[name]
		if value != "" && (secretName.MatchString(name) || strings.Contains(value, "PRIVATE KEY")) {
			quoted := strconv.Quote(value)
			text = strings.NewReplacer(value, "***", quoted[1:len(quoted)-1], "***").Replace(text)
		}
	}
	return userInfo.ReplaceAllString(text, "//***@")
}
