-- +goose Up
-- One index for each way in that walks it in the list's own order: else a page of the newest records is sorted out of all
-- that the tenant has, which takes seconds where there are some hundred thousand, and keeps everybody else's reads waiting.
CREATE INDEX records_by_time ON records (tenant, created_at, id);
CREATE INDEX records_by_action ON records (tenant, action, created_at, id);
DROP INDEX records_by_rule;
CREATE INDEX records_by_rule ON records (tenant, rule, created_at, id);

-- +goose Down
DROP INDEX records_by_rule;
CREATE INDEX records_by_rule ON records (tenant, action, rule, created_at, id);
DROP INDEX records_by_action;
DROP INDEX records_by_time;
