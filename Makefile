# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
ADDRESS ?= 127.0.0.1
PORT ?= 7860

.PHONY: demo test check lint types install chromium clean

demo: install  ## set up and serve the page, its example already analysed, on http://127.0.0.1:7860
	GRADIO_SERVER_NAME=$(ADDRESS) GRADIO_SERVER_PORT=$(PORT) $(BIN)/python app.py

test: $(VENV)/.dev chromium  ## set up and run every test, those in a real browser included
	$(BIN)/python -m pytest

check: $(VENV)/.dev lint types

lint: $(VENV)/.dev
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

install: $(VENV)/.run

# uv installs the same wheels as pip, several times faster. OpenCV and PyAV bring their own libraries,
# but OpenCV's GUI part asks for libGL on a bare server: take it from the system where that is allowed.
$(VENV)/bin/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check uv

$(VENV)/.run: $(VENV)/bin/uv pyproject.toml
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --editable .
	@$(BIN)/python -c "import cv2" 2>/dev/null || $(MAKE) --no-print-directory system-libraries
	touch $@

$(VENV)/.dev: $(VENV)/.run
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable ".[dev]"
	touch $@

.PHONY: system-libraries
system-libraries:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$(cat packages.txt) >/dev/null; \
	else echo "OpenCV needs system libraries: install $$(cat packages.txt | tr '\n' ' ')"; exit 1; fi

# Browser tests want Chromium. Without it, and without the right to install it, they are skipped and say so.
chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-dejavu-core >/dev/null; \
	  fi; } || echo "Chromium could not be installed: the browser tests will be skipped."

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
