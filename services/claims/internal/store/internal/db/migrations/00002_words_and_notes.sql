-- +goose Up
-- The words of each description: a row for each claim and word, kept in step with the
-- claim in the same transaction. created_at and region are the claim's, which never
-- change, so that a search walks its word newest first, and in its region only.
CREATE TABLE words (
  tenant     TEXT   NOT NULL,
  claim_id   TEXT   NOT NULL,
  word       TEXT   NOT NULL,
  region     TEXT   NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (tenant, claim_id, word),
  FOREIGN KEY (tenant, claim_id) REFERENCES claims (tenant, id)
);
CREATE INDEX words_by_word   ON words (tenant, word, created_at, claim_id);
CREATE INDEX words_by_region ON words (tenant, word, region, created_at, claim_id);

-- A note and what rules need to know of its claim.
CREATE VIEW remarks AS
  SELECT n.tenant, n.id, n.claim_id, n.author, n.kind, n.body, n.version, n.created_at, n.updated_at,
         c.owner, c.region, c.status, c.assignee
  FROM notes n JOIN claims c ON c.tenant = n.tenant AND c.id = n.claim_id;

-- The way into the list of staff, newest first.
CREATE INDEX staff_by_time ON staff (tenant, created_at, subject);

-- +goose Down
DROP INDEX staff_by_time;
DROP VIEW remarks;
DROP TABLE words;
