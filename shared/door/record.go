package door

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"

	"innerdoor.example/shared/audit"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/web"
)

// matter is one decision: who wants what, what is known, and what was said. Each
// ends in exactly one record, by allowed, refused or misfit.
type matter[S, R any] struct {
	in      *Inside
	action  authz.Name
	id      string // of the object; as asked for, so that it is recorded if absent too
	subject *S
	row     *R // nil if there is none to decide on
	said    authz.Decision
	visible bool // the caller knows the place, so there is nothing to hide
}

// refusal is an answer that was decided: its record is kept, and whatever was
// changed on the way to it is undone.
type refusal struct{ answer *web.Error }

func (r *refusal) Error() string { return r.answer.Error() }

// misfit is why what is permitted cannot be done.
type misfit struct {
	kind   web.Kind
	reason error
}

func (m *misfit) Error() string { return m.reason.Error() }
func (m *misfit) Unwrap() error { return m.reason }

// Conflict makes a Table's or a Change's error the answer 409; its text is for the
// client.
func Conflict(reason error) error { return &misfit{web.Conflict, reason} }

// Unfit makes a Table's or a Change's error the answer 422; its text is for the
// client.
func Unfit(reason error) error { return &misfit{web.Unprocessable, reason} }

// results is how the record calls what did not fit.
var results = map[web.Kind]audit.Result{
	web.NotFound:      audit.Absent,
	web.Conflict:      audit.Conflict,
	web.Stale:         audit.Stale,
	web.Unprocessable: audit.Unfit,
}

// allowed records that the action was permitted and done.
func (d *Door[S, R]) allowed(m *matter[S, R], status int) *audit.Record {
	return d.record(m, audit.Done, status)
}

// refused records a refusal and gives its answer. This is the one place that
// chooses how a refusal looks (docs/adr/0006-404-for-the-unseen.md).
func (d *Door[S, R]) refused(m *matter[S, R]) error {
	answer := &web.Error{Kind: web.NotFound} // the same for hidden and absent: no decision id
	switch outcome := m.said.Outcome(); {
	case m.said.MissingScope() != "":
		answer.Kind, answer.Scope = web.Scope, m.said.MissingScope()
	case outcome == authz.StepUp:
		answer.Kind, answer.ACR = web.StepUp, d.Service.ACR
	case outcome == authz.Forbidden || m.visible:
		answer.Kind = web.Forbidden
	}
	r := d.record(m, audit.Refused, answer.Kind.Status())
	r.Near, r.Lacks = d.Policy.Near(m.action, m.subject, m.row)
	if answer.Kind != web.NotFound {
		answer.Decision = r.ID
	}
	return &refusal{answer}
}

// misfit records that the action was permitted but cannot be done, and gives the
// answer.
func (d *Door[S, R]) misfit(m *matter[S, R], why *misfit) error {
	answer := &web.Error{Kind: why.kind, Detail: why.reason.Error()}
	r := d.record(m, results[why.kind], answer.Kind.Status())
	if answer.Kind != web.NotFound {
		answer.Decision = r.ID
	}
	return &refusal{answer}
}

func (d *Door[S, R]) record(m *matter[S, R], result audit.Result, status int) *audit.Record {
	who := m.in.Who.Fields()
	r := &audit.Record{
		ID:      audit.NewID(m.in.At),
		At:      m.in.At.UnixMilli(),
		Service: d.Service.Name,
		Build:   d.Service.Build,
		Policy:  d.Policy.Digest(),
		Txn:     who.Txn,

		Tenant:     who.Context.Tenant,
		Subject:    who.ID,
		Issuer:     who.Context.Issuer,
		Client:     who.Context.Client,
		Credential: who.Context.Credential,
		Scope:      who.Scope,
		ACR:        who.Context.ACR,
		AMR:        strings.Join(who.Context.AMR, " "),
		AuthTime:   who.Context.AuthTime,
		Peer:       m.in.Who.Peer(),
		Address:    who.Request.Address,
		Route:      who.Context.Route,
		Evidence:   d.Policy.Read(m.subject, m.row),

		Action:  m.action,
		Type:    d.Name,
		Object:  m.id,
		Outcome: m.said.Outcome().String(),
		Rule:    m.said.Rule(),
		Result:  result,
		Status:  status,
	}
	if m.action != m.in.cause {
		r.Cause = m.in.cause
	}
	if m.row != nil {
		r.Version = (*m.row).Ref().Version
	}
	m.in.records = append(m.in.records, r)
	return r
}

// explain writes the decisions into the log, if it is at debug level.
func (d *Door[S, R]) explain(ctx context.Context, in *Inside) {
	if !d.Service.Log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	for _, r := range in.records {
		d.Service.Log.DebugContext(ctx, "decision",
			"decision", r.ID, "txn", r.Txn, "subject", r.Subject, "tenant", r.Tenant, "peer", r.Peer,
			"action", r.Action, "type", r.Type, "object", r.Object,
			"outcome", r.Outcome, "rule", r.Rule, "shown", r.Shown, "near", r.Near, "lacks", r.Lacks,
			"result", r.Result, "status", r.Status, "answer", http.StatusText(r.Status),
			"evidence", string(r.Evidence))
	}
}

// pageOf notes in the record which rows leave, by the rule that shows each.
func pageOf[R Noun](r *audit.Record, rows []Granted[R]) {
	if len(rows) == 0 {
		return // the rule stays the one by which there might have been some
	}
	r.Count = int64(len(rows))
	r.IDs = make(map[string][]string)
	for _, row := range rows {
		r.IDs[row.By] = append(r.IDs[row.By], row.Row.Ref().ID)
	}
	r.Rule = strings.Join(slices.Sorted(maps.Keys(r.IDs)), " ")
}
