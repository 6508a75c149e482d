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
