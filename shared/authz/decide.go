package authz

// Outcome is how a request is answered. Its zero value refuses and says nothing.
type Outcome int8

// The outcomes, from the one that says least.
const (
	Hidden    Outcome = iota // as if the row did not exist
	Forbidden                // the row may be read, this may not be done; or the scope is missing
	StepUp                   // a stronger login is all that is missing
	Allowed
)

// String is the outcome as it stands in a record: "hidden", "forbidden", "step_up", "allowed".
func (o Outcome) String() string {
	return [...]string{"hidden", "forbidden", "step_up", "allowed"}[o]
}

// Decision is what a policy said. Its zero value is Hidden, and only a policy makes one that allows.
type Decision struct {
	outcome Outcome
	action  Name
	rule    string
	missing string
}

// Outcome of the decision.
func (d Decision) Outcome() Outcome { return d.outcome }

// Allowed says whether the action may be done.
func (d Decision) Allowed() bool { return d.outcome == Allowed }

// Action that was decided.
func (d Decision) Action() Name { return d.action }

// Rule that decided: the permit that held; for StepUp the one that would; else the Require that did not hold or the Forbid
// that did, or "" if nothing permitted.
func (d Decision) Rule() string { return d.rule }

// MissingScope is the scope that the token lacks, or "". The outcome is Forbidden then, for every row alike.
func (d Decision) MissingScope() string { return d.missing }

// Decide says whether the subject may do the action to the row. An action that the policy does not know, no subject and no
// row are Hidden. It allocates nothing.
func (p *Policy[S, R]) Decide(action Name, s *S, x *R) Decision {
	if x == nil {
		return Decision{action: action}
	}
	d := p.decide(action, s, x)
	read := p.order[0]
	if d.outcome == Hidden && s != nil && p.Knows(action) && d.action != read.Name && p.hasScope(s, read.Scope) {
		if _, ok := read.permits(s, x, false); ok {
			d.outcome = Forbidden
		}
	}
	return d
}

// Open answers before there is a row: is there any row to which the subject may do the action? Conditions on the row are
// taken as favourable, as far as the subject leaves that open. A refusal is Forbidden or StepUp, never Hidden, unless the
// policy does not know the action.
func (p *Policy[S, R]) Open(action Name, s *S) Decision {
	d := p.decide(action, s, nil)
	if d.outcome == Hidden && p.Knows(action) {
		d.outcome = Forbidden
	}
	return d
}

// After decides once more, on the state to be saved: d, the decision on the state found, stands if every Require still holds.
func (p *Policy[S, R]) After(d Decision, s *S, changed *R) Decision {
	a := p.actions[d.action]
	if a == nil || s == nil || changed == nil {
		return Decision{action: d.action}
	}
	if !d.Allowed() {
		return d
	}
	rule, ok := a.required(s, changed, false)
	if ok {
		return d
	}
	d.outcome, d.rule = Forbidden, rule
	if _, ok := a.required(s, changed, true); ok {
		d.outcome = StepUp
	}
	return d
}

// decide is Allowed, StepUp, Forbidden for want of a scope, or Hidden. Without a row, some row must do.
func (p *Policy[S, R]) decide(action Name, s *S, x *R) Decision {
	a := p.actions[action]
	if a == nil || s == nil {
		return Decision{action: action}
	}
	if !p.hasScope(s, a.Scope) {
		return Decision{outcome: Forbidden, action: action, missing: a.Scope}
	}
	rule, ok := a.permits(s, x, false)
	if ok {
		return Decision{outcome: Allowed, action: action, rule: rule}
	}
	if better, ok := a.permits(s, x, true); ok {
		return Decision{outcome: StepUp, action: action, rule: better}
	}
	return Decision{action: action, rule: rule}
}

// permits names the rule that permits, or the one that refuses ("": none permits). steppedUp asks what would be if the
// stronger login were there.
func (a *Action[S, R]) permits(s *S, x *R, steppedUp bool) (rule string, ok bool) {
	if rule, ok := a.required(s, x, steppedUp); !ok {
		return rule, false
	}
	for i := range a.Forbid {
		if !a.Forbid[i].fails(s, x, steppedUp) {
			return a.Forbid[i].name, false
		}
	}
	for i := range a.Permit {
		if a.Permit[i].holds(s, x, steppedUp) {
			return a.Permit[i].name, true
		}
	}
	return "", false
}

func (a *Action[S, R]) required(s *S, x *R, steppedUp bool) (rule string, ok bool) {
	for i := range a.Require {
		if !a.Require[i].holds(s, x, steppedUp) {
			return a.Require[i].name, false
		}
	}
	return "", true
}

// holds: a conjunction is yes if every condition is. (Plain loops: with slices.ContainsFunc a decision costs half as much again.)
func (r *Rule[S, R]) holds(s *S, x *R, steppedUp bool) bool {
	for i := range r.conds {
		if c := &r.conds[i]; !(steppedUp && c.stepUp) && !c.is(s, x, yes) {
			return false
		}
	}
	return true
}

// fails: a conjunction is no if any condition is.
func (r *Rule[S, R]) fails(s *S, x *R, steppedUp bool) bool {
	for i := range r.conds {
		if c := &r.conds[i]; !(steppedUp && c.stepUp) && c.is(s, x, no) {
			return true
		}
	}
	return false
}
