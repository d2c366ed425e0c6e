-- Gates, lanes and items: what stands between a matched rule and its jobs.

-- `lane_nr` is a job's place in its lane, from the moment when it waits for nothing else.
ALTER TABLE jobs ADD COLUMN item INTEGER;
ALTER TABLE jobs ADD COLUMN firing BLOB;
ALTER TABLE jobs ADD COLUMN lane TEXT;
ALTER TABLE jobs ADD COLUMN lane_hold INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN lane_nr INTEGER;
CREATE INDEX jobs_firing ON jobs (firing, state) WHERE firing IS NOT NULL;
CREATE INDEX jobs_lane ON jobs (destination, lane, lane_nr) WHERE lane_nr IS NOT NULL;

-- `key` is that of the gate where it waits. `at` is when it came through the gates before that one.
CREATE TABLE firings (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    event BLOB NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    run INTEGER NOT NULL,
    rule TEXT NOT NULL,
    item INTEGER,
    state INTEGER NOT NULL,
    step INTEGER NOT NULL,
    key TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    at INTEGER NOT NULL,
    body_bytes INTEGER NOT NULL,
    gathered INTEGER NOT NULL DEFAULT 0,
    gathered_bytes INTEGER NOT NULL DEFAULT 0,
    last_at INTEGER NOT NULL,
    reason TEXT,
    seal BLOB NOT NULL,
    gates TEXT NOT NULL,
    vars TEXT NOT NULL
) STRICT;
CREATE INDEX firings_due ON firings (due_at, seq) WHERE state < 2;
CREATE INDEX firings_key ON firings (rule, key, step) WHERE state < 2;
CREATE INDEX firings_event ON firings (event);

-- The other events of a firing that has opened: those it was joined with, or a digest's.
CREATE TABLE companions (
    firing INTEGER NOT NULL REFERENCES firings (seq) ON DELETE CASCADE,
    nth INTEGER NOT NULL,
    name TEXT NOT NULL,
    event BLOB NOT NULL,
    member BLOB,
    PRIMARY KEY (firing, nth)
) STRICT, WITHOUT ROWID;
CREATE INDEX companions_event ON companions (event);

CREATE TABLE signals (
    seq INTEGER PRIMARY KEY,
    rule TEXT NOT NULL,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    event BLOB NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    received_at INTEGER NOT NULL,
    until INTEGER NOT NULL,
    UNIQUE (rule, name, key, event)
) STRICT;
CREATE INDEX signals_near ON signals (rule, name, key, received_at);
CREATE INDEX signals_until ON signals (until);
CREATE INDEX signals_event ON signals (event);

CREATE TABLE passes (
    seq INTEGER PRIMARY KEY,
    rule TEXT NOT NULL,
    key TEXT NOT NULL,
    at INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT;
CREATE INDEX passes_key ON passes (rule, key, at);
CREATE INDEX passes_until ON passes (until);

-- The last value of a key that a rule has seen.
CREATE TABLE seen (
    rule TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (rule, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_at ON seen (at);
