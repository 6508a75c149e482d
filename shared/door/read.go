package door

import (
	"context"

	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
)

// Get is the row, if who may do the action to it, an action that only looks.
func (d *Door[S, R]) Get(ctx context.Context, who principal.Principal, action authz.Name, id string) (Granted[R], error) {
	panic("not yet")
}

// See decides a row inside the transaction of another door's request: the parent
// of what is asked for. Its decision is recorded with that request.
func (d *Door[S, R]) See(ctx context.Context, in *Inside, action authz.Name, id string) (R, error) {
	panic("not yet")
}

// Open decides an action that has no row yet, before anything else is asked or
// done for it. Only a refusal is recorded: what is done afterwards is decided
// and recorded itself.
func (d *Door[S, R]) Open(ctx context.Context, who principal.Principal, action authz.Name) error {
	panic("not yet")
}

// Refused records that another service, asked on behalf of who, refused what the
// action needs (rule says what that is: "order-covered"). It gives the answer: 404.
// id is the other service's object.
func (d *Door[S, R]) Refused(ctx context.Context, who principal.Principal, action authz.Name, id, rule string) error {
	panic("not yet")
}
