package audit

import (
	"context"
	"log/slog"
	"time"

	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
)

// Retention removes records when they have been kept long enough. Refusals are rows too: without it, whoever is refused
// fills the disk. That it removed some is recorded as done by operator:sweep.
type Retention struct {
	DB      *database.DB
	Service string // in its records
	Build   string // in its records
	Keep    time.Duration
	Now     func() time.Time
	Log     *slog.Logger
}

// sweepBatch bounds how long one sweep holds up the other writers: with the record of a page or of an export's chunk go up
// to some hundred rows that say what it showed.
const sweepBatch = 100

// Run sweeps at once and then every hour, until ctx ends.
func (r Retention) Run(ctx context.Context) {
	hour := time.NewTicker(time.Hour)
	defer hour.Stop()
	for {
		if err := r.Sweep(ctx); err != nil && ctx.Err() == nil {
			r.Log.Error("records older than their time could not be removed", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-hour.C:
		}
	}
}

// Sweep removes all records that are too old now, a batch and its own record in each transaction.
func (r Retention) Sweep(ctx context.Context) error {
	for {
		var removed int64
		err := r.DB.Write(ctx, func(ctx context.Context, tx *database.Tx) (err error) {
			now := r.Now()
			removed, err = Sweep(ctx, tx, now.Add(-r.Keep), sweepBatch)
			if err != nil || removed == 0 {
				return err
			}
			record := Operator(r.Service, r.Build, "sweep", authz.Ref{Type: Record{}.Ref().Type}, now)
			record.Count = removed
			return Insert(ctx, tx, record)
		})
		if err != nil || removed < sweepBatch {
			return err
		}
	}
}
