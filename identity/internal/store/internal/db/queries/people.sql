-- name: TakeSubject :execrows
INSERT INTO subjects (subject, kind) VALUES (?, ?) ON CONFLICT (subject) DO NOTHING;

-- name: SubjectKind :one
SELECT kind FROM subjects WHERE subject = ?;

-- name: Person :one
SELECT * FROM people WHERE subject = ?;

-- name: InsertPerson :exec
INSERT INTO people (subject, tenant, password, totp_secret, totp_step, scopes) VALUES (?, ?, ?, ?, ?, ?);

-- name: DeletePerson :exec
DELETE FROM people WHERE subject = ?;

-- name: UseStep :execrows
UPDATE people SET totp_step = sqlc.arg(step) WHERE subject = sqlc.arg(subject) AND totp_step < sqlc.arg(step);
