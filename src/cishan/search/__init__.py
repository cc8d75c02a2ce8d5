"""Finding campaigns by words: one port, two backends (the embedded index, or a Meilisearch server).

The index is never the truth: it holds ids and words of what is public, is written by a job after the change,
and can be thrown away and built anew at any time. Words are cut here, for both backends alike, because no
search engine at hand cuts Chinese well.
"""
