-- name: FindShare :one
SELECT * FROM shares WHERE tenant = ? AND id = ?;

-- name: InsertDelegation :execrows
INSERT INTO delegations (
  tenant, id, claim_id, subject, expires_at, granted_by, version, created_at, updated_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: UpdateDelegation :execrows
UPDATE delegations SET expires_at = ?, granted_by = ?, version = ?, updated_at = ?
WHERE tenant = ? AND id = ? AND version = sqlc.arg(was);

-- name: DeleteDelegation :execrows
DELETE FROM delegations WHERE tenant = ? AND id = ? AND version = ?;

-- name: LiveShares :many
SELECT claim_id FROM delegations WHERE tenant = ? AND subject = ? AND expires_at > sqlc.arg(now)
ORDER BY claim_id;

-- name: OtherLiveShares :one
SELECT count(*) FROM delegations WHERE tenant = ? AND subject = ? AND expires_at > sqlc.arg(now) AND id <> sqlc.arg(besides);
