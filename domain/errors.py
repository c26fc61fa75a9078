"""When the business says no.

    DomainError
    ├── NotFound            404
    ├── NotAllowed          403
    └── Refused             409, the parent of every rule of this business
        └── VersionConflict

Each rule that can refuse is a subclass of `Refused`, named by the fact, in the file whose rule it is.
`infra/problems.py` is the one table that turns them into HTTP.
"""

from typing import Any, ClassVar


class DomainError(Exception):
    """A refusal that its sender can understand: a stable `code`, a sentence, and what helps."""

    code: ClassVar[str]

    def __init__(self, detail: str, **helps: Any) -> None:  # noqa: ANN401 - anything JSON can say
        """`detail` is one plain sentence; `helps` are extra members of the problem document."""
        super().__init__(detail)
        self.detail = detail
        self.helps = helps


class NotFound(DomainError):
    """No such thing in this tenant; another tenant's thing answers exactly alike."""

    code = "not_found"


class NotAllowed(DomainError):
    """The caller lacks a permission."""

    code = "permission_missing"


class Refused(DomainError):
    """A rule says no."""

    code = "refused"


class VersionConflict(Refused):
    """The stream is not at the version that the caller has seen."""

    code = "version_conflict"
