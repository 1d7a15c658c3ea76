"""The host: owns the resident modules, the plugins, the library and the ledger, and runs tasks."""

from typing import TYPE_CHECKING, Any

from atom_core.host.builtins import BUILTINS

if TYPE_CHECKING:
    from atom_core.host.host import Host, open_host
    from atom_core.host.several import Outcome

__all__ = ["BUILTINS", "Host", "Outcome", "open_host"]


def __getattr__(name: str) -> Any:
    if name in ("Host", "Outcome", "open_host"):  # a start of `atom` needs the built-in plugins only
        from atom_core.host import host, several

        return getattr(several if name == "Outcome" else host, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
