-- name: FindOrder :one
SELECT * FROM orders WHERE tenant = ? AND id = ?;

-- name: InsertOrder :execrows
INSERT INTO orders (
    tenant, id, owner, items, amount, currency, ship_to, contact_name, contact_email, contact_phone,
    region, carrier, status, version, created_at, updated_at, shipped_at, delivered_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (tenant, id) DO NOTHING;

-- name: UpdateOrder :execrows
UPDATE orders
SET carrier = sqlc.arg(carrier), status = sqlc.arg(status), version = sqlc.arg(version),
    updated_at = sqlc.arg(updated_at), shipped_at = sqlc.arg(shipped_at), delivered_at = sqlc.arg(delivered_at)
WHERE tenant = sqlc.arg(tenant) AND id = sqlc.arg(id) AND version = sqlc.arg(was);
