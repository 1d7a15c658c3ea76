"""Ask the hub: for the list of a model's files, and for their bytes. Faults that pass are waited out, within bounds."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from attrs import define, field

from atom_core.errors import ModelError
from atom_core.hub.faults import Cut, Fault, Portal, fault_of
from atom_core.hub.hashes import Hashes
from atom_core.hub.repo import EMBEDDER, MAIN, WAYS, Listed, is_step
from atom_core.protocols import Progress

log = logging.getLogger("atom")

_WAITS_S = (1.0, 2.0, 4.0, 8.0)
"""Waits before each new try, where nothing has come since the last."""
_PATIENCE_S = 30.0
"""Where nothing has come for so long, the next fault is the last."""
_ONE_WAIT_S, _ALL_WAITS_S = 60.0, 120.0
"""Most time that the hub may ask for, at once and in all."""
_WORTH_TELLING_S = 3.0
_CONNECT_S = 5.0
_ETAG = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@define(eq=False)
class Hub:
    """The way to the hub for one fetch."""

    source: str
    """The model's hub id."""
    ways: str = WAYS
    """What can be done without it."""
    token_refused: bool = field(default=False, init=False)
    """Whether the user's token was not accepted, and the hub is asked without."""
    _reached: bool = field(default=False, init=False)
    _waited_s: float = field(default=0.0, init=False)

    @property
    def endpoint(self) -> str:
        """The hub's address."""
        from huggingface_hub import constants

        return str(constants.ENDPOINT)

    def listing(self, revision: str | None, commit: str | None = None) -> tuple[str, dict[str, Listed]]:
        """The commit of a revision, and its files that lie in no folder; of an embedder also those of its steps.

        :param commit: where it is known, the hub is not asked for it
        :raises ModelError: if the hub cannot be asked, or has none
        """
        api = f"{self.endpoint}/api/models/{self.source}"
        if commit is None:
            info, _ = self._ask(f"{api}/revision/{quote(revision or MAIN, safe='')}", revision)
            commit = info.get("sha") if isinstance(info, dict) else None
        if not isinstance(commit, str) or not commit.isalnum():
            raise self._refusal(fault_of(Portal(), self.endpoint), revision)
        files = self._tree(f"{api}/tree/{commit}?recursive=false&expand=false", revision)
        if EMBEDDER in files:
            files = self._tree(f"{api}/tree/{commit}?recursive=true&expand=false", revision)
        return commit, {
            name: one
            for name, one in files.items()
            if ("/" not in name or is_step(name)) and _ETAG.fullmatch(one.etag) and one.size_bytes >= 0
        }

    def _tree(self, url: str | None, revision: str | None) -> dict[str, Listed]:
        """The files that the hub lists at `url` and the pages after it."""
        files: dict[str, Listed] = {}
        while url is not None:
            page, url = self._ask(url, revision)
            try:
                for one in page:
                    if one["type"] == "file":
                        files[one["path"]] = Listed(int(one["size"]), (one.get("lfs") or one)["oid"])
            except (TypeError, KeyError, ValueError, AttributeError):
                raise self._refusal(fault_of(Portal(), self.endpoint), revision) from None
        return files

    def download(self, commit: str, name: str, listed: Listed, part: Path, bar: Progress) -> None:
        """Bring `part`, which may hold the file's beginning, to what the hub lists.

        :raises ModelError: if that fails; what has come stays for the next time
        """
        url = f"{self.endpoint}/{self.source}/resolve/{commit}/{quote(name)}"
        for last in (False, True):
            self._patiently(lambda: self._stream(url, listed.size_bytes, part, bar))
            if Hashes().is_what_hub_lists(part, listed.etag):
                return
            part.unlink()
            bar.advance(-listed.size_bytes)
            if last:
                raise ModelError(
                    f"model {self.source} cannot be fetched: {name} came with other bytes than the hub lists, twice;"
                    " try again later, or from another network",
                    source=self.source,
                )
            log.info("%s of model %s came with other bytes than the hub lists; once more", name, self.source)

    def _stream(self, url: str, size_bytes: int, part: Path, bar: Progress) -> Iterator[None]:
        """Fetch what a file lacks; each step is some more of it."""
        begun = part.stat().st_size if part.exists() else 0
        if 0 < begun == size_bytes:
            return
        if begun > size_bytes:
            part.unlink()
            begun = 0
        ranges = {"Range": f"bytes={begun}-"} if begun else {}
        with self._request(url, is_file=True, **ranges) as response, part.open("ab") as file:
            if begun and response.status_code != 206:  # it starts over
                file.truncate(0)
                bar.advance(-begun)
                begun = 0
            for chunk in response.iter_bytes():
                if begun + len(chunk) > size_bytes:
                    break
                file.write(chunk)
                begun += len(chunk)
                bar.advance(len(chunk))
                yield
            else:
                if begun == size_bytes:
                    return
            if "html" in response.headers.get("Content-Type", ""):
                file.truncate(0)
                bar.advance(-begun)
                raise Portal
        raise Cut

    def _ask(self, url: str, revision: str | None) -> tuple[Any, str | None]:
        """JSON, and the address of the next page."""
        found: list[tuple[Any, str | None]] = []

        def ask() -> Iterator[None]:
            with self._request(url) as response:
                try:
                    found.append((response.json(), response.links.get("next", {}).get("url")))
                except (ValueError, RecursionError):
                    raise Portal from None
            yield

        self._patiently(ask, revision)
        return found[-1]

    @contextmanager
    def _request(self, url: str, *, is_file: bool = False, **headers: str) -> Iterator[Any]:
        """One answer. A token that is not accepted is left out from then on."""
        from huggingface_hub import constants
        from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

        sent = build_hf_headers(
            token=False if self.token_refused else None,
            library_name="atom-core",
            headers={"Accept-Encoding": "identity", **headers},
        )
        read_s = float(constants.HF_HUB_DOWNLOAD_TIMEOUT if is_file else constants.HF_HUB_ETAG_TIMEOUT)
        timeout = (min(_CONNECT_S, read_s), read_s, read_s, read_s)
        with get_session().stream("GET", url, headers=sent, timeout=timeout, follow_redirects=True) as response:
            self._reached = True
            refused = response.status_code == 401 and "authorization" in sent
            if not refused:
                if not is_file or response.status_code >= 400:
                    response.read()
                hf_raise_for_status(response)
                yield response
        if refused:
            self.token_refused = True
            with self._request(url, is_file=is_file, **headers) as again:
                yield again

    def _patiently(self, work: Callable[[], Iterator[None]], revision: str | None = None) -> None:
        """Do `work`, again where that may help; each of its steps is progress.

        :raises ModelError: if it fails for good
        """
        tries, since_s = 0, time.monotonic()
        while True:
            try:
                for _ in work():
                    tries, since_s = 0, time.monotonic()
                return
            except Exception as error:  # the client lets the errors of its transport through
                log.debug("hub: %r", error)
                fault = fault_of(error, self.endpoint)
            idle_s = time.monotonic() - since_s
            if not fault.passes or (fault.at_once and not self._reached):
                raise self._refusal(fault, revision)
            if tries >= len(_WAITS_S) or (idle_s > _PATIENCE_S and fault.wait_s is None):
                raise self._refusal(fault, revision)
            time.sleep(self._wait_s(fault, revision, tries))
            tries += 1

    def _wait_s(self, fault: Fault, revision: str | None, tries: int) -> float:
        if fault.wait_s is None:
            return _WAITS_S[tries]
        self._waited_s += fault.wait_s
        if fault.wait_s > _ONE_WAIT_S or self._waited_s > _ALL_WAITS_S:
            raise self._refusal(fault, revision)
        if fault.wait_s > _WORTH_TELLING_S:
            log.warning("the hub asks to wait %.0f s", fault.wait_s)
        return fault.wait_s

    def _refusal(self, fault: Fault, revision: str | None) -> ModelError:
        if fault.kind == "revision":
            named = revision or MAIN
            return ModelError(
                f"model {self.source} has no revision {named!r}; drop --revision or name another", source=self.source
            )
        text = f"model {self.source} cannot be fetched: {fault.text}"
        if self.token_refused and fault.kind == "refused":
            text += "; your token was refused, `hf auth login` sets a new one"
        if fault.kind == "network":
            text += f"; meanwhile {self.ways}"
        return ModelError(text)
