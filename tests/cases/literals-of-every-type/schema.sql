CREATE TYPE mood AS ENUM ('fine', 'bad', 'null');
CREATE DOMAIN short AS varchar(9) CHECK (VALUE <> 'forbidden');
CREATE TABLE users (
    id integer PRIMARY KEY,
    name text,
    a_jsonb jsonb, b_json json, c_texts text[], d_moods mood[], e_mood mood, f_short short, g_char char(5),
    h_numeric numeric(6,2), i_numeric numeric, j_real real, k_double double precision, l_boolean boolean, m_uuid uuid,
    n_date date, o_time time, p_timestamp timestamp, q_timestamptz timestamptz, r_interval interval, s_bytea bytea,
    t_inet inet, u_cidr cidr, v_point point, w_tsvector tsvector, x_xml xml, y_range int4range, z_money numeric(12,4),
    z_varchar varchar(4), z_small smallint
);
