-- +goose Up
-- Empty is '' or 0, never NULL: a rule about a missing value then means the same
-- in SQL as in Go. Times are milliseconds since 1970, money is hundredths.
CREATE TABLE claims (
  tenant          TEXT   NOT NULL,
  id              TEXT   NOT NULL,
  owner           TEXT   NOT NULL,
  order_id        TEXT   NOT NULL,
  region          TEXT   NOT NULL,
  amount          BIGINT NOT NULL,
  currency        TEXT   NOT NULL,
  order_amount    BIGINT NOT NULL,
  description     TEXT   NOT NULL,
  contact_name    TEXT   NOT NULL,
  contact_email   TEXT   NOT NULL,
  contact_phone   TEXT   NOT NULL,
  status          TEXT   NOT NULL,
  assignee        TEXT   NOT NULL,
  first_approver  TEXT   NOT NULL,
  second_approver TEXT   NOT NULL,
  delivered_at    BIGINT NOT NULL,
  version         BIGINT NOT NULL,
  created_at      BIGINT NOT NULL,
  updated_at      BIGINT NOT NULL,
  PRIMARY KEY (tenant, id)
);
-- One index per way in: a list is one ordered walk for each rule that permits.
CREATE INDEX claims_by_tenant   ON claims (tenant, created_at, id);
CREATE INDEX claims_by_owner    ON claims (tenant, owner, created_at, id);
CREATE INDEX claims_by_assignee ON claims (tenant, assignee, created_at, id);
CREATE INDEX claims_by_region   ON claims (tenant, region, created_at, id);
-- An order has one claim that is neither withdrawn nor rejected.
CREATE UNIQUE INDEX claims_one_per_order ON claims (tenant, order_id)
  WHERE status <> 'withdrawn' AND status <> 'rejected';

CREATE TABLE notes (
  tenant     TEXT   NOT NULL,
  id         TEXT   NOT NULL,
  claim_id   TEXT   NOT NULL,
  author     TEXT   NOT NULL,
  kind       TEXT   NOT NULL, -- public or internal
  body       TEXT   NOT NULL,
  version    BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, claim_id) REFERENCES claims (tenant, id)
);
CREATE INDEX notes_by_claim ON notes (tenant, claim_id, created_at, id);

CREATE TABLE delegations (
  tenant     TEXT   NOT NULL,
  id         TEXT   NOT NULL, -- claim_id/subject
  claim_id   TEXT   NOT NULL,
  subject    TEXT   NOT NULL,
  expires_at BIGINT NOT NULL,
  granted_by TEXT   NOT NULL,
  version    BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, claim_id) REFERENCES claims (tenant, id)
);
CREATE INDEX delegations_by_claim   ON delegations (tenant, claim_id, created_at, id);
CREATE INDEX delegations_by_subject ON delegations (tenant, subject, expires_at);

-- A delegation and what rules need to know of its claim.
CREATE VIEW shares AS
  SELECT d.tenant, d.id, d.claim_id, d.subject, d.expires_at, d.granted_by,
         d.version, d.created_at, d.updated_at, c.owner
  FROM delegations d JOIN claims c ON c.tenant = d.tenant AND c.id = d.claim_id;

CREATE TABLE staff (
  tenant         TEXT   NOT NULL,
  subject        TEXT   NOT NULL,
  role           TEXT   NOT NULL,
  regions        TEXT   NOT NULL, -- separated by spaces
  limit_amount   BIGINT NOT NULL,
  limit_currency TEXT   NOT NULL,
  version        BIGINT NOT NULL,
  created_at     BIGINT NOT NULL,
  updated_at     BIGINT NOT NULL,
  PRIMARY KEY (tenant, subject)
);

CREATE TABLE networks (
  tenant     TEXT   NOT NULL,
  id         TEXT   NOT NULL,
  prefix     TEXT   NOT NULL, -- such as 192.0.2.0/24
  version    BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (tenant, id)
);
