package harness

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"
)

// process is one running program and its log.
type process struct {
	cmd   *exec.Cmd
	log   string
	from  int64 // where this run's part of the log begins
	ended chan struct{}
	told  atomic.Bool // we ended it
}

// listening is what a process logs when its listeners are open.
type listening struct{ Msg, Inner, Ops string }

const patience = 10 * time.Millisecond // between two looks at something that will come

// start starts a program; ended, which may be nil, is called when it ends by itself.
func start(program, log string, settings map[string]string, ended func()) (*process, error) {
	if err := os.MkdirAll(filepath.Dir(log), 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(program, "serve"), log: log, from: info.Size(), ended: make(chan struct{})}
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = environment(settings), file, file
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us: we end it in order
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in its log
		close(p.ended)
		if !p.told.Load() && ended != nil {
			ended()
		}
	}()
	return p, nil
}

// listening waits for the line that says where it listens.
func (p *process) listening(ctx context.Context) (listening, error) {
	for {
		if l, ok := p.findListening(); ok {
			return l, nil
		}
		select {
		case <-ctx.Done():
			return listening{}, fmt.Errorf("%w; its log ends:\n%s", ctx.Err(), tail(p.log))
		case <-p.ended:
			return listening{}, fmt.Errorf("it ended; its log ends:\n%s", tail(p.log))
		case <-time.After(patience):
		}
	}
}

func (p *process) findListening() (listening, bool) {
	f, err := os.Open(p.log)
	if err != nil {
		return listening{}, false
	}
	defer f.Close()
	if _, err := f.Seek(p.from, 0); err != nil {
		return listening{}, false
	}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var l listening
		if json.Unmarshal(lines.Bytes(), &l) == nil && l.Msg == "listening" {
			return l, true
		}
	}
	return listening{}, false
}

func (p *process) ready(ctx context.Context) error {
	l, err := p.listening(ctx)
	if err != nil {
		return err
	}
	for {
		r, err := request(ctx, http.MethodGet, "http://"+l.Ops+"/readyz", nil)
		if err != nil {
			return err
		}
		answer := send(client, r)
		if answer.Status == http.StatusOK {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s; its log ends:\n%s", answer, tail(p.log))
		case <-time.After(patience):
		}
	}
}

// kill ends it at once.
func (p *process) kill() error {
	p.told.Store(true)
	err := p.cmd.Process.Kill()
	<-p.ended
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// end lets it finish what is under way.
func (p *process) end() error {
	p.told.Store(true)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.ended:
		return nil
	case <-time.After(15 * time.Second):
		return errors.Join(fmt.Errorf("%s did not end in time", p.cmd.Path), p.kill())
	}
}
