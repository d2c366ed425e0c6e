-- Events, their jobs, and what is needed to never perform one twice by mistake.
-- Times are milliseconds since 1970; ids are sixteen bytes; states are numbered in rows.rs.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('epoch', 0);

-- The body stands last, so that listing reads only the beginning of a row.
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    source TEXT NOT NULL,
    provider TEXT NOT NULL,
    names TEXT NOT NULL,
    delivery_id TEXT,
    received_at INTEGER NOT NULL,
    strength TEXT NOT NULL,
    rule_set TEXT NOT NULL,
    matched TEXT NOT NULL,
    runs INTEGER NOT NULL DEFAULT 0,
    nonce BLOB NOT NULL,
    seal BLOB NOT NULL,
    labels TEXT NOT NULL,
    media TEXT NOT NULL,
    query TEXT NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX events_received ON events (received_at);

-- Narrow, because every job is written several times; what it will do stands in job_bodies.
CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    event BLOB NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    event_name TEXT NOT NULL,
    run INTEGER NOT NULL,
    rule TEXT NOT NULL,
    action TEXT NOT NULL,
    kind TEXT NOT NULL,
    destination TEXT NOT NULL,
    state INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    leases_lost INTEGER NOT NULL DEFAULT 0,
    lost_in INTEGER,
    requeues INTEGER NOT NULL DEFAULT 0,
    delay INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    ready_at INTEGER,
    number INTEGER NOT NULL DEFAULT 0,
    epoch INTEGER,
    leased_at INTEGER,
    lease_until INTEGER,
    started INTEGER NOT NULL DEFAULT 0,
    reason TEXT
) STRICT;
CREATE INDEX jobs_event ON jobs (event);
CREATE INDEX jobs_ready ON jobs (destination, due_at, requeues, seq, ready_at) WHERE state = 1;
CREATE INDEX jobs_leased ON jobs (lease_until, destination) WHERE state = 2;
CREATE INDEX jobs_dead ON jobs (seq) WHERE state = 4;

CREATE TABLE job_bodies (
    job INTEGER PRIMARY KEY REFERENCES jobs (seq) ON DELETE CASCADE,
    seal BLOB NOT NULL,
    outputs_seal BLOB,
    body TEXT NOT NULL,
    outputs TEXT
) STRICT;

-- `job` waits for the job with the id `after`.
CREATE TABLE follows (
    job INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    nth INTEGER NOT NULL,
    after BLOB NOT NULL,
    PRIMARY KEY (job, nth)
) STRICT, WITHOUT ROWID;
CREATE INDEX follows_after ON follows (after, job);

CREATE TABLE attempts (
    job INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    nth INTEGER NOT NULL,
    number INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    took_ms INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (job, nth)
) STRICT, WITHOUT ROWID;

CREATE TABLE dedupe (
    source TEXT NOT NULL,
    key TEXT NOT NULL,
    event BLOB NOT NULL,
    body_sha256 BLOB NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (source, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX dedupe_until ON dedupe (until);

CREATE TABLE destinations (
    name TEXT PRIMARY KEY,
    paused TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE rule_sets (
    hash TEXT PRIMARY KEY,
    text TEXT NOT NULL
) STRICT;

CREATE TABLE memory (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- How many jobs stand in each state, so that nobody has to count a million rows.
CREATE TABLE job_counts (
    state INTEGER PRIMARY KEY,
    jobs INTEGER NOT NULL
) STRICT;
INSERT INTO job_counts (state, jobs)
VALUES (0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0), (9, 0), (10, 0);

CREATE TRIGGER jobs_count_new AFTER INSERT ON jobs BEGIN
    UPDATE job_counts SET jobs = jobs + 1 WHERE state = new.state;
END;
CREATE TRIGGER jobs_count_gone AFTER DELETE ON jobs BEGIN
    UPDATE job_counts SET jobs = jobs - 1 WHERE state = old.state;
END;
CREATE TRIGGER jobs_count_moved AFTER UPDATE OF state ON jobs WHEN new.state <> old.state BEGIN
    UPDATE job_counts SET jobs = jobs - 1 WHERE state = old.state;
    UPDATE job_counts SET jobs = jobs + 1 WHERE state = new.state;
END;
