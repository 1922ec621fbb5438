# Everything a newcomer needs: `make run` serves a model, `make test` tries the whole product.
# Both set up what is missing first, and no more than they need; all they ask for is Python 3.11 or later and git.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
FOR_DEVELOPMENT := .venv/.for-development
WITH_MLX := .venv/.with-mlx
BENCH_MODEL := .models/pensieve-bench.gguf
# Python packages that carry the chat templates of the model families: the tests read them from the files as they are.
TEMPLATES := .templates/trl-1.16.0-py3-none-any.whl .templates/xinference-4.1.0-py3-none-any.whl
FIRST_HALF := tests/engines tests/http tests/journeys

.PHONY: install develop run models test first-half second-half check bench nano lock clean

# What running needs.
install: $(INSTALLED)

# What tests, checks and benchmarks need as well.
develop: $(FOR_DEVELOPMENT) $(WITH_MLX)

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Pensieve needs Python 3.11 or later: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@

$(FOR_DEVELOPMENT): requirements-dev.lock $(INSTALLED)
	$(BIN)/python -m pip install --quiet --requirement requirements-dev.lock
	@touch $@

# MLX's build for the CPU, so that its engine is tested on Linux too.
$(WITH_MLX): requirements-mlx.lock | $(FOR_DEVELOPMENT)
	$(BIN)/python -m pip install --quiet --requirement requirements-mlx.lock
	@touch $@

$(BENCH_MODEL): tests/make_model.py | $(FOR_DEVELOPMENT)
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

first-half: $(FOR_DEVELOPMENT) $(WITH_MLX) $(TEMPLATES)
	$(BIN)/python -m pytest $(FIRST_HALF)

second-half: $(FOR_DEVELOPMENT) $(WITH_MLX) $(TEMPLATES)
	$(BIN)/python -m pytest $(FIRST_HALF:%=--ignore=%)

check: $(FOR_DEVELOPMENT)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(FOR_DEVELOPMENT) $(BENCH_MODEL)
	$(BIN)/python benchmarks/overhead.py $(BENCH_MODEL)

# Trains the bundled model anew, in one hour or two on two cores. PyTorch is needed for this only.
nano: $(FOR_DEVELOPMENT)
	$(BIN)/python -m pip install --quiet --requirement training/nano/requirements.txt
	$(BIN)/python -m training.nano

# Pins what pyproject.toml asks for, for running and for development; pins that still fit stay. This alone needs uv.
PIN := uv pip compile --quiet --universal --python-version 3.11 --no-annotate --no-emit-index-url \
  --no-emit-find-links --custom-compile-command 'make lock'
lock:
	$(PIN) pyproject.toml --group dev --output-file requirements-dev.lock
	$(PIN) pyproject.toml --constraints requirements-dev.lock --output-file requirements.lock

clean:
	rm -rf .venv .models .templates .node .nano
