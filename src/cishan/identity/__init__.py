"""Who staff are: accounts, sign-in and sessions. Roles, approvals and people come with their own slices."""
