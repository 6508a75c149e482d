-- +goose Up
-- Which records speak of an object without being about it alone: pages and exports that showed it. Triggers keep it, so
-- that no record can be written or removed without.
CREATE TABLE shown (
    tenant     TEXT    NOT NULL,
    object     TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    id         TEXT    NOT NULL, -- of the record
    PRIMARY KEY (tenant, object, created_at, id)
) WITHOUT ROWID;

-- +goose StatementBegin
CREATE TRIGGER records_show AFTER INSERT ON records WHEN NEW.ids <> '{}' BEGIN
    INSERT OR IGNORE INTO shown (tenant, object, created_at, id)
    SELECT NEW.tenant, object.value, NEW.created_at, NEW.id
    FROM json_each(NEW.ids) AS rule, json_each(rule.value) AS object;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER records_show_no_more AFTER DELETE ON records WHEN OLD.ids <> '{}' BEGIN
    DELETE FROM shown WHERE (tenant, object, created_at, id) IN (
        SELECT OLD.tenant, object.value, OLD.created_at, OLD.id
        FROM json_each(OLD.ids) AS rule, json_each(rule.value) AS object);
END;
-- +goose StatementEnd

INSERT OR IGNORE INTO shown (tenant, object, created_at, id)
SELECT r.tenant, object.value, r.created_at, r.id
FROM records AS r, json_each(r.ids) AS rule, json_each(rule.value) AS object;

-- Each record once for every object that it speaks of, in the order of lists for each.
CREATE VIEW records_about AS
SELECT r.id, r.created_at, r.service, r.build, r.policy, r.trace, r.txn,
    r.tenant, r.subject, r.issuer, r.client, r.credential, r.scope, r.acr, r.amr, r.auth_time, r.peer, r.address, r.route,
    r.evidence, r.action, r.cause, r.type, r.object, r.version, r.filter, r.count, r.ids,
    r.outcome, r.rule, r.shown, r.near, r.lacks, r.result, r.status, r.leaf, r.object AS about FROM records AS r
UNION ALL
SELECT s.id, s.created_at, r.service, r.build, r.policy, r.trace, r.txn,
    s.tenant, r.subject, r.issuer, r.client, r.credential, r.scope, r.acr, r.amr, r.auth_time, r.peer, r.address, r.route,
    r.evidence, r.action, r.cause, r.type, r.object, r.version, r.filter, r.count, r.ids,
    r.outcome, r.rule, r.shown, r.near, r.lacks, r.result, r.status, r.leaf, s.object AS about
FROM shown AS s JOIN records AS r ON r.tenant = s.tenant AND r.id = s.id;

-- +goose Down
DROP VIEW records_about;
DROP TRIGGER records_show_no_more;
DROP TRIGGER records_show;
DROP TABLE shown;
