-- name: Keys :many
SELECT * FROM keys ORDER BY since DESC, role;

-- name: PutKey :exec
INSERT INTO keys (role, private_key, since) VALUES (?, ?, ?)
ON CONFLICT (role) DO UPDATE SET private_key = excluded.private_key, since = excluded.since;
