CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE visits (
    id integer NOT NULL,
    client_id integer NOT NULL REFERENCES users,
    visited_on date NOT NULL,
    door text,
    note text,
    PRIMARY KEY (id, visited_on)
) PARTITION BY RANGE (visited_on);
CREATE TABLE visits_2024 PARTITION OF visits FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY RANGE (visited_on);
CREATE TABLE visits_2024_h1 PARTITION OF visits_2024 FOR VALUES FROM ('2024-01-01') TO ('2024-07-01');
CREATE TABLE visits_2024_h2 PARTITION OF visits_2024 DEFAULT;
CREATE TABLE visits_other PARTITION OF visits DEFAULT;
CREATE INDEX ON visits (client_id);
