package door

import (
	"database/sql"
	"errors"
)

// Absent gives a Table's Find its error: ErrAbsent where the query found no row.
func Absent(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrAbsent
	}
	return err
}

// Stale gives a Table's Update and Delete their error: ErrStale where the statement
// met no row of that version.
func Stale(rows int64, err error) error {
	if err == nil && rows == 0 {
		return ErrStale
	}
	return err
}

// Given is the filter of what a client gave: columns and values in turn, of which
// those with an empty value do not filter.
func Given(pairs ...string) (f Filter) {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			f = append(f, Equal(pairs[i], pairs[i+1]))
		}
	}
	return f
}
