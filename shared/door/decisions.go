package door

import (
	"context"
	"time"

	"innerdoor.example/shared/database"
	"innerdoor.example/shared/principal"
)

// Records is the Table of the decisions themselves, which are looked at through a
// door like anything else; S is the subject of that door's policy. Nothing is
// inserted or updated through it: doors write the records.
// Filters: "txn", "subject", "object", "rule", "action".
type Records[S any] struct {
	Load func(ctx context.Context, tx *database.Tx, who principal.Principal, at time.Time) (S, error)
}
