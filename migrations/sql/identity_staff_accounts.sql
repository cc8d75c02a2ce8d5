UPDATE account SET is_staff = true WHERE username IS NOT NULL;
