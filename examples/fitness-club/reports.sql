-- The reports that the club looks at every month; erasing a client must not move them (verify.unchanged in the policy).
-- Each is over closed months: what happens today, elsewhere, doesn't move it either.

-- sessions conducted per month
SELECT club_id, date_trunc('month', starts_at) AS month, count(DISTINCT session_id) AS sessions, count(*) AS attended
FROM bookings
WHERE status = 'attended' AND starts_at < date_trunc('month', now())
GROUP BY club_id, month ORDER BY club_id, month;

-- visits per month
SELECT date_trunc('month', visited_at) AS month, door, count(*) AS visits
FROM visits
WHERE visited_at < date_trunc('month', now())
GROUP BY month, door ORDER BY month, door;

-- revenue per month
SELECT club_id, date_trunc('month', paid_at) AS month, status, sum(amount) AS amount, count(*) AS payments
FROM payments
WHERE paid_at < date_trunc('month', now())
GROUP BY club_id, month, status ORDER BY club_id, month, status;

-- joiners per month
SELECT club_id, date_trunc('month', created_at) AS month, count(*) AS joiners, count(referred_by_id) AS referred
FROM users
WHERE role = 'client' AND created_at < date_trunc('month', now())
GROUP BY club_id, month ORDER BY club_id, month;
