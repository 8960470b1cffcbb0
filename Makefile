# Every target is a script of the same name; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help run build test bench fuzz lint fmt

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## start farebox on 127.0.0.1:8080, ready to try (scripts/run --help)
	@./scripts/run

build: ## compile into build/release
	@./scripts/build

test: ## everything that CI runs
	@./scripts/test

bench: ## farebox beside pgbench and a Node server
	@./scripts/bench

fuzz: ## a minute of new inputs for each parser
	@./scripts/fuzz

lint: ## clang-tidy and shellcheck
	@./scripts/lint

fmt: ## clang-format
	@./scripts/fmt
