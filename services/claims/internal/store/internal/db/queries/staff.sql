-- name: FindStaff :one
SELECT * FROM staff WHERE tenant = ? AND subject = ?;

-- name: PutStaff :exec
INSERT INTO staff (
  tenant, subject, role, regions, limit_amount, limit_currency, version, created_at, updated_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (tenant, subject) DO UPDATE SET
  role = excluded.role, regions = excluded.regions, limit_amount = excluded.limit_amount,
  limit_currency = excluded.limit_currency, version = staff.version + 1, updated_at = excluded.updated_at;

-- name: InsertStaff :execrows
INSERT INTO staff (
  tenant, subject, role, regions, limit_amount, limit_currency, version, created_at, updated_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: InsertNetwork :execrows
INSERT INTO networks (tenant, id, prefix, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: UpdateStaff :execrows
UPDATE staff SET role = ?, regions = ?, limit_amount = ?, limit_currency = ?, version = ?, updated_at = ?
WHERE tenant = ? AND subject = ? AND version = sqlc.arg(was);

-- name: DeleteStaff :execrows
DELETE FROM staff WHERE tenant = ? AND subject = ? AND version = ?;

-- name: Networks :many
SELECT prefix FROM networks WHERE tenant = ? ORDER BY prefix;
