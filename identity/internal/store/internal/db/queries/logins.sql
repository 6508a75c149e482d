-- name: InsertSession :exec
INSERT INTO sessions (hash, subject, auth_time, acr, expires_at) VALUES (?, ?, ?, ?, ?);

-- name: Session :one
SELECT * FROM sessions WHERE hash = ? AND expires_at > sqlc.arg(now);

-- name: DeleteSession :exec
DELETE FROM sessions WHERE hash = ?;

-- name: InsertTicket :exec
INSERT INTO tickets (hash, subject, auth_time, request, expires_at) VALUES (?, ?, ?, ?, ?);

-- name: Ticket :one
SELECT * FROM tickets WHERE hash = ? AND expires_at > sqlc.arg(now);

-- name: DeleteTicket :exec
DELETE FROM tickets WHERE hash = ?;

-- name: InsertCode :exec
INSERT INTO codes (hash, client, redirect_uri, challenge, subject, scope, nonce, auth_time, acr, expires_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: TakeCode :one
DELETE FROM codes WHERE hash = ? AND client = ? RETURNING *;

-- name: InsertDevice :exec
INSERT INTO devices (hash, subject, expires_at) VALUES (?, ?, ?);

-- name: Device :one
SELECT * FROM devices WHERE hash = ? AND subject = ? AND expires_at > sqlc.arg(now);

-- name: Attempt :one
SELECT * FROM attempts WHERE name = ? AND expires_at > sqlc.arg(now);

-- name: PutAttempt :exec
INSERT INTO attempts (name, failures, retry_at, expires_at) VALUES (?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET failures = excluded.failures, retry_at = excluded.retry_at, expires_at = excluded.expires_at;

-- name: DeleteAttempt :exec
DELETE FROM attempts WHERE name = ?;

-- name: SweepSessions :exec
DELETE FROM sessions WHERE expires_at <= ?;

-- name: SweepTickets :exec
DELETE FROM tickets WHERE expires_at <= ?;

-- name: SweepCodes :exec
DELETE FROM codes WHERE expires_at <= ?;

-- name: SweepDevices :exec
DELETE FROM devices WHERE expires_at <= ?;

-- name: SweepAttempts :exec
DELETE FROM attempts WHERE expires_at <= ?;
