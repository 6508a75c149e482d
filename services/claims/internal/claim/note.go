package claim

import (
	"crypto/rand"
	"errors"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
)

// The actions on a claim's notes.
const (
	ReadNotes authz.Name = "notes:read"
	AddNote   authz.Name = "notes:add"
)

// Kind says whom a note is for.
type Kind string

// A public note is for all who may read the claim, an internal one for the staff that
// decides about it. To anybody else an internal note does not exist.
const (
	Public   Kind = "public"
	Internal Kind = "internal"
)

// ParseKind accepts the names of the kinds.
func ParseKind(s string) (Kind, error) {
	if k := Kind(s); k == Public || k == Internal {
		return k, nil
	}
	return "", errors.New("a note is public or internal")
}

// maxNote is how long a note may be, in characters.
const maxNote = 4000

// Note is something said about a claim, once and for all. Its fields are the columns of
// the view remarks, in their order: the note itself, and of its claim what rules are
// about.
type Note struct {
	Tenant    principal.Tenant
	ID        NoteID
	ClaimID   ID
	Author    principal.ID
	Kind      Kind
	Body      string
	Version   int64
	CreatedAt Time
	UpdatedAt Time
	Owner     principal.ID // of the claim, like all that follows
	Region    Region
	Status    Status
	Assignee  principal.ID
}

// NoteID names a note within its tenant: the claim's id, a slash and the note's own. So
// under the wrong claim there is no note.
type NoteID string

// NoteOf is the id of the claim's note with this name.
func NoteOf(id ID, name string) NoteID { return NoteID(string(id) + "/" + name) }

// Name is the note's own part of its id.
func (id NoteID) Name() string {
	_, name, _ := strings.Cut(string(id), "/")
	return name
}

var notePattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// ParseNote accepts what can be a note's name.
func ParseNote(s string) (string, error) {
	if !notePattern.MatchString(s) {
		return "", errors.New("not the id of a note: want 1 to 64 of A-Z a-z 0-9 . _ -")
	}
	return s, nil
}

// Ref names the note in decisions and their records.
func (n Note) Ref() authz.Ref {
	return authz.Ref{Type: "note", Tenant: string(n.Tenant), ID: string(n.ID), Version: n.Version}
}

// Noted is a note of this kind on the claim before it is made: what it has from its
// claim.
func (c Claim) Noted(kind Kind) Note {
	return Note{Tenant: c.Tenant, ClaimID: c.ID, Kind: kind, Owner: c.Owner, Region: c.Region, Status: c.Status, Assignee: c.Assignee}
}

// Remark is what somebody may say in a note.
type Remark struct {
	Claim ID
	Kind  Kind
	Body  string
}

// Action names what must be permitted.
func (Remark) Action() authz.Name { return AddNote }

// Apply makes n, which has what it has from its claim, the note of by. An Unfit error
// says why it cannot be saved; n is complete all the same, so that it can be decided
// whether by is to learn that.
func (r Remark) Apply(n *Note, by principal.ID, at time.Time) error {
	n.ID, n.Author, n.Body = NoteOf(n.ClaimID, "n-"+strings.ToLower(rand.Text())), by, r.Body
	n.Version, n.CreatedAt, n.UpdatedAt = 1, At(at), At(at)
	if r.Body == "" || utf8.RuneCountInString(r.Body) > maxNote {
		return Unfit("a note must have 1 to 4000 characters")
	}
	return nil
}
