-- +goose Up
-- Who may read a whole tenant and filters by status or region, and a carrier who looks for what is to be shipped, walks no
-- more than is shown.
CREATE INDEX orders_by_status ON orders (tenant, status, created_at, id);
CREATE INDEX orders_by_region ON orders (tenant, region, created_at, id);
CREATE INDEX orders_by_carrier_and_status ON orders (tenant, carrier, status, created_at, id);

-- How many rows share the first, the first two, … columns of an index, about, where there are many: without it SQLite
-- takes an owner, a carrier and a region for equally rare, and walks all of a region for somebody's own three. The figures
-- are fixed, and not measured by ANALYZE, so that the same question always goes the same way.
ANALYZE sqlite_schema;
DELETE FROM sqlite_stat1 WHERE tbl = 'orders';
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('orders', 'sqlite_autoindex_orders_1',    '1000000 100000 1'),
  ('orders', 'orders_by_owner',              '1000000 100000 5 1 1'),
  ('orders', 'orders_by_carrier_and_status', '1000000 100000 10000 2000 1 1'),
  ('orders', 'orders_by_carrier',            '1000000 100000 10000 1 1'),
  ('orders', 'orders_by_status',             '1000000 100000 20000 1 1'),
  ('orders', 'orders_by_region',             '1000000 100000 20000 1 1'),
  ('orders', 'orders_by_time',               '1000000 100000 1 1');
ANALYZE sqlite_schema;

-- +goose Down
DELETE FROM sqlite_stat1 WHERE tbl = 'orders';
DROP INDEX orders_by_carrier_and_status;
DROP INDEX orders_by_region;
DROP INDEX orders_by_status;
