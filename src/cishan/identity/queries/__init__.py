"""Who is signed in; where a place and an organisation lie."""
