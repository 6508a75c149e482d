package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"innerdoor.example/e2e/cast"
	"innerdoor.example/e2e/harness"
)

// Where the image has what the play needs: the file of secrets that seeding made, and
// for the thief /bin/gateway, its settings files and the keys that he has stolen.
const (
	imageRoot    = "/"
	imageBin     = "/bin"
	imageSecrets = "/secrets/secrets.json"
)

// neighbours are the processes of a Compose project, as a container of it sees them.
type neighbours struct{ harness.Processes }

func (neighbours) InnerAddr(w string) string { return w + ":8443" }

// attach plays at a system of containers that runs at origin, or prints a token got
// there.
func attach(ctx context.Context, origin string, s settings, out io.Writer) error {
	thief := &harness.Inside{Root: imageRoot, Dir: imageRoot, Bin: imageBin, Origin: origin, Processes: neighbours{}}
	system, err := harness.Around(thief, imageSecrets, nil)
	if err != nil {
		return err
	}
	if s.given["token"] {
		person, err := named(s.token, s.scopes)
		if err != nil {
			return err
		}
		token, err := system.Token(ctx, person, person.TOTP)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, token)
		return err
	}
	if answer := system.As(cast.Bob).Get("/claims/c-bob"); strings.Contains(string(answer.Body), `"approved"`) {
		return errors.New("the play has been played here, and what was done stays done: docker compose down -v, then again")
	}
	show := newScreen(out)
	show.progress("playing at %s", origin)
	failed := play(ctx, system, show)
	if ctx.Err() != nil {
		return errors.New("interrupted before the play was over")
	}
	show.verdict(failed)
	return failed.asError()
}
