"""Files that people send: photos, scans, PDFs and sheets, each with its owner, its purpose and its reader.

A slice registers with `rules.register` what files its things have, how many and how large, and who may read
them; `actions.keep` judges and keeps a file, and `GET /files/{id}` is the only way out. What lies where is
`gateways/storage`'s; rows are never deleted, and content that no row refers to is swept.
"""
