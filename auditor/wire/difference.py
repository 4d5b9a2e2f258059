"""A difference as it is published."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from auditor.domain.difference import Difference, Op, Writer
from auditor.domain.pathtext import parse_path
from auditor.wire.model import Document, Time, in_utc


class WriterDocument(Document):
    """Who last wrote a field, from ``metadata.managedFields``."""

    manager: Annotated[str, Field(description="The field manager.", examples=["kubectl-edit"])]
    operation: Annotated[str, Field(description="Update or Apply.")]
    subresource: Annotated[str | None, Field(description="Such as scale or status.")] = None
    time: Annotated[Time | None, Field(description="To the second.")] = None

    def value(self) -> Writer:
        """The writer that was shown."""
        return Writer(
            manager=self.manager,
            operation=self.operation,
            subresource=self.subresource,
            time=self.time,
        )


class DifferenceDocument(Document):
    """One field that differs. A secret value is ``<redacted>`` on both sides."""

    path: Annotated[
        str,
        Field(
            description="Where, with list items named by key.",
            examples=["spec.template.spec.containers[name=web].image"],
        ),
    ]
    pointer: Annotated[
        str,
        Field(
            description="RFC 6901, into the actual object; into the desired one for removed.",
            examples=["/spec/template/spec/containers/0/image"],
        ),
    ]
    op: Annotated[Op, Field(description="changed, removed (absent live), added (undeclared).")]
    desired: Annotated[Any, Field(description="The declared value; null where undeclared.")] = None
    actual: Annotated[Any, Field(description="The live value; null where absent.")] = None
    writer: Annotated[WriterDocument | None, Field(description="Who wrote it, if known.")] = None

    def value(self) -> Difference:
        """The difference that was shown."""
        return Difference(
            path=parse_path(self.path),
            pointer=self.pointer,
            op=self.op,
            desired=self.desired,
            actual=self.actual,
            writer=self.writer.value() if self.writer else None,
        )


def show_difference(difference: Difference) -> dict[str, Any]:
    """Lay a difference out as `DifferenceDocument` describes it."""
    return {
        "path": str(difference.path),
        "pointer": difference.pointer,
        "op": difference.op,
        "desired": difference.desired,
        "actual": difference.actual,
        "writer": show_writer(difference.writer) if difference.writer else None,
    }


def show_writer(writer: Writer) -> dict[str, Any]:
    """Lay a writer out as `WriterDocument` describes it."""
    return {
        "manager": writer.manager,
        "operation": writer.operation,
        "subresource": writer.subresource,
        "time": in_utc(writer.time) if writer.time else None,
    }
