"""Searching and browsing: the forms and the tree of what was found, wired."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QModelIndex, QObject, Signal

from napari_idr._qt.line_holdings import LineHoldings
from napari_idr._qt.line_thumbnails import LineThumbnails
from napari_idr._qt.panels.forms import present
from napari_idr._qt.panels.layout import SEARCH_TAB, STUDIES_TAB, Panels
from napari_idr._qt.panels.results_model import ENTRY_ROLE, ResultsModel
from napari_idr.model import ObjectRef, Suggestion
from napari_idr.services.browser_state import BrowserState, found_message
from napari_idr.services.explain import can_retry, explain
from napari_idr.services.search.catalog import Entry, Query
from napari_idr.services.search.hits import (
    Below,
    Spellings,
    counting_label,
    short_value,
)
from napari_idr.services.search.nothing import Emptiness, nothing_message
from napari_idr.services.search.pivots import Asker
from napari_idr.services.search.studies import (
    StudyChoices,
    StudyFacts,
    StudyFilter,
    study_choices,
    wanted_studies,
)
from napari_idr.services.session import Found

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_idr._qt.jobs import Jobs, JobSlot


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What a search found, with its lines and which of them are open."""

    found: Found
    spellings: Spellings
    lines: object
    opened: tuple[Entry, ...]


