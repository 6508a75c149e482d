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

-- name: UpdateStaff :execrows
UPDATE staff
SET role = sqlc.arg(role), limit_amount = sqlc.arg(limit_amount), limit_currency = sqlc.arg(limit_currency),
    version = sqlc.arg(version), updated_at = sqlc.arg(updated_at)
WHERE tenant = sqlc.arg(tenant) AND subject = sqlc.arg(subject) AND version = sqlc.arg(was);

-- name: DeleteStaff :execrows
DELETE FROM staff WHERE tenant = ? AND subject = ? AND version = ?;

-- name: FindCourier :one
SELECT * FROM carriers WHERE tenant = ? AND subject = ?;

-- name: HasCarrier :one
SELECT EXISTS (SELECT 1 FROM carriers WHERE tenant = ? AND carrier = ?);

-- name: InsertCourier :execrows
INSERT INTO carriers (tenant, subject, carrier, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (tenant, subject) DO NOTHING;

-- name: UpdateCourier :execrows
UPDATE carriers
SET carrier = sqlc.arg(carrier), version = sqlc.arg(version), updated_at = sqlc.arg(updated_at)
WHERE tenant = sqlc.arg(tenant) AND subject = sqlc.arg(subject) AND version = sqlc.arg(was);

-- name: DeleteCourier :execrows
DELETE FROM carriers WHERE tenant = ? AND subject = ? AND version = ?;
