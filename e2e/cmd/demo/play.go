package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"innerdoor.example/e2e/cast"
	"innerdoor.example/e2e/harness"
)

// An act is some steps that are decided in the same place.
type act struct {
	title string
	steps []step
}

// A step is one request, and all that must come of it.
type step struct {
	by           asker
	method, path string
	body         any
	says         string // what is to be learnt

	gateway string // entered, a status of its own, or "-": it was not asked
	service string // the outcome that the service recorded, or "-": it recorded none
	status  int    // of the answer; 0: the connection was refused
	rule    string // that the service recorded; "": none
	shows   string // a part of the answer's body, or of why there is none
}

// An asker is somebody, and the way they ask.
type asker struct {
	name string
	ask  func(context.Context, *harness.System, step) harness.Answer
}

// seen is what came of a step.
type seen struct {
	answer           harness.Answer
	gateway, service string
	record           record
}

// record is what the demo shows of a decision.
type record struct{ ID, Outcome, Rule, Near, Lacks string }

// failures are the steps that did not go as they must.
type failures struct {
	played int
	what   []string
}

func (f failures) asError() error {
	if len(f.what) == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d answers were not the expected ones:\n  %s", len(f.what), f.played, strings.Join(f.what, "\n  "))
}

// play plays the acts and shows each step as it is played.
func play(ctx context.Context, s *harness.System, show *screen) failures {
	var f failures
	show.head()
	for _, a := range acts {
		show.act(a.title)
		for _, step := range a.steps {
			if ctx.Err() != nil {
				return f
			}
			got := step.play(ctx, s)
			f.played++
			wrong := step.compare(got)
			show.step(step, got, wrong)
			if wrong != "" {
				f.what = append(f.what, fmt.Sprintf("%s, %s %s: %s", step.by.name, step.method, step.path, wrong))
			}
		}
	}
	return f
}

func (st step) play(ctx context.Context, s *harness.System) seen {
	got := seen{answer: st.by.ask(ctx, s, st), gateway: "-", service: "-"}
	txn := got.answer.Txn()
	if txn == "" { // only the gateway's answers have one
		return got
	}
	recorded, err := decision(s, st, txn)
	switch {
	case err != nil:
		got.answer.Err = err
	case recorded.ID == "":
		got.gateway = strconv.Itoa(got.answer.Status)
	default:
		got.gateway, got.service, got.record = "entered", recorded.Outcome, recorded
	}
	return got
}

// decision is what the service recorded under txn, read by the auditor of the tenant
// through the front door. A step without a decision has no record.
func decision(s *harness.System, st step, txn string) (record, error) {
	service := "/" + strings.Split(st.path, "/")[1]
	for _, auditor := range []cast.Person{cast.Vera, cast.Gina} {
		var page struct{ Items []record }
		answer := s.As(auditor).Get(service + "/decisions?txn=" + txn)
		if answer.Status != http.StatusOK {
			return record{}, fmt.Errorf("%s cannot read the record: %s", auditor.Name, answer)
		}
		if err := answer.JSON(&page); err != nil {
			return record{}, err
		}
		if len(page.Items) > 0 {
			return page.Items[0], nil
		}
	}
	return record{}, nil
}

// compare says in what the step went wrong.
func (st step) compare(got seen) string {
	said := string(got.answer.Body)
	if err := got.answer.Err; err != nil {
		if said = err.Error(); st.status != 0 || !strings.Contains(said, st.shows) {
			return said
		}
	}
	for _, c := range []struct{ what, want, got string }{
		{"the answer", strconv.Itoa(st.status), strconv.Itoa(got.answer.Status)},
		{"the gateway", st.gateway, got.gateway},
		{"the service", st.service, got.service},
		{"the rule", st.rule, got.record.Rule},
	} {
		if c.want != c.got {
			return fmt.Sprintf("%s is %q, not %q", c.what, c.got, c.want)
		}
	}
	if !strings.Contains(said, st.shows) {
		return fmt.Sprintf("the answer does not show %s", st.shows)
	}
	return ""
}

// as is the person, with all that the cast gives them.
func as(p cast.Person) asker {
	return asker{p.Name, func(_ context.Context, s *harness.System, st step) harness.Answer {
		return s.As(p).Do(st.method, st.path, st.body)
	}}
}

// weak is the person without their second factor.
func weak(p cast.Person) asker {
	return asker{p.Name, func(_ context.Context, s *harness.System, st step) harness.Answer {
		return s.As(p).Weak().Do(st.method, st.path, st.body)
	}}
}

// nobody shows no credential.
var nobody = asker{"nobody", func(_ context.Context, s *harness.System, st step) harness.Answer {
	return s.Anyone().Do(st.method, st.path, st.body)
}}

// impostor is the person, with a genuine Txn-Token of the victim in the header.
func impostor(p, victim cast.Person) asker {
	return asker{p.Name, func(ctx context.Context, s *harness.System, st step) harness.Answer {
		token, err := s.Tap(ctx, victim)
		if err != nil {
			return harness.Answer{Err: err}
		}
		return s.As(p).With(harness.TxnHeader, token).Do(st.method, st.path, st.body)
	}}
}

// around asks claims directly, with a workload's certificate ("": none) and a
// genuine Txn-Token of the victim.
func around(certificate string, victim cast.Person) asker {
	return asker{"thief", func(ctx context.Context, s *harness.System, st step) harness.Answer {
		token, err := s.Tap(ctx, victim)
		if err != nil {
			return harness.Answer{Err: err}
		}
		return s.Inside.Inner(certificate, "claims", st.method, st.path, http.Header{harness.TxnHeader: {token}}, st.body)
	}}
}

// guesser tries tokens until the gateway has had enough.
var guesser = asker{"guesser", func(ctx context.Context, s *harness.System, st step) harness.Answer {
	const patience = 500
	for n := range patience {
		answer := s.Anyone().With("Authorization", "Bearer guess-"+strconv.Itoa(n)).Do(st.method, st.path, st.body)
		if answer.Status != http.StatusUnauthorized || ctx.Err() != nil {
			if answer.Status == http.StatusTooManyRequests && answer.Header.Get("Retry-After") == "" {
				answer.Err = errors.New("429 without Retry-After")
			}
			return answer
		}
	}
	return harness.Answer{Err: fmt.Errorf("%d guesses, and still no 429", patience)}
}}
