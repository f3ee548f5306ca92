# Two commands do everything: `make demo` and `make test`. They install what is missing:
# into the active virtual environment, else into .venv.

PYTHON ?= python3
VENV ?= $(or $(VIRTUAL_ENV),.venv)
BIN := $(VENV)/bin
STAMP := $(VENV)/.napari-idr-installed
DOCS_STAMP := $(VENV)/.napari-idr-docs-installed
SITE := build/site

# The libraries' own threads would fight over the cores with the tests' servers.
export OMP_NUM_THREADS ?= 2
# A canvas that is drawn in software would take all cores, and two are drawn at once.
export LP_NUM_THREADS ?= 1
# Settings and caches of a trial run must not end up among a person's own.
TRIAL := build/trial
TRIAL_ENV := NAPARI_CONFIG=$(CURDIR)/$(TRIAL)/napari.yaml \
	XDG_CONFIG_HOME=$(CURDIR)/$(TRIAL)/config XDG_CACHE_HOME=$(CURDIR)/$(TRIAL)/cache

# An environment with the lowest versions that pyproject.toml allows, napari's too.
LOWEST := build/lowest
LOWEST_TESTS := tests/unit tests/gui/test_search_panel.py tests/end_to_end/test_journey.py

# The tests that count what is left over.
ALONE := tests/end_to_end/test_cancel.py tests/end_to_end/test_closing.py \
	tests/end_to_end/test_stress.py

# The tests that make mutants of answers.
PARSERS := tests/unit/api/test_any_answer.py tests/unit/api/zarr/test_codecs.py \
	tests/unit/api/pixels/test_pictures.py

.PHONY: demo test faults test-lowest check bench docs pictures dist clean install

demo: install
	@mkdir -p $(TRIAL)
	$(TRIAL_ENV) tools/with-display $(BIN)/python examples/guided_tour.py \
		--screenshot build/demo.png

# Those without a window first. Of those with one, the tests of a file follow each other,
# and the last have the machine for themselves: they tell what is left over, and when.
test: install
	@mkdir -p $(TRIAL)
	$(TRIAL_ENV) $(BIN)/python -m pytest -n 2 tests/unit tests/reliability src
	$(TRIAL_ENV) $(BIN)/python -m pytest -n 2 --dist loadfile --durations 20 \
		$(ALONE:%=--ignore=%) tests/end_to_end tests/contract tests/gui tests/packaging
	$(TRIAL_ENV) $(BIN)/python -m pytest $(ALONE)

# All of what `make test` runs a part of: each question with each fault, which writes
# docs/reliability.md; 100 000 mutants of answers; fifty processes killed of each kind.
faults: install
	@mkdir -p $(TRIAL)
	rm -rf build/faults
	IDR_FAULTS=build/faults $(TRIAL_ENV) $(BIN)/python -m pytest -n 4 tests/reliability
	PYTHONPATH=tests $(BIN)/python -m support.reliability.report build/faults
	IDR_MUTANTS=130 $(TRIAL_ENV) $(BIN)/python -m pytest -n 2 --timeout 3600 $(PARSERS)
	IDR_KILLS=50 $(TRIAL_ENV) $(BIN)/python -m pytest --timeout 1800 tests/unit/test_kills.py

# The newest versions are those of `make test`, unless pip has kept older ones.
test-lowest:
	@mkdir -p $(TRIAL)
	tools/system-packages
	test -x $(LOWEST)/bin/python || $(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet --upgrade pip uv
	$(LOWEST)/bin/uv pip install --quiet --no-cache --python $(LOWEST)/bin/python \
		--resolution lowest-direct --editable '.[test]'
	$(TRIAL_ENV) $(LOWEST)/bin/python -m pytest $(LOWEST_TESTS)

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/draw_house.py --check
	$(BIN)/python tools/client_requirements.py --check
	$(BIN)/npe2 validate src/napari_idr/napari.yaml
	$(TRIAL_ENV) $(BIN)/npe2 validate --imports napari-idr

bench: install
	@mkdir -p $(TRIAL)
	$(TRIAL_ENV) tools/with-display $(BIN)/python -m benchmarks

# The site, without a warning and without a link that leads nowhere: build/site/index.html
docs: $(DOCS_STAMP)
	$(BIN)/python tools/draw_house.py
	rm -rf $(SITE)
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet docs $(SITE)
	$(BIN)/python tools/check_site.py $(SITE)

# All pictures of the docs, with the demo archive in a real window.
pictures: install
	@mkdir -p $(TRIAL)
	$(TRIAL_ENV) tools/with-display $(BIN)/python tools/make_pictures.py

# What is published: dist/
dist: install
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*

install: $(STAMP)

$(STAMP): pyproject.toml tools/system-packages
	tools/system-packages
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $(STAMP)

# No window and no system's packages are needed for a site.
$(DOCS_STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[docs]'
	touch $@

clean:
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find src tests benchmarks examples -name __pycache__ -prune -exec rm -rf {} +
