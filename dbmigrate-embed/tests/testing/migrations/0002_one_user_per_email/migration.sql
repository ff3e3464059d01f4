-- 0002_one_user_per_email

-- dbmigrate: expect-none "{} users are nobody" SELECT email FROM users WHERE email = 'NOBODY'

DELETE FROM users WHERE id > (SELECT min(id) FROM users AS other WHERE lower(other.email) = lower(users.email));
UPDATE users SET email = lower(email);
