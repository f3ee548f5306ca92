"""Sentences for a list of results that is empty: why, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Emptiness", "nothing_message"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Emptiness:
    """What is known where there are no lines to show.

    Parameters
    ----------
    is_connected
        Whether a server was reached.
    is_busy
        Whether something runs.
    is_searching
        Whether the results of a search are shown, else all studies.
    can_search
        Whether the server has a search, as far as known.
    was_searched
        Whether a search has ended.
    searched
        What it was for; one that failed since was for something else.
    were_listed
        Whether the studies were listed, if only to find out that there are none.
    has_studies
        Whether any were.
    filter
        The words that lines must hold.
    """

    is_connected: bool
    is_busy: bool = False
    is_searching: bool = True
    can_search: bool = True
    was_searched: bool = False
    searched: str = ""
    were_listed: bool = False
    has_studies: bool = False
    filter: str = ""


def nothing_message(why: Emptiness) -> str:
    """Say why there are no lines, and what to do about it.

    >>> nothing_message(Emptiness(is_connected=True, is_busy=True))
    ''
    >>> nothing_message(Emptiness(is_connected=True, is_searching=False))
    'Press Reload to list the studies of this server.'
    """
    if why.is_busy:
        return ""  # the status says what runs
    if not why.is_connected:
        return (
            "No server has answered. Choose another address above, or press Enter in "
            "it to try again."
        )
    if why.filter:
        return "No line holds all of these words. Escape, in their field, shows all."
    if why.is_searching:
        if not why.can_search:
            return "There is no search here. The studies are in the tab Studies."
        if why.was_searched:
            sought = f" for {why.searched}" if why.searched else ""
            return (
                f"Nothing was found{sought}. Type fewer letters and choose one of the "
                "suggestions, search by another key, or take conditions away."
            )
        return (
            "Choose Gene above, type one, such as CDC20, and press Enter. What it is "
            "found in is listed here. All studies are in the tab Studies."
        )
    if not why.were_listed:
        return "Press Reload to list the studies of this server."
    if why.has_studies:
        return (
            "No study is like that. Type fewer words, or choose Any kind, Any licence "
            "and Any organism."
        )
    return "This server shows no studies to the public. Choose another one above."
