-- +goose Up
-- One row for each decision. seq is the order of arrival, for retention and for
-- the log that will number the records.
CREATE TABLE records (
    seq         INTEGER PRIMARY KEY,
    id          TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    service     TEXT    NOT NULL,
    build       TEXT    NOT NULL,
    policy      TEXT    NOT NULL,
    trace       TEXT    NOT NULL,
    txn         TEXT    NOT NULL,
    tenant      TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    issuer      TEXT    NOT NULL,
    client      TEXT    NOT NULL,
    credential  TEXT    NOT NULL,
    scope       TEXT    NOT NULL,
    acr         TEXT    NOT NULL,
    amr         TEXT    NOT NULL,
    auth_time   INTEGER NOT NULL,
    peer        TEXT    NOT NULL,
    address     TEXT    NOT NULL,
    route       TEXT    NOT NULL,
    evidence    TEXT    NOT NULL,
    action      TEXT    NOT NULL,
    cause       TEXT    NOT NULL,
    type        TEXT    NOT NULL,
    object      TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    filter      TEXT    NOT NULL,
    count       INTEGER NOT NULL,
    ids         TEXT    NOT NULL,
    outcome     TEXT    NOT NULL,
    rule        TEXT    NOT NULL,
    shown       TEXT    NOT NULL,
    near        TEXT    NOT NULL,
    lacks       TEXT    NOT NULL,
    result      TEXT    NOT NULL,
    status      INTEGER NOT NULL,
    leaf        INTEGER
);
CREATE UNIQUE INDEX records_by_id ON records (tenant, id);
-- The three questions: about an object, about a person, about a rule.
CREATE INDEX records_by_object ON records (tenant, object, created_at, id);
CREATE INDEX records_by_subject ON records (tenant, subject, created_at, id);
CREATE INDEX records_by_rule ON records (tenant, action, rule, created_at, id);
-- All that one request caused.
CREATE INDEX records_by_txn ON records (tenant, txn);

-- +goose Down
DROP TABLE records;
