-- name: FindNote :one
SELECT * FROM remarks WHERE tenant = ? AND id = ?;

-- name: InsertNote :execrows
INSERT INTO notes (
  tenant, id, claim_id, author, kind, body, version, created_at, updated_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;
