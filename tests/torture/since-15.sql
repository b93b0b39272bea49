-- What PostgreSQL 15 brought.
CREATE TABLE one_null (id int PRIMARY KEY, a int, b int, c int DEFAULT 3, CONSTRAINT one_a UNIQUE NULLS NOT DISTINCT (a), n numeric(3, -2), m numeric(2, 5));
CREATE UNIQUE INDEX one_b ON one_null (b, (a + b)) NULLS NOT DISTINCT WHERE c > 0;
CREATE TABLE sets (
    club int NOT NULL, number varchar(10), x int,
    CONSTRAINT set_one FOREIGN KEY (number, club) REFERENCES people (number, club) ON DELETE SET NULL (number),
    CONSTRAINT default_both FOREIGN KEY (number, club) REFERENCES people (number, club) ON DELETE SET DEFAULT (club, number)
);
CREATE VIEW as_invoker WITH (security_invoker) AS TABLE people;
CREATE SCHEMA published;
CREATE TABLE published.t (id int PRIMARY KEY);
CREATE PUBLICATION filtered FOR TABLE people (id, number, club) WHERE (club > 0), orders WHERE (id > 0);
CREATE PUBLICATION schemas FOR TABLES IN SCHEMA published, public;
