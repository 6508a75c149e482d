-- +goose Up
-- How many records share the first, the first two, … columns of an index, about, where there are many: without it SQLite
-- takes a person, an action and a request for equally rare, and walks every read there ever was for one person's few. The
-- figures are fixed, and not measured by ANALYZE, so that the same question always goes the same way.
ANALYZE sqlite_schema;
DELETE FROM sqlite_stat1 WHERE tbl = 'records';
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('records', 'records_by_id',      '10000000 1000000 1'),
    ('records', 'records_by_txn',     '10000000 1000000 3'),
    ('records', 'records_by_object',  '10000000 1000000 20 1 1'),
    ('records', 'records_by_subject', '10000000 1000000 1000 1 1'),
    ('records', 'records_by_rule',    '10000000 1000000 100000 1 1'),
    ('records', 'records_by_action',  '10000000 1000000 100000 1 1'),
    ('records', 'records_by_time',    '10000000 1000000 1 1');
ANALYZE sqlite_schema;

-- +goose Down
DELETE FROM sqlite_stat1 WHERE tbl = 'records';
