# A thin face of `python -m bookbuild`: makes the build environment when its lock has changed, then hands over.
# GNU make 3.81 and a POSIX shell.  Variables count on the command line only and reach the program as BOOK_<NAME>
# in the environment; no value is ever expanded by make or put into a shell line.

SHELL := /bin/sh
PYTHON := .venv/build/bin/python
BOOK := exec $(PYTHON) -m bookbuild
COMMANDS := html pdf notebooks execute serve lib lint translate-status fmt test bench

.PHONY: all $(COMMANDS) lock clean distclean help
.DEFAULT_GOAL := all

# --- variables ------------------------------------------------------------------------------------------------

VARIABLES := LANGS FRAMEWORKS PAGES DEVICE SCHEDULER WORKERS FORCE CHECK STRICT PORT UPGRADE
given := $(foreach v,$(.VARIABLES),$(if $(filter command,$(origin $v)),$v))
ifneq ($(filter PYTHON_%,$(given)),)
environments := $(filter %.IN,$(shell printf '%s ' environments/*.in | tr '[:lower:]' '[:upper:]'))
VARIABLES += $(patsubst ENVIRONMENTS/%.IN,PYTHON_%,$(subst .GPU.,_GPU.,$(environments)))
endif
unknown := $(filter-out $(VARIABLES),$(given))
ifneq ($(unknown),)
$(error unknown variable $(firstword $(unknown)); known: $(VARIABLES) and PYTHON_<ENVIRONMENT>)
endif
unexport MAKEFLAGS MFLAGS PYTHONHOME PYTHONPATH
$(foreach v,$(filter BOOK_%,$(.VARIABLES)),$(eval unexport $v))
$(foreach v,$(given),$(eval override BOOK_$v := $$(value $v))$(eval export BOOK_$v)$(eval unexport $v))

# --- the build environment ------------------------------------------------------------------------------------

# An interpreter chosen by hand is compared by the program; else a glance at the stamp is enough.
fresh := cmp -s environments/build.txt .venv/build/lock.txt && test -x $(PYTHON)
ifneq ($(filter PYTHON_BUILD,$(given)),)
fresh := false
endif
define ensure
@if ! { $(fresh); }; then \
  command -v python3 >/dev/null || { echo 'python3 is not on PATH; install Python 3.11 with its venv module' >&2; exit 1; }; \
  python3 -m bookbuild.environments build; \
fi
endef

# --- targets --------------------------------------------------------------------------------------------------

all:
	$(ensure)
	@$(BOOK) build

$(COMMANDS):
	$(ensure)
	@$(BOOK) $@

lock:
	@exec python3 -m bookbuild.locks

clean:
	rm -rf _build

distclean: clean
	rm -rf .venv

help:
	@echo 'make                    install what is needed, execute what is stale, build HTML, notebooks and PDF'
	@echo 'make html|notebooks|pdf        one format; LANGS="pt fr" FRAMEWORKS=jax narrow it'
	@echo 'make execute            execute what is stale; FORCE=1 all; PAGES= FRAMEWORKS= DEVICE=cpu|gpu'
	@echo '                        SCHEDULER=tcp://host:port WORKERS=n CHECK=1'
	@echo 'make serve              build, serve on loopback, rebuild and reload on every change; PORT=8000'
	@echo 'make lib                write the saved cells into d2l/'
	@echo 'make lint               check pages, translations, links, outputs, library; STRICT=1 at a release'
	@echo 'make translate-status   what is fresh, stale and missing in each language; LANGS= PAGES='
	@echo 'make fmt                write pages in the canonical form'
	@echo 'make test               all tests, with coverage'
	@echo 'make bench              benchmarks'
	@echo 'make lock               write the locks from environments/*.in; UPGRADE=1 takes newer versions'
	@echo 'make clean | distclean  remove _build | and .venv too'
	@echo 'PYTHON_<ENVIRONMENT>=   the interpreter an environment is made with, as in PYTHON_MXNET=python3.11'
