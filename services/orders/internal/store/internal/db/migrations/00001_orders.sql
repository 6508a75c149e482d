-- +goose Up
CREATE TABLE orders (
    tenant        TEXT   NOT NULL CHECK (tenant <> ''),
    id            TEXT   NOT NULL CHECK (id <> ''),
    owner         TEXT   NOT NULL CHECK (owner <> ''),
    items         TEXT   NOT NULL,
    amount        BIGINT NOT NULL,
    currency      TEXT   NOT NULL,
    ship_to       TEXT   NOT NULL,
    contact_name  TEXT   NOT NULL,
    contact_email TEXT   NOT NULL,
    contact_phone TEXT   NOT NULL,
    region        TEXT   NOT NULL,
    carrier       TEXT   NOT NULL, -- '' while none is assigned
    status        TEXT   NOT NULL,
    version       BIGINT NOT NULL,
    created_at    BIGINT NOT NULL, -- unix milliseconds, like every time here; 0 is not yet
    updated_at    BIGINT NOT NULL,
    shipped_at    BIGINT NOT NULL,
    delivered_at  BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);

-- One index for each way in: the whole tenant (manager, auditor, support), one's own, those one carries.
CREATE INDEX orders_by_time ON orders (tenant, created_at, id);
CREATE INDEX orders_by_owner ON orders (tenant, owner, created_at, id);
CREATE INDEX orders_by_carrier ON orders (tenant, carrier, created_at, id);

-- What this service knows about a person beside the token: one staff role, and whom one carries for.
CREATE TABLE staff (
    tenant         TEXT   NOT NULL CHECK (tenant <> ''),
    subject        TEXT   NOT NULL CHECK (subject <> ''),
    role           TEXT   NOT NULL,
    limit_amount   BIGINT NOT NULL,
    limit_currency TEXT   NOT NULL,
    version        BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    PRIMARY KEY (tenant, subject)
);

CREATE TABLE carriers (
    tenant     TEXT   NOT NULL CHECK (tenant <> ''),
    subject    TEXT   NOT NULL CHECK (subject <> ''),
    carrier    TEXT   NOT NULL CHECK (carrier <> ''),
    version    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, subject)
);

CREATE INDEX carriers_by_carrier ON carriers (tenant, carrier);

-- +goose Down
DROP TABLE carriers;
DROP TABLE staff;
DROP TABLE orders;
