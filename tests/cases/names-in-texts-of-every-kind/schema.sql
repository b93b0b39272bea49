create extension citext;
create domain remark as text;
create table users (id bigint primary key, name text, email text, other_names text[], note text);
create table notes (
  id bigint primary key,
  user_id bigint not null references users,
  a_text text,
  b_varchar varchar(24),
  c_char char(20),
  d_citext citext,
  e_json json,
  f_jsonb jsonb,
  g_texts text[],
  h_varchars varchar(12)[],
  i_jsonbs jsonb[],
  j_domain remark,
  k_unlimited varchar
);
create index on notes (user_id);
