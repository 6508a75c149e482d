-- +goose Up
-- Who may read a whole tenant, or a region of it, and filters by order or status walks no more than is shown.
CREATE INDEX claims_by_order             ON claims (tenant, order_id, created_at, id);
CREATE INDEX claims_by_status            ON claims (tenant, status, created_at, id);
CREATE INDEX claims_by_region_and_status ON claims (tenant, region, status, created_at, id);

-- How many rows share the first, the first two, … columns of an index, about, where there are many: without it SQLite
-- takes an owner, a region and a status for equally rare, and walks all of a region for somebody's own three. The figures
-- are fixed, and not measured by ANALYZE, so that the same question always goes the same way.
ANALYZE sqlite_schema;
DELETE FROM sqlite_stat1 WHERE tbl = 'claims';
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('claims', 'sqlite_autoindex_claims_1',   '1000000 100000 1'),
  ('claims', 'claims_one_per_order',        '1000000 100000 1'),
  ('claims', 'claims_by_order',             '1000000 100000 2 1 1'),
  ('claims', 'claims_by_owner',             '1000000 100000 5 1 1'),
  ('claims', 'claims_by_assignee',          '1000000 100000 1000 1 1'),
  ('claims', 'claims_by_region_and_status', '1000000 100000 20000 4000 1 1'),
  ('claims', 'claims_by_status',            '1000000 100000 20000 1 1'),
  ('claims', 'claims_by_region',            '1000000 100000 20000 1 1'),
  ('claims', 'claims_by_tenant',            '1000000 100000 1 1');
ANALYZE sqlite_schema;

-- +goose Down
DELETE FROM sqlite_stat1 WHERE tbl = 'claims';
DROP INDEX claims_by_region_and_status;
DROP INDEX claims_by_status;
DROP INDEX claims_by_order;
