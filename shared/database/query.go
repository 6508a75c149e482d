package database

import "context"

// All runs a query and reads every row of its result; fields says where the columns
// of one row go, in their order.
func All[R any](ctx context.Context, tx *Tx, fields func(*R) []any, query string, args ...any) ([]R, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []R
	for rows.Next() {
		var row R
		if err := rows.Scan(fields(&row)...); err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, rows.Err()
}
