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
