-- What the server says about itself.
SELECT current_setting('server_version_num')::int4 / 10000 AS major,
       (extract(epoch FROM current_setting('deadlock_timeout')::interval) * 1000)::int8 AS deadlock_timeout_ms
