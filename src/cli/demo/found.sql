SELECT w.what, coalesce(sum(r.found_rows), 0), coalesce(string_agg(r.found_in, ', '), 'nowhere')
FROM wanted AS w LEFT JOIN LATERAL pg_temp.rows_with(w.value) AS r ON true
GROUP BY w.what
ORDER BY w.what
