"""Sessions: one for each process and set of settings, opened when it is first needed."""

from __future__ import annotations

import atexit
import difflib
import logging
import os
import threading
from collections.abc import Iterable, Mapping

import _dataplug

from . import errors
from ._words import text_of

logger = logging.getLogger("dataplug")
logger.addHandler(logging.NullHandler())

_LEVELS = (logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG)

#: What never leaves the process: neither in a pickle nor in a message.
_SECRETS = ("access-key", "secret-key", "session-token", "header", "url")

#: More are closed, unless something is still open on them.
_MAX_SESSIONS = 64

#: Settings as words, "name=value", sorted.
Settings = tuple[str, ...]

_names = [name for name, _, _ in _dataplug.settings()]
_defaults: dict[str, str] = {}


class _Sessions:
    """All that were opened: also those of a parent process, which can neither be used nor freed."""

    def __init__(self) -> None:
        self.opened: dict[tuple[object, ...], _dataplug.Session] = {}
        self.renew()

    def renew(self) -> None:
        self.lock = threading.Lock()


class _Counting(threading.local):
    """Threads whose requests are counted apart have sessions of their own: 0 = the process'."""

    thread = 0


_sessions = _Sessions()
_counting = _Counting()
os.register_at_fork(after_in_child=_sessions.renew)


def _log(level: int, line: str) -> None:
    logger.log(_LEVELS[level], "%s", line)


def _be_quiet() -> None:
    # Threads of the library may outlive the interpreter, which they must not call then.
    for session in list(_sessions.opened.values()):
        session.quiet()


atexit.register(_be_quiet)


def _name_of(name: str) -> str:
    setting = name.replace("_", "-")
    if setting in _names:
        return setting
    near = difflib.get_close_matches(setting, _names, 1)
    hint = f"; {near[0].replace('-', '_')} is meant?" if near else ""
    raise errors.InvalidArgument(f"no setting is called {name}{hint}")


def _text_of(value: object) -> str:
    if isinstance(value, list):
        return "\n".join(map(text_of, value))
    return text_of(value)


def settings_of(values: Mapping[str, object]) -> Settings:
    """Keyword arguments as settings; None is left out."""
    given = {_name_of(name): _text_of(v) for name, v in values.items() if v is not None}
    return tuple(f"{name}={value}" for name, value in sorted(given.items()))


def public_settings(own: Settings) -> Settings:
    """Those that may travel: without credentials and signatures."""
    return tuple(word for word in own if word.partition("=")[0] not in _SECRETS)


def with_setting(own: Settings, name: str, value: str) -> Settings:
    """The settings with one that is another."""
    rest = [word for word in own if not word.startswith(f"{name}=")]
    return tuple(sorted([*rest, f"{name}={value}"]))


def settings(**changes: object) -> dict[str, str]:
    """Sets what holds for everything in this process that does not say otherwise.

    Names are those of ``dataplug help settings`` with "_" for "-": meta, memory, threads, timeout,
    endpoint, region, access_key, ... None takes a setting back. Returns what is set now, secrets as
    "***". Settings are not part of slices: workers call this themselves, or are told by their
    environment (DATAPLUG_META, AWS_ACCESS_KEY_ID, ...).
    """
    for name, value in changes.items():
        setting = _name_of(name)
        if value is None:
            _defaults.pop(setting, None)
        else:
            _defaults[setting] = _text_of(value)
    shown = {name: "***" if name in _SECRETS else text for name, text in _defaults.items()}
    return {name.replace("-", "_"): text for name, text in shown.items()}


def _environment() -> Iterable[tuple[str, str]]:
    """What the library reads of the environment: another one, another session."""
    names = (name for name in os.environ if name.startswith(("DATAPLUG_", "AWS_")))
    return ((name, os.environ[name]) for name in sorted(names))


def count_apart() -> None:
    """From now on traffic() tells what this thread did; on the main thread, the whole process."""
    if threading.current_thread() is not threading.main_thread():
        _counting.thread = threading.get_ident()


def traffic() -> tuple[int, int]:
    """Requests and bytes so far."""
    opened = list(_sessions.opened.items())
    mine = os.getpid(), _counting.thread
    here = [session.traffic() for key, session in opened if key[:2] == mine]
    return sum(t[0] for t in here), sum(t[2] for t in here)


def session_for(own: Settings = ()) -> _dataplug.Session:
    """The session of this process with these settings, and the process' own for the rest."""
    named = {word.partition("=")[0] for word in own}
    words = [*own, *(f"{k}={v}" for k, v in sorted(_defaults.items()) if k not in named)]
    key = (os.getpid(), _counting.thread, *words, *_environment())
    session = _sessions.opened.get(key)
    if session is None:
        with _sessions.lock:
            session = _sessions.opened.get(key)
            if session is None:
                session = _sessions.opened[key] = _dataplug.Session(words, _log)
            while len(_sessions.opened) > _MAX_SESSIONS:
                del _sessions.opened[next(iter(_sessions.opened))]
    return session
