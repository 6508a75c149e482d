-- +goose Up
-- What came of requests that carry an Idempotency-Key: a reference, never a body. Rows older than a day are as good as
-- gone, and go when others come.
CREATE TABLE once (
    tenant     TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    route      TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    digest     BLOB    NOT NULL, -- of the request
    txn        TEXT    NOT NULL, -- in which it was done
    action     TEXT    NOT NULL,
    object     TEXT    NOT NULL,
    status     INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, subject, route, key)
) WITHOUT ROWID;
CREATE INDEX once_by_time ON once (created_at);

-- +goose Down
DROP TABLE once;
