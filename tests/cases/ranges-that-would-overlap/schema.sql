CREATE TABLE stays (
    id integer PRIMARY KEY,
    starts date,
    ends date,
    cancelled boolean,
    code integer,
    during daterange GENERATED ALWAYS AS (daterange(starts, ends)) STORED,
    CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&),
    CONSTRAINT no_overlap_of_live EXCLUDE USING gist (daterange(starts, ends) WITH &&) WHERE (NOT cancelled)
);
