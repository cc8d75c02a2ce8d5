"""Who staff are: accounts, sign-in and sessions; the tree of regions and the organisations in it."""
