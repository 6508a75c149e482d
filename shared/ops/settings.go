package ops

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
)

// Settings are what every process has besides its own.
type Settings struct {
	Addr     string     `env:"OPS_ADDR" envDefault:"127.0.0.1:9090"` // host:port of /livez, /readyz and /metrics; ":0" takes any free port
	LogLevel slog.Level `env:"LOG_LEVEL" envDefault:"info"`          // debug, info, warn or error
	Debug    string     `env:"DEBUG"`                                // "why": each decision is explained in the log; else empty
}

// Validate lists what is wrong with the settings, one mistake a line, each beginning with the variable's name.
func (s Settings) Validate() error {
	var mistakes []error
	if _, _, err := net.SplitHostPort(s.Addr); err != nil {
		mistakes = append(mistakes, fmt.Errorf("OPS_ADDR: not host:port: %q", s.Addr))
	}
	if s.Debug != "" && !s.Why() {
		mistakes = append(mistakes, fmt.Errorf(`DEBUG: only "why" is known, not %q`, s.Debug))
	}
	return errors.Join(mistakes...)
}

// Why tells whether each decision is to be explained in the log.
func (s Settings) Why() bool { return s.Debug == "why" }

// Logger returns the process's logger: JSON lines on stderr, each with the process's name.
func Logger(name string, s Settings) *slog.Logger {
	level := s.LogLevel
	if s.Why() {
		level = slog.LevelDebug // at which doors explain
	}
	return slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level})).With("process", name)
}
