"""The history of every transition of every thing, and of every read of a sensitive file.

It lies in its own PostgreSQL schema, owned by a role that nobody signs in as. The application may add rows
through `audit.record` and `audit.record_read` and may read; triggers refuse the rest to everybody. A job
seals what was committed into blocks of one hash chain, so that writers never wait for each other, and an
anchor file outside the database lets an auditor prove that nothing before it was changed, removed or put in.

It lies below people and accounts, so that their steps are written down too; it names people by id alone and
has no pages: whoever shows history stands above `identity`.
"""
