CREATE TABLE users (id bigint PRIMARY KEY, name text);
CREATE TABLE visits (
  id bigint NOT NULL,
  visited_on date NOT NULL,
  place text NOT NULL,
  user_id bigint REFERENCES users,
  remark text,
  PRIMARY KEY (id, visited_on, place)
) PARTITION BY RANGE (visited_on);
CREATE TABLE visits_2023 PARTITION OF visits FOR VALUES FROM ('2023-01-01') TO ('2024-01-01') PARTITION BY LIST (place);
CREATE TABLE visits_2023_north PARTITION OF visits_2023 FOR VALUES IN ('north');
CREATE TABLE visits_2023_rest PARTITION OF visits_2023 DEFAULT;
CREATE TABLE visits_later PARTITION OF visits DEFAULT;
CREATE TABLE bills (
  id bigint PRIMARY KEY,
  place text,
  visited_on date,
  visit_id bigint,
  paid boolean,
  FOREIGN KEY (place, visit_id, visited_on) REFERENCES visits (place, id, visited_on)
);
CREATE INDEX ON visits (user_id);
CREATE INDEX ON bills (visit_id, visited_on, place);
