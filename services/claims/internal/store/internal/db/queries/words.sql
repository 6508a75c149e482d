-- name: WordsOf :many
SELECT word FROM words WHERE tenant = ? AND claim_id = ?;

-- name: InsertWord :exec
INSERT INTO words (tenant, claim_id, word, region, created_at) VALUES (?, ?, ?, ?, ?);

-- name: DeleteWord :exec
DELETE FROM words WHERE tenant = ? AND claim_id = ? AND word = ?;
