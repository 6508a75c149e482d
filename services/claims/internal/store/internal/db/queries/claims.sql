-- name: FindClaim :one
SELECT * FROM claims WHERE tenant = ? AND id = ?;

-- name: InsertClaim :execrows
INSERT INTO claims (
  tenant, id, owner, order_id, region, amount, currency, order_amount, description,
  contact_name, contact_email, contact_phone, status, assignee, first_approver, second_approver,
  delivered_at, version, created_at, updated_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: UpdateClaim :execrows
UPDATE claims SET
  amount = ?, description = ?, contact_name = ?, contact_email = ?, contact_phone = ?,
  status = ?, assignee = ?, first_approver = ?, second_approver = ?, version = ?, updated_at = ?
WHERE tenant = ? AND id = ? AND version = sqlc.arg(was);
