-- +goose Up

-- Every name that a token's sub can hold. People and clients draw from this one
-- table, so that a client and a person never share a subject (RFC 9700 §4.15).
CREATE TABLE subjects (
  subject TEXT NOT NULL PRIMARY KEY,
  kind    TEXT NOT NULL CHECK (kind IN ('person', 'client'))
);

CREATE TABLE people (
  subject     TEXT NOT NULL PRIMARY KEY REFERENCES subjects (subject),
  tenant      TEXT NOT NULL CHECK (tenant <> ''),
  password    TEXT NOT NULL, -- argon2id in PHC form
  totp_secret TEXT NOT NULL, -- base32; empty: no second factor
  totp_step   INTEGER NOT NULL, -- the last 30 s step whose code was accepted
  scopes      TEXT NOT NULL -- what this person's tokens may carry, separated by spaces
);

CREATE TABLE clients (
  id            TEXT NOT NULL PRIMARY KEY REFERENCES subjects (subject),
  tenant        TEXT NOT NULL, -- empty: the client has no tokens of its own
  secret_hash   TEXT NOT NULL, -- SHA-256 of a random secret; empty: a public client
  redirect_uris TEXT NOT NULL, -- separated by spaces; empty: no authorization code grant
  scopes        TEXT NOT NULL  -- what tokens through this client may carry, separated by spaces
);

-- A person or client that is made anew (seed -reset) is deleted first, and with it all that was
-- handed out in its name.
--
-- What is handed to a browser or a client is random and kept as its SHA-256.
-- Times are unix milliseconds; a thing that expires at T is refused at T.

CREATE TABLE sessions (
  hash       TEXT NOT NULL PRIMARY KEY,
  subject    TEXT NOT NULL REFERENCES people (subject) ON DELETE CASCADE,
  auth_time  INTEGER NOT NULL,
  acr        TEXT NOT NULL,
  expires_at INTEGER NOT NULL
);

-- A ticket says: this person's password was accepted at auth_time, and for this
-- authorization request only the second factor is missing.
CREATE TABLE tickets (
  hash       TEXT NOT NULL PRIMARY KEY,
  subject    TEXT NOT NULL REFERENCES people (subject) ON DELETE CASCADE,
  auth_time  INTEGER NOT NULL,
  request    TEXT NOT NULL,
  expires_at INTEGER NOT NULL
);

CREATE TABLE codes (
  hash         TEXT NOT NULL PRIMARY KEY,
  client       TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
  redirect_uri TEXT NOT NULL,
  challenge    TEXT NOT NULL,
  subject      TEXT NOT NULL REFERENCES people (subject) ON DELETE CASCADE,
  scope        TEXT NOT NULL,
  nonce        TEXT NOT NULL,
  auth_time    INTEGER NOT NULL,
  acr          TEXT NOT NULL,
  expires_at   INTEGER NOT NULL
);

-- Browsers in which a person has logged in before: strangers' failures do not slow them down.
CREATE TABLE devices (
  hash       TEXT NOT NULL,
  subject    TEXT NOT NULL REFERENCES people (subject) ON DELETE CASCADE,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (hash, subject)
);

CREATE TABLE attempts (
  name       TEXT NOT NULL PRIMARY KEY, -- a hash: typed names may be anything
  failures   INTEGER NOT NULL,
  retry_at   INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
);

CREATE TABLE keys (
  role        TEXT NOT NULL PRIMARY KEY CHECK (role IN ('previous', 'current', 'next')),
  private_key BLOB NOT NULL, -- PKCS #8
  since       INTEGER NOT NULL -- since when it has this role
);

CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX sessions_by_subject ON sessions (subject);
CREATE INDEX tickets_by_expiry ON tickets (expires_at);
CREATE INDEX tickets_by_subject ON tickets (subject);
CREATE INDEX codes_by_expiry ON codes (expires_at);
CREATE INDEX codes_by_subject ON codes (subject);
CREATE INDEX codes_by_client ON codes (client);
CREATE INDEX devices_by_expiry ON devices (expires_at);
CREATE INDEX devices_by_subject ON devices (subject);
CREATE INDEX attempts_by_expiry ON attempts (expires_at);