class Finder(QObject):
    """Wires the forms and the tree of a browser to searching and browsing."""

    entrySelected = Signal(object)  # Entry
    entryActivated = Signal(object)  # Entry: Enter or a double click
    welcomeWanted = Signal()  # nothing but studies can be shown, or nothing yet
    found = Signal(object)  # Query: its results are what is shown now
    leaving = Signal()  # what is shown is about to be replaced by what was found
    linesChanged = Signal()  # others are selected, or others are shown

    def __init__(self, panels: Panels, jobs: Jobs) -> None:
        super().__init__(panels)
        self._panels = panels
        self._jobs = jobs
        self._state = BrowserState()
        self._studies: JobSlot[None, tuple[Entry, ...]] = jobs.slot(self._on_studies)
        self._search: JobSlot[None, Found] = jobs.slot(
            self._on_found, on_failure=self._on_search_failed
        )
        self._facts: Mapping[ObjectRef, StudyFacts] | None = None
        self._facts_slot: JobSlot[None, Mapping[ObjectRef, StudyFacts]] = jobs.slot(
            self._on_facts
        )
        self._sought: Query | None = None
        self._shown: Found | None = None
        self._told = Spellings()
        self._opening: list[tuple[ResultsModel, JobSlot[Below, None]]] = []
        self._unopened: list[Entry] = []  # they failed in a way that may pass
        self._suggest: JobSlot[None, tuple[Query, tuple[Suggestion, ...]]] = jobs.slot(
            self._on_suggestions, shown=False
        )
        self._spell: JobSlot[None, tuple[Query, Spellings]] = jobs.slot(
            self._on_spellings, shown=False
        )
        self._use_model(panels.found)
        models = (panels.found, panels.browsed)
        self._thumbnails = LineThumbnails(panels.results, models, jobs)
        self.holdings = LineHoldings(panels.results, models)
        panels.search.searchWanted.connect(self._on_search)
        panels.search.refused.connect(self._on_refused)
        panels.spellings.searchWanted.connect(self.search)
        panels.search.suggestionsWanted.connect(self._on_suggestions_wanted)
        panels.search.suggestionsLeft.connect(self._suggest.cancel)
        panels.studies.filterChanged.connect(self._show_studies)
        panels.studies.factsWanted.connect(self._on_facts_wanted)
        jobs.changed.connect(self._show_nothing)
        panels.studies.reload.native.clicked.connect(self._load_studies)
        panels.tabs.currentChanged.connect(self._on_tab)
        panels.filter.textChanged.connect(panels.results.filter)
        panels.filter.textChanged.connect(self._show_nothing)
        panels.filter.returnPressed.connect(self._on_filter_entered)
        self.linesChanged.connect(self._show_filter)
        self.linesChanged.connect(self._show_nothing)
        panels.results.expanded.connect(self._on_expanded)
        panels.results.activated.connect(self._on_activated)
        # The line may be the current one already, and something else be looked at.
        panels.results.clicked.connect(self._on_clicked)
        for model in (panels.found, panels.browsed):
            model.childrenWanted.connect(self._on_children_wanted)

    def enter(self, state: BrowserState) -> None:
        """Work with what is known of another server."""
        self._state = state
        self._unopened.clear()
        self._thumbnails.enter(state.session)
        self.holdings.enter("" if state.session is None else state.session.url)

    def begin(self) -> None:
        """Offer what the server that was reached can search, else its studies."""
        panels = self._panels
        self.welcomeWanted.emit()
        if self.offer_keys():
            panels.search.take_focus()
            self._on_tab(panels.tabs.currentIndex())
        elif panels.tabs.currentIndex() == STUDIES_TAB:
            self._load_studies()
        else:
            panels.tabs.setCurrentIndex(STUDIES_TAB)

    def offer_keys(self) -> bool:
        """Offer what can be searched by; tell whether that is anything."""
        server_info = self._state.server_info
        keys = () if server_info is None else server_info.keys
        if keys != self._panels.search.keys:
            self._panels.search.set_keys(keys)
        if server_info is not None:
            self._panels.search.conditions.set_takes_several(
                several=server_info.takes_conditions
            )
        return bool(keys)

    def clear(self) -> None:
        """Show nothing that was found on another server."""
        for model, count in (
            (self._panels.found, "Images"),
            (self._panels.browsed, "Contains"),
        ):
            self._leave_lines(model)
            model.set_filter("")
            model.set_entries((), count)
        self._shown = None
        self._facts = None
        self._panels.studies.set_choices(StudyChoices())
        self.linesChanged.emit()
        self._panels.search.set_keys(())
        self._show_spellings(None, Spellings())

    def stop_loading(self) -> None:
        """Take back that lines are being loaded; opening them asks again."""
        for model in (self._panels.found, self._panels.browsed):
            model.stop_loading()
        self._thumbnails.stop()

    def _leave_lines(self, model: ResultsModel) -> None:
        """Stop counting what lies below lines that are about to go."""
        for of, slot in self._opening:
            if of is model:
                slot.cancel()

    @property
    def lines(self) -> tuple[Entry, ...]:
        """The lines of the tree that are selected."""
        return self._panels.results.lines

    @property
    def all_lines(self) -> tuple[Entry, ...]:
        """The lines of the tree that are loaded and shown, from the top."""
        return self._model.entries

    @property
    def searched(self) -> Found | None:
        """What the search found whose results are shown, None for all studies."""
        return self._shown if self._model is self._panels.found else None

    # Searching and browsing

    def _on_search(self, query: Query) -> None:
        session = self._state.session
        if session is None:
            return
        if query.is_empty:
            self._panels.status.say("Type what to search for.")
            return
        self._sought = query
        self._show_spellings(None, Spellings())
        message = f"Searching {short_value(query.told)} …"
        self._search.start(message, session.search, query)

    def _on_search_failed(self, _: Exception) -> None:
        if self._sought is not None:
            self._jobs.remember_retry(partial(self.search, self._sought))

    def search(self, query: Query) -> None:
        """Search, and show in the form what is searched."""
        self._panels.search.show_query(query)
        self._on_search(query)

    @property
    def is_searching(self) -> bool:
        """Whether a search is on its way."""
        return self._search.busy

    @property
    def shown(self) -> Found | None:
        """What a search found, as it is shown now."""
        return self._shown

    @property
    def asker(self) -> Asker:
        """What can be asked of the server, and what is found now."""
        known = self._state.server_info
        if known is None:
            return Asker()
        query = None if self._shown is None else self._shown.query
        return Asker(
            keys=known.keys, takes_conditions=known.takes_conditions, query=query
        )

    def _on_refused(self, reason: str) -> None:
        sentence = explain(ValueError(reason), host=self._state.host)
        self._panels.status.say_failed(sentence, can_retry=False)

    def take_along(self) -> Results | None:
        """Return what a search found, as it is shown, to be shown again."""
        if self._shown is None:
            return None
        tree, model = self._panels.results, self._panels.found
        opened = tree.opened if tree.model() is model else ()
        return Results(
            found=self._shown,
            spellings=self._told,
            lines=model.taken_along(),
            opened=opened,
        )

    def bring(self, results: Results) -> None:
        """Show again what a search found; nobody is asked."""
        self._search.cancel()
        self._leave_lines(self._panels.found)
        self._panels.found.stop_loading()
        self._shown, found = results.found, results.found
        self._panels.tabs.setCurrentIndex(SEARCH_TAB)
        self._panels.search.show_query(found.query)
        self._panels.found.set_filter("")
        self._panels.found.bring(results.lines)
        for entry in results.opened:
            self._panels.results.expand(self._panels.found.index_of(entry))
        self.linesChanged.emit()
        self._show_spellings(found.query, results.spellings)
        self._panels.status.say(found_message(found))

    def go_to(self, entry: Entry) -> bool:
        """Make a line the current one without telling; return whether it is there."""
        self._panels.tabs.setCurrentIndex(
            STUDIES_TAB if entry.query is None else SEARCH_TAB
        )
        index = self._model_of(entry).index_of(entry)
        if not index.isValid() and self._model.filter:
            self._panels.filter.clear()
            index = self._model_of(entry).index_of(entry)
        if not index.isValid():
            return False
        selection = present(self._panels.results.selectionModel())
        selection.blockSignals(True)
        self._panels.results.setCurrentIndex(index)
        selection.blockSignals(False)
        self._panels.results.scrollTo(index)
        present(self._panels.results.viewport()).update()
        self.linesChanged.emit()
        return True

    def open(self, entry: Entry) -> None:
        """Open a line, so that what lies below it is asked for."""
        index = self._model_of(entry).index_of(entry)
        if index.isValid():
            self._panels.results.expand(index)

    def bring_studies(self, entries: tuple[Entry, ...], text: str) -> None:
        """Show all studies, filtered by a text if there is any; nobody is asked."""
        self._studies.cancel()
        field = self._panels.studies.filter
        if self._state.studies is None:
            self._state.studies = entries
            self._show_studies(self._panels.studies.wanted)
        if text and field.value != text:
            field.value = text
        self._panels.tabs.setCurrentIndex(STUDIES_TAB)

    def show_search(self) -> None:
        """Show the form of the search, and what it found."""
        self._panels.tabs.setCurrentIndex(SEARCH_TAB)

    def study_named(self, name: str) -> Entry | None:
        """Return the line of a study that was found, None if it wasn't."""
        entries = () if self._shown is None else self._shown.entries
        return next((one for one in entries if one.name == name), None)

    def _on_found(self, found: Found) -> None:
        self._leave_lines(self._panels.found)
        self._panels.found.stop_loading()
        self.leaving.emit()
        self._shown, self._told = found, Spellings()
        self._panels.found.set_filter("")  # it was of what was found before
        self._panels.found.set_entries(
            found.entries, "Images", short_value(found.query.label)
        )
        self.linesChanged.emit()
        self.found.emit(found.query)
        self._panels.status.say(found_message(found))
        if found.entries and self._state.session is not None:
            self._spell.start("", self._state.session.spellings, found.query)
        if len(found.entries) == 1:
            self._panels.results.expand(self._panels.found.index(0, 0))

    def _on_spellings(self, told: tuple[Query, Spellings]) -> None:
        self._show_spellings(*told)

    def _show_spellings(self, query: Query | None, spellings: Spellings) -> None:
        self._told = spellings
        self._spell.cancel()  # what is told of another search comes too late
        self._panels.spellings.set_spellings(query, spellings)

    def _on_suggestions_wanted(self, query: Query) -> None:
        session = self._state.session
        if session is not None:
            self._suggest.start("", session.suggestions, query)

    def _on_suggestions(self, found: tuple[Query, tuple[Suggestion, ...]]) -> None:
        self._panels.search.set_suggestions(*found)

    def _load_studies(self) -> None:
        session = self._state.session
        if session is not None:
            self._studies.start("Listing all studies …", session.studies)

    def _on_studies(self, entries: tuple[Entry, ...]) -> None:
        self._state.studies = entries
        self._show_studies(self._panels.studies.wanted)
        server_info = self._state.server_info
        if server_info is not None and not server_info.search:
            self.welcomeWanted.emit()

    def _on_facts_wanted(self) -> None:
        """Ask for what studies are filtered by, once."""
        session, studies = self._state.session, self._state.studies
        if session is None or not studies or self._facts or self._facts_slot.busy:
            return
        message = "Reading licences and organisms …"
        self._facts_slot.start(message, session.study_facts, studies)

    def _on_facts(self, facts: Mapping[ObjectRef, StudyFacts]) -> None:
        self._facts = facts
        self._panels.studies.set_choices(study_choices(facts))
        self._show_studies(self._panels.studies.wanted)

    def _show_studies(self, wanted: StudyFilter) -> None:
        studies = self._state.studies
        if studies is None:
            return
        kept = wanted_studies(studies, self._facts or {}, wanted)
        self._panels.browsed.set_entries(kept, "Contains")
        self.linesChanged.emit()
        self._panels.status.say(f"{len(kept)} of {len(studies)} studies")

    def _on_expanded(self, index: QModelIndex) -> None:
        self._model.ask_for_children(index)

    def _on_children_wanted(self, entry: Entry) -> None:
        session = self._state.session
        if session is None:
            return
        slot: JobSlot[Below, None] = self._jobs.slot(_nothing, on_step=self._on_below)
        self._opening = [(of, one) for of, one in self._opening if one.busy]
        self._opening.append((self._model_of(entry), slot))
        slot.start_steps(_opening_message(entry), session.children, entry)

    def open_again(self) -> None:
        """Ask anew for what lies below lines where that failed and may pass."""
        unopened, self._unopened = self._unopened, []
        for entry in unopened:
            model = self._model_of(entry)
            index = model.index_of(entry)
            if index.isValid():
                model.ask_for_children(index)

    def _on_below(self, below: Below) -> None:
        entry, counts = below.entry, below.counts
        model = self._model_of(entry)
        if below.error is not None:
            sentence = explain(below.error, host=self._state.host)
            model.set_failed(entry, sentence)
            again = can_retry(below.error)
            if again:
                self._unopened.append(entry)
            self._panels.status.say_failed(sentence, can_retry=again)
            return
        model.set_children(entry, below.children, counting=counting_label(counts))
        is_told = self._jobs.message == _opening_message(entry)
        if is_told and counts is not None and counts.total is not None:
            self._panels.status.set_progress(
                counts.counted, counts.total, "images counted"
            )

    def _model_of(self, entry: Entry) -> ResultsModel:
        return self._panels.browsed if entry.query is None else self._panels.found

    @property
    def _model(self) -> ResultsModel:
        model = self._panels.results.model()
        assert isinstance(model, ResultsModel)
        return model

    # The tree

    def _use_model(self, model: ResultsModel) -> None:
        self._panels.results.use_model(model)
        selection = present(self._panels.results.selectionModel())
        selection.currentChanged.connect(self._on_current)
        selection.selectionChanged.connect(self._on_lines)
        self.linesChanged.emit()

    def _on_tab(self, tab: int) -> None:
        searching = tab == SEARCH_TAB
        self._panels.spellings.set_wanted(searching)
        self._use_model(self._panels.found if searching else self._panels.browsed)
        if not searching and self._state.studies is None:
            self._load_studies()

    def _show_filter(self) -> None:
        """Offer to filter where there are lines, by the words of these lines."""
        field, model = self._panels.filter, self._model
        if field.text().strip() != model.filter:
            before = field.blockSignals(True)
            field.setText(model.filter)
            field.blockSignals(before)
        field.setVisible(model.has_lines)

    def _show_nothing(self, *_: object) -> None:
        """Say why there are no lines, where there are none."""
        state, model, shown = self._state, self._model, self._shown
        known = state.server_info
        why = Emptiness(
            is_connected=state.session is not None,
            is_busy=self._jobs.message is not None,
            is_searching=model is self._panels.found,
            can_search=known is None or known.search is not False,
            was_searched=shown is not None,
            searched="" if shown is None else short_value(shown.query.label),
            were_listed=state.studies is not None,
            has_studies=bool(state.studies),
            filter=model.filter,
        )
        self._panels.results.set_nothing(nothing_message(why))
        can_search = why.can_search and (why.is_connected or why.is_busy)
        self._panels.hint.set_wanted(wanted=can_search and not model.has_lines)

    def _on_filter_entered(self) -> None:
        self._panels.results.setFocus()

    def _on_current(self, index: QModelIndex, _: QModelIndex) -> None:
        if self._model.is_filtering:
            return
        if (entry := self._entry(index)) is not None:
            self.entrySelected.emit(entry)

    def _on_lines(self, *_: object) -> None:
        self.linesChanged.emit()

    def _on_clicked(self, index: QModelIndex) -> None:
        self._on_current(index, index)

    def _on_activated(self, index: QModelIndex) -> None:
        if (entry := self._entry(index)) is not None:
            self.entryActivated.emit(entry)

    def _entry(self, index: QModelIndex) -> Entry | None:
        entry = self._model.data(index, ENTRY_ROLE) if index.isValid() else None
        return entry if isinstance(entry, Entry) else None


def _opening_message(entry: Entry) -> str:
    return f"Opening {entry.name} …"


def _nothing(_: None) -> None:
    """Receive that a line is open: all was told in steps."""
