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
	"time"

	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
)

// Result is what came of a decision.
type Result string

// The results. Whatever is not Done has changed nothing and shown nothing.
const (
	Done     Result = "done"
	Refused  Result = "refused"
	Absent   Result = "absent"   // permitted, but there is no such thing
	Conflict Result = "conflict" // permitted, but the state does not allow it
	Stale    Result = "stale"    // permitted, but another version was asked for
	Unfit    Result = "unfit"    // permitted, but the data cannot be accepted
)

// Record is one decision. It never holds tokens, secrets, payloads or texts.
type Record struct {
	ID      string // see NewID; unique in the tenant
	At      int64  // Unix milliseconds: the moment that was decided for
	Service string
	Build   string
	Policy  string // digest of the policy that decided
	Trace   string // trace id; empty while the request is not traced
	Txn     string // the transaction, through all services and logs

	// Who asked, and through whom.
	Tenant     principal.Tenant
	Subject    principal.ID // or "operator:<command>"
	Issuer     string
	Client     string
	Credential principal.Credential
	Scope      string
	ACR        string
	AMR        string // space-separated
	AuthTime   int64  // Unix seconds
	Peer       principal.Workload
	Address    string
	Route      string
	Evidence   json.RawMessage // the value of every word of the policy

	// What for.
	Action  authz.Name
	Cause   authz.Name          // the action on a child for which this parent was decided, or empty
	Type    string              // of the object
	Object  string              // its id; empty for lists and for what has no row
	Version int64               // that was found
	Filter  string              // of a list
	Count   int64               // rows listed or counted
	IDs     map[string][]string // the ids of the page, by the rule that shows each

	// Why.
	Outcome string // "allowed", "forbidden", "step_up" or "hidden"
	Rule    string // that permitted or forbade; empty when none did
	Shown   string // that permits the caller to read what was changed or made
	Near    string // of a refusal: the rule that came closest,
	Lacks   string // and what it lacked

	// What came of it.
	Result Result
	Status int    // of the answer, RFC 9110
	Leaf   *int64 // place in the log; nil until the log has numbered it
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

var digits = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID makes an id: 26 characters, of which the first ten are the time in
// milliseconds and the others random, so that ids sort as they were made.
func NewID(at time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(at.UnixMilli())<<16)
	_, _ = rand.Read(b[6:]) // never fails: crypto/rand
	return digits.EncodeToString(b[:])
}
