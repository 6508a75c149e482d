-- +goose Up
-- The ways into the lists of staff and carriers, newest first.
CREATE INDEX staff_by_time ON staff (tenant, created_at, subject);
CREATE INDEX carriers_by_time ON carriers (tenant, created_at, subject);

-- +goose Down
DROP INDEX carriers_by_time;
DROP INDEX staff_by_time;
