package ops

import (
	"errors"
	"fmt"
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
	environment := env.ToMap(os.Environ())
	for name, value := range environment {
		if value == "" {
			delete(environment, name)
		}
	}
	found := survey{names: map[field]string{}}
	found.visit(reflect.ValueOf(cfg).Elem())

	var all mistakes
	if unread, ok := errors.AsType[env.AggregateError](env.ParseWithOptions(cfg, env.Options{Environment: environment})); ok {
		for _, err := range unread.Errors {
			all.add(found.explain(err))
		}
	}
	unread := all.variables()
	for _, v := range found.validators {
		if err := v.Validate(); err != nil {
			for line := range strings.Lines(err.Error()) {
				if !unread[variable(line)] { // what could not be read has been said, and is no more than empty here
					all.add(strings.TrimSuffix(line, "\n"))
				}
			}
		}
	}
	return all.err(found, environment)
}

type validator interface{ Validate() error }

// field is how env's errors name a field: not by its variable.
type field struct {
	name string
	kind reflect.Type
}

// survey is what there is in a settings struct: the variables, and who can check them.
type survey struct {
	names      map[field]string
	validators []validator
}

func (s *survey) visit(v reflect.Value) {
	for structField, value := range v.Fields() {
		name, _, _ := strings.Cut(structField.Tag.Get("env"), ",")
		switch {
		case name != "":
			s.names[field{structField.Name, structField.Type}] = name
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
		return fmt.Sprintf("%s: not a %s: %v", s.names[field{e.Name, e.Type}], e.Type, e.Err)
	}
	return err.Error()
}

// mistakes are lines, each once: a struct that is embedded is validated as itself and as the one around it.
type mistakes []string

func (m *mistakes) add(line string) {
	if !slices.Contains(*m, line) {
		*m = append(*m, line)
	}
}

func (m mistakes) variables() map[string]bool {
	set := make(map[string]bool, len(m))
	for _, line := range m {
		set[variable(line)] = true
	}
	return set
}

func variable(line string) string {
	name, _, _ := strings.Cut(line, ":")
	return name
}

var (
	secretName = regexp.MustCompile(`(SECRET|PASSWORD|PEPPER|TOKEN)$`)
	userInfo   = regexp.MustCompile(`//[^/@\s"]+@`)
)

// err joins the mistakes and masks what must not come into a log: the value of a variable whose name says that it is a
// secret, a private key where its file's name belongs, and the user and password in a URL.
func (m mistakes) err(s survey, environment map[string]string) error {
	if len(m) == 0 {
		return nil
	}
	text := strings.Join(m, "\n")
	for _, name := range s.names {
		value := environment[name]
		if value != "" && (secretName.MatchString(name) || strings.Contains(value, "PRIVATE KEY")) {
			quoted := strconv.Quote(value)
			text = strings.NewReplacer(value, "***", quoted[1:len(quoted)-1], "***").Replace(text)
		}
	}
	return errors.New(userInfo.ReplaceAllString(text, "//***@"))
}
