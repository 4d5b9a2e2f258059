"""Git repositories and folders: what is declared, at which commit, and what a commit touched.

The law of this package: pygit2 is seen here and nowhere else, its calls run in threads, and its errors
leave as `SourceUnavailable` without a word of any credential. Nothing is ever written to a repository that
is not our own mirror.
"""
