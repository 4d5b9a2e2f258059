"""What the auditor says of itself: log lines and metrics.

Every event is one method that emits its log line and moves its metric, so that each name has one home
and a call site stays one line. One class for each area, built on a registry that is passed in. Label
values come from closed sets or from configuration, never from objects.
"""
