// Package audit is the memory of every decision: who asked for what, what was
// known about them, what was answered and by which rule. It answers "why was this
// user able to access this data?" months later. Records are written by package
// door; here are their form and their table.
package audit

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"errors"
	"regexp"
	"time"

	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
)

// Result is what came of a decision.
type Result string

// The results. Whatever is not Done has changed nothing; whatever is neither Done nor Repeated has shown nothing.
const (
	Done     Result = "done"
	Refused  Result = "refused"
	Absent   Result = "absent"   // permitted, but there is no such thing
	Conflict Result = "conflict" // permitted, but the state does not allow it
	Stale    Result = "stale"    // permitted, but another version was asked for
	Unfit    Result = "unfit"    // permitted, but the data cannot be accepted
	Repeated Result = "repeated" // permitted, but done already by a request with the same Idempotency-Key
)

// Record is one decision. It never holds tokens, secrets, payloads or texts. Its JSON is
// what auditors are shown, the same at every service.
type Record struct {
	ID      string `json:"id"` // see NewID; unique in the tenant
	At      int64  `json:"at"` // Unix milliseconds: the moment that was decided for
	Service string `json:"service"`
	Build   string `json:"build"`
	Policy  string `json:"policy"`         // digest of the policy that decided
	Trace   string `json:"trace,omitzero"` // trace id; empty while the request is not traced
	Txn     string `json:"txn"`            // the transaction, through all services and logs

	// Who asked, and through whom.
	Tenant     principal.Tenant     `json:"tenant"`
	Subject    principal.ID         `json:"subject"` // or "operator:<command>"
	Issuer     string               `json:"issuer,omitzero"`
	Client     string               `json:"client,omitzero"`
	Credential principal.Credential `json:"credential,omitzero"`
	Scope      string               `json:"scope,omitzero"`
	ACR        string               `json:"acr,omitzero"`
	AMR        string               `json:"amr,omitzero"`       // space-separated
	AuthTime   int64                `json:"auth_time,omitzero"` // Unix seconds
	Peer       principal.Workload   `json:"peer"`
	Address    string               `json:"address,omitzero"`
	Route      string               `json:"route,omitzero"`
	Evidence   json.RawMessage      `json:"evidence"` // the value of every word of the policy

	// What for.
	Action  authz.Name          `json:"action"`
	Cause   authz.Name          `json:"cause,omitzero"`   // the action on a child for which this parent was decided, or empty
	Type    string              `json:"type"`             // of the object
	Object  string              `json:"object,omitzero"`  // its id; empty for lists and for what has no row
	Version int64               `json:"version,omitzero"` // that was found
	Filter  string              `json:"filter,omitzero"`  // of a list
	Count   int64               `json:"count,omitzero"`   // rows listed or counted
	IDs     map[string][]string `json:"ids,omitzero"`     // the ids of the page, by the rule that shows each

	// Why.
	Outcome string `json:"outcome"`        // "allowed", "forbidden", "step_up" or "hidden"
	Rule    string `json:"rule"`           // that permitted or forbade; empty when none did
	Shown   string `json:"shown,omitzero"` // that permits the caller to read what was changed or made
	Near    string `json:"near,omitzero"`  // of a refusal: the rule that came closest,
	Lacks   string `json:"lacks,omitzero"` // and what it lacked

	// What came of it.
	Result Result `json:"result"`
	Status int    `json:"status"`        // of the answer, RFC 9110
	Leaf   *int64 `json:"leaf,omitzero"` // place in the log; nil until the log has numbered it
}

// Ref names the record itself: records are looked at through a door too.
func (r Record) Ref() authz.Ref {
	return authz.Ref{Type: "decision", Tenant: string(r.Tenant), ID: r.ID}
}

// Operator is the record of a change that a sub-command of a service made
// outside its doors: who is known only as "operator:<command>".
func Operator(service, build, command string, object authz.Ref, at time.Time) *Record {
	return &Record{
		ID:       NewID(at),
		At:       at.UnixMilli(),
		Service:  service,
		Build:    build,
		Tenant:   principal.Tenant(object.Tenant),
		Subject:  principal.ID("operator:" + command),
		Evidence: json.RawMessage("{}"),
		Action:   authz.Name("operator:" + command),
		Type:     object.Type,
		Object:   object.ID,
		Version:  object.Version,
		Outcome:  authz.Allowed.String(),
		Result:   Done,
	}
}

var idPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// ParseID accepts what can be a record's id. What is asked for is recorded too, so it must not be any text of any length.
func ParseID(s string) (string, error) {
	if !idPattern.MatchString(s) {
		return "", errors.New("not the id of a decision: want 1 to 64 of A-Z a-z 0-9 . _ -")
	}
	return s, nil
}

var digits = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID makes an id: 26 characters that begin with the time in
// milliseconds and go on at random, so that ids sort as they were made.
func NewID(at time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(at.UnixMilli())<<16)
	_, _ = rand.Read(b[6:]) // never fails: crypto/rand
	return digits.EncodeToString(b[:])
}
