-- name: FindStaff :one
SELECT * FROM staff WHERE tenant = ? AND subject = ?;

-- name: PutStaff :exec
INSERT INTO staff (
    tenant, subject, role, limit_amount, limit_currency, version, created_at, updated_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (tenant, subject) DO UPDATE SET
    role = excluded.role, limit_amount = excluded.limit_amount, limit_currency = excluded.limit_currency,
    version = staff.version + 1, updated_at = excluded.updated_at;

-- name: InsertStaff :execrows
INSERT INTO staff (
    tenant, subject, role, limit_amount, limit_currency, version, created_at, updated_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (tenant, subject) DO NOTHING;

-- name: FindCarrier :one
SELECT carrier FROM carriers WHERE tenant = ? AND subject = ?;

-- name: HasCarrier :one
SELECT EXISTS (SELECT 1 FROM carriers WHERE tenant = ? AND carrier = ?);

-- name: InsertCarrier :execrows
INSERT INTO carriers (tenant, subject, carrier, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (tenant, subject) DO NOTHING;
