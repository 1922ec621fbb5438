# Everything a newcomer needs: `make run` serves a model, `make test` tries the whole product.
# Both set up what is missing first; all they ask for is Python 3.11 or later and git.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
WITH_MLX := .venv/.with-mlx
BENCH_MODEL := .models/pensieve-bench.gguf
# Python packages that carry the chat templates of the model families: the tests read them from the files as they are.
TEMPLATES := .templates/trl-1.16.0-py3-none-any.whl .templates/xinference-4.1.0-py3-none-any.whl
FIRST_HALF := tests/engines tests/http tests/journeys

.PHONY: install run models test first-half second-half check bench nano clean

install: $(INSTALLED)

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Pensieve needs Python 3.11 or later: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@

# MLX's build for the CPU, so that its engine is tested on Linux too.
$(WITH_MLX): requirements-mlx.lock | $(INSTALLED)
	$(BIN)/python -m pip install --quiet --requirement requirements-mlx.lock
	@touch $@

$(BENCH_MODEL): tests/make_model.py | $(INSTALLED)
	$(BIN)/python tests/make_model.py mid $@

.templates/%-py3-none-any.whl: | $(INSTALLED)
	$(BIN)/python -m pip download --quiet --no-deps --dest .templates $(subst -,==,$*)

run: $(INSTALLED)
	@exec $(BIN)/pensieve serve

# The real models that tests and benchmarks use, about 1.5 GB; what is there is not fetched again.
models: $(INSTALLED)
	@$(BIN)/python tests/real_models.py

# Both halves take about as long; with `make -j2 test` they run at once.
test: first-half second-half

first-half: $(INSTALLED) $(WITH_MLX) $(TEMPLATES)
	$(BIN)/python -m pytest $(FIRST_HALF)

second-half: $(INSTALLED) $(WITH_MLX) $(TEMPLATES)
	$(BIN)/python -m pytest $(FIRST_HALF:%=--ignore=%)

check: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(INSTALLED) $(BENCH_MODEL)
	$(BIN)/python benchmarks/overhead.py $(BENCH_MODEL)

# Trains the bundled model anew, in one hour or two on two cores. PyTorch is needed for this only.
nano: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --requirement training/nano/requirements.txt
	$(BIN)/python -m training.nano

clean:
	rm -rf .venv .models .templates .node .nano
