package store

import (
	"context"
	"errors"
	"time"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/services/claims/internal/store/internal/db"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
)

var (
	errNoted     = errors.New("the claim has a note of this id already")
	errNotesStay = errors.New("what was noted is never changed")
)

// Notes is a page of those of the claim's notes that who may read, newest first.
func (s *Store) Notes(ctx context.Context, who principal.Principal, id claim.ID, limit int, cursor string) (ListedOf[claim.Note], error) {
	return s.notes.List(ctx, who, claim.ReadNotes, door.Query[claim.Note]{
		Limit: limit, Cursor: cursor, Filter: door.Given("claim_id", string(id)), Parent: s.noted(id, claim.Public),
	})
}

// Note is one of them.
func (s *Store) Note(ctx context.Context, who principal.Principal, id claim.NoteID) (GrantedOf[claim.Note], error) {
	return s.notes.Get(ctx, who, claim.ReadNotes, string(id))
}

// AddNote adds a note to the claim.
func (s *Store) AddNote(ctx context.Context, who principal.Principal, r claim.Remark) (GrantedOf[claim.Note], error) {
	return s.notes.Create(ctx, who, door.Change[claim.Note]{
		Action: r.Action(),
		Apply: func(n *claim.Note, by principal.ID, at time.Time) error {
			return fit(r.Apply(n, by, at))
		},
		Parent: s.noted(r.Claim, r.Kind),
	})
}

// noted decides the claim of a note before the note itself.
func (s *Store) noted(id claim.ID, kind claim.Kind) door.Parent[claim.Note] {
	return func(ctx context.Context, in *door.Inside) (claim.Note, error) {
		c, err := s.claims.See(ctx, in, claim.Read, string(id))
		return c.Noted(kind), err
	}
}

// notes is the place of notes in the database: the view that joins what rules need to
// know of the claim.
type notes struct{ facts }

const selectNotes = `SELECT tenant, id, claim_id, author, kind, body, version, created_at, updated_at, owner, region, status, assignee
	FROM remarks`

func (notes) Find(ctx context.Context, tx *database.Tx, tenant principal.Tenant, id string) (claim.Note, error) {
	row, err := db.New(tx).FindNote(ctx, db.FindNoteParams{Tenant: tenant, ID: claim.NoteID(id)})
	return claim.Note(row), door.Absent(err)
}

func (notes) Page(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, p door.Page) ([]claim.Note, error) {
	text, args := door.Keyset(selectNotes, tenant, ways, p)
	return database.All(ctx, tx, func(n *claim.Note) []any {
		return []any{&n.Tenant, &n.ID, &n.ClaimID, &n.Author, &n.Kind, &n.Body, &n.Version, &n.CreatedAt, &n.UpdatedAt,
			&n.Owner, &n.Region, &n.Status, &n.Assignee}
	}, text, args...)
}

func (notes) Count(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, f door.Filter) (int64, error) {
	text, args := door.CountSQL("remarks", tenant, ways, f)
	return database.Count(ctx, tx, text, args...)
}

func (notes) Insert(ctx context.Context, tx *database.Tx, n *claim.Note) error {
	made, err := db.New(tx).InsertNote(ctx, db.InsertNoteParams{
		Tenant: n.Tenant, ID: n.ID, ClaimID: n.ClaimID, Author: n.Author, Kind: n.Kind, Body: n.Body,
		Version: n.Version, CreatedAt: n.CreatedAt, UpdatedAt: n.UpdatedAt,
	})
	if err == nil && made == 0 {
		return door.Conflict(errNoted)
	}
	return err
}

// Update always fails: no action changes a note.
func (notes) Update(context.Context, *database.Tx, *claim.Note, int64) error { return errNotesStay }

func (notes) Place(n *claim.Note) door.Place {
	return door.Place{CreatedAt: int64(n.CreatedAt), ID: string(n.ID)}
}
