"""The ledger: findings, their history, and what is yet to be announced, in one SQLite file.

    loop                                    one thread, one connection
    ────                                    ──────────────────────────
    record(outcomes) ── waits together ──►  BEGIN; advance every finding; COMMIT
    index, outbox tail ◄── only after ────  what was committed

- ``tables``     the file: its shape, its versions, what is wrong with it
- ``lock``       one worker per file
- ``writer``     group commit: everything that waits goes into one transaction
- ``recorder``   what one call of record writes
- ``book``       findings and history rows; the index of live findings in memory
- ``outbox``     announcements until every sink has taken them: ``tail`` is its end in memory,
                 ``backlog`` how much waits, ``rows`` its SQL
- ``bookmarks``  writes down how far the ``readers`` of the outbox have come
- ``retention``  what is forgotten, and when
- ``reader``     looking things up, from this process or another
- ``ledger``     the front: the ports of findings

The file is the truth: memory changes only after a commit, and nothing is announced that is not on disk.
"""

from auditor.state.ledger.ledger import SqliteLedger as SqliteLedger
from auditor.state.ledger.reader import LedgerReader as LedgerReader
from auditor.state.ledger.settings import LedgerSettings as LedgerSettings
from auditor.state.ledger.settings import Retention as Retention
