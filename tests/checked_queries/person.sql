SELECT id, email, family_name FROM users WHERE id = ?1
