-- name: Client :one
SELECT * FROM clients WHERE id = ?;

-- name: InsertClient :exec
INSERT INTO clients (id, tenant, secret_hash, redirect_uris, scopes) VALUES (?, ?, ?, ?, ?);

-- name: DeleteClient :exec
DELETE FROM clients WHERE id = ?;
