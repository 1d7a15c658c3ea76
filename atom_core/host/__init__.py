"""The host: owns the resident modules, the plugins, the library and the ledger, and runs tasks."""

from atom_core.host.host import BUILTINS, Host, Outcome, open_host

__all__ = ["BUILTINS", "Host", "Outcome", "open_host"]
