"""State of a browser: its server, and what is selected, open and wished for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_idr.model import ImageRef
from napari_idr.services.details import (
    Details,
    ImageDetails,
    ImageRequest,
    ImageUnread,
    PlateDetails,
    Subject,
)
from napari_idr.services.search.catalog import counted
from napari_idr.services.search.hits import short_value

if TYPE_CHECKING:
    from napari_idr.services.plate.view import PlateShown
    from napari_idr.services.search.catalog import Entry, Query
    from napari_idr.services.session import Found, ServerInfo, Session

__all__ = ["BrowserState", "abilities", "found_message"]


@dataclass(slots=True, kw_only=True)
class BrowserState:
    """State of a browser on one server; another server has a new one.

    What is told of a plate or an image is told as long as it is selected or in the
    viewer (`keep`), and again when it comes back (`bring_back`). Where nothing else is
    told, that of the line is which still is selected. Hits are those of the newest
    search, or none (`follow`).

    Lives on one thread; never waits.
    """

    address: str = ""
    session: Session | None = None
    server_info: ServerInfo | None = None
    studies: tuple[Entry, ...] | None = None
    selected: Entry | None = None
    is_on_line: bool = False
    show_when_known: bool = False
    query: Query | None = None
    details: Details | None = None
    plate: PlateDetails | None = None
    image: ImageDetails | None = None
    asked: ImageRequest | None = None
    line: tuple[Entry, Details] | None = None
    gone: tuple[Details, PlateDetails | None, ImageDetails | None] | None = None

    @property
    def host(self) -> str:
        """The server for sentences: the one that answers, else the one asked."""
        return self.address if self.session is None else self.session.url

    def select(self, entry: Entry) -> bool:
        """Remember what is selected; return whether it is another thing."""
        known, self.selected = self.selected, entry
        self.is_on_line = True
        if entry.is_line(known):
            return False
        self.show_when_known = False
        self.line = self.gone = self.asked = None
        return True

    def look_at(self, request: ImageRequest) -> None:
        """Remember the image that is looked at: it is selected before it is read."""
        self.leave_line()
        self.asked = request

    @property
    def seen(self) -> ImageRequest | None:
        """The image that is selected, whether or not it has been read."""
        if self.asked is not None:
            return self.asked
        of_image = isinstance(self.details, ImageDetails)
        return self.image.request_of_well if of_image and self.image else None

    def leave_line(self) -> None:
        """Remember that what is looked at is no line of the tree, but a well."""
        self.give_up()
        self.is_on_line = False

    def give_up(self) -> None:
        """Wish for nothing any more; a line may be selected again."""
        self.forget_line()
        self.show_when_known = False

    def lose(self, unread: ImageUnread | None = None) -> None:
        """Forget what was told of something else than what is selected now.

        What is known of that didn't come: the plate of a well is told of all the same,
        and `unread` is what else is known of its image.
        """
        self.forget_line()
        self.image = None
        if unread is not None:
            if unread.request.plate is None:
                self.plate = None
            self.details, self.gone = unread, None
            return
        if self.is_on_line:
            self.plate = None
        self.details = self.plate

    def forget_line(self) -> None:
        """Let a line be selected again: what is known of it didn't come."""
        self.selected = None

    def receive(self, details: Details) -> Details:
        """Remember what was learnt, and return it with no hits of an older search."""
        match details:
            case PlateDetails():
                self.plate = details = self.current(details)
                self.image = None
            case ImageDetails(request=request):
                self.image = details
                if request.plate is None:
                    self.plate = None
            case _:
                self.plate = self.image = None
        self.details, self.gone, self.asked = details, None, None
        if self.is_on_line and self.selected is not None:
            self.line = self.selected, details
        return details

    def current(self, plate: PlateDetails) -> PlateDetails:
        """Return a plate without the hits of any search but the newest."""
        return plate if plate.query in (None, self.query) else plate.without_hits()

    def follow(self, query: Query) -> None:
        """Leave the lines and the hits of the search before."""
        self.query = query
        self.leave_line()
        self.line = self.gone = None
        if self.plate is not None:
            self.mark(self.plate.without_hits())

    def mark(self, plate: PlateDetails) -> None:
        """Remember which of a plate the newest search found."""
        plate = self.current(plate)
        if self.plate is not None and self.plate.key == plate.key:
            if self.details is self.plate:
                self.details = plate
            if self.line is not None and self.line[1] is self.plate:
                self.line = self.line[0], plate
            self.plate = plate

    def keep(self, shown: frozenset[Subject]) -> bool:
        """Forget what is neither selected nor in the viewer; tell if that was much.

        Parameters
        ----------
        shown
            The plates and images that are in the viewer, or about to be.
        """
        if self.is_on_line:
            return False
        before, told = self.details, (self.plate, self.image)
        if self.asked is not None and self.asked.subjects.isdisjoint(shown):
            self.asked = None
        if self.image is not None and self.image.subjects.isdisjoint(shown):
            self.image = None
        if self.plate is not None and self.plate.subject not in shown:
            self.plate = None
        is_unread = isinstance(before, ImageUnread) and self.asked is not None
        if before is not self.image and not is_unread:
            self.details = self.image or self.plate
        if self.details is before:
            return False
        gone = None if before is None else (before, *told)
        if self.details is None and self.line is not None:
            self.selected, details = self.line
            self.is_on_line = True
            self.receive(details)
        self.gone = gone
        return True

    def bring_back(self, shown: frozenset[Subject]) -> bool:
        """Tell again what was told of until it left the viewer, if that is back.

        Return whether it is; not if something else was looked at since.
        """
        if self.gone is None:
            return False
        details, plate, image = self.gone
        is_back = plate is not None and plate.subject in shown
        if not is_back and (image is None or image.subjects.isdisjoint(shown)):
            return False
        self.leave_line()
        self.details, self.plate, self.image, self.gone = details, plate, image, None
        return True

    def wish_to_show(self, entry: Entry) -> bool:
        """Return whether a plate can be shown now; if not, it is as soon as known."""
        known = self.plate is not None and self.plate.plate == entry.item
        known = known or (
            self.plate is not None
            and entry.plate is not None
            and self.plate.plate.id == entry.plate.id
        )
        self.show_when_known = not known
        return known

    def take_wish(self) -> bool:
        """Return whether the plate that has become known is to be shown."""
        wish, self.show_when_known = self.show_when_known, False
        return wish

    def with_news(self, shown: PlateShown) -> PlateShown:
        """Return a plate with what was learnt about it since its load began."""
        details = shown.details
        if self.plate is not None and self.plate.key == shown.key:
            details = self.plate
        details = self.current(details)
        return shown if details is shown.details else shown.with_details(details)

    def request_for(self, entry: Entry) -> ImageRequest | None:
        """Return how to ask for the image of a line of the tree."""
        if self.session is None or not isinstance(entry.item, ImageRef):
            return None
        return ImageRequest(
            ref=entry.item,
            server=self.session.url,
            study=entry.study,
            dataset=entry.dataset,
            plate=entry.plate,
            query=entry.query,
        )

    @property
    def welcome(self) -> str:
        """Say what can be done with the server that was reached."""
        if self.server_info is None:
            return ""
        if self.server_info.search is None:
            return (
                "Whether this server can search isn't known yet: it was too busy to "
                "say. Retry asks again; its studies can be browsed."
            )
        if not self.server_info.keys:
            return (
                "This server has no search (mapr is off). Its studies can be browsed."
            )
        return "Type a gene, or look through the studies."


def found_message(found: Found) -> str:
    """Say what a search found."""
    entries = found.entries
    shown = short_value(found.query.told)
    if not entries:
        if found.query.conditions:
            return f"Nothing meets “{shown}”. With fewer conditions more is found."
        return f"Nothing carries “{shown}”. The suggestions show what there is."
    images = sum(entry.count or 0 for entry in entries)
    studies = counted(len(entries), "study", "studies")
    return f"“{shown}”: {counted(images, 'image', 'images')} in {studies}."


def abilities(server_info: ServerInfo) -> str:
    """Say in a few words what a server can do."""
    capabilities = server_info.capabilities
    if server_info.search is None:
        search = "search not known yet"
    elif not server_info.search:
        search = "no search"
    else:
        search = "mapr search" if capabilities.mapr else "search engine"
    if capabilities.rendering is None:
        return f"{search} · rendering not known yet"
    if not capabilities.rendering:
        return f"{search} · no rendering: raw Zarr or thumbnails"
    # A microservice is known by how it answers for an image that can't exist. Of those
    # that do exist it may draw some, or none; their layers say so then.
    return f"{search} · {'can render PNG' if capabilities.lossless else 'renders JPEG'}"
