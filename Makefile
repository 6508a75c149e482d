# Few verbs. `make` alone lists them.
GO      ?= go
export GOFLAGS := $(shell $(GO) env GOFLAGS) -trimpath # one cache for all copies of a tree
GOTEST  ?= $(GO) test # run in a module's folder
MODULES := shared gateway identity services/claims services/orders e2e
BENCH   ?= .
ifeq ($(origin AS),default) # make's own AS is the assembler
AS :=
endif
.DEFAULT_GOAL := help
.PHONY: help demo dev token test e2e containers mutate bench generate docs check rename build

help: ## list the verbs
	@grep -E '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9]+):.*## /  make \1\t/' | expand -t 20

demo: ## start everything, play the demo's requests, stay up until Ctrl-C (DEMO_EXIT=1: end then; PORT=8099: not 8080)
	@$(GO) -C e2e build -o ../bin/demo ./cmd/demo && exec bin/demo $(if $(PORT),-port "$(PORT)")

dev: ## rebuild and restart one process of the running demo: make dev P=claims
	@$(GO) -C e2e build -o ../bin/demo ./cmd/demo && exec bin/demo -restart "$(P)"

token: ## print an access token got by a real login at the running demo: make token AS=alice
	@$(GO) -C e2e build -o ../bin/demo ./cmd/demo && exec bin/demo -token "$(AS)"

test: ## all tests: each module's, then e2e; where a Docker engine answers, against containers too
	@for m in $(filter-out e2e,$(MODULES)); do (cd $$m && $(GOTEST) ./...) || exit 1; done
	@cd e2e && $(GOTEST) -timeout 20m ./cast/... ./harness/... ./cmd/... ./source/...
	@$(MAKE) --no-print-directory e2e
	@if case "$$E2E_DOCKER" in required) ;; no) false ;; *) docker version && docker compose version ;; esac >/dev/null 2>&1; \
		then $(MAKE) --no-print-directory containers; \
		else echo "not tested as containers: E2E_DOCKER=no, or no Docker engine with Compose answers"; fi

e2e: ## only the tests of the whole system, through the front door
	@cd e2e && $(GOTEST) -count=1 -timeout 20m

containers: ## the same tests against containers, and what only containers can show
	@cd e2e && $(GOTEST) -count=1 -timeout 20m ./containers
	@cd e2e && E2E_LAUNCHER=docker $(GOTEST) -count=1 -timeout 20m
	@GOTEST="$(GOTEST)" e2e/containers/attached

mutate: ## remove each security check in turn; a named test must turn red (long)
	@$(GO) -C e2e run ./cmd/mutate mutants.yaml

bench: ## measure decisions, tokens, limiter, store, export, a million claims (BENCH=Million picks one; all take many minutes)
	@for p in shared/authz shared/principal shared/door gateway/internal/ratelimit services/claims/internal/store; do \
		$(GO) -C $$p test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 60m . || exit 1; done

generate: bin/sqlc docs ## run sqlc, and make docs; the output is committed
	@for s in identity services/claims services/orders; do (cd $$s && $(CURDIR)/bin/sqlc generate) || exit 1; done

docs: ## write the policies into docs/authorization.md
	@mkdir -p bin
	@{ sed '/^<!-- generated/q' docs/authorization.md && for s in claims orders; do \
		printf '\n## %s\n' $$s && $(GO) -C services/$$s run . policy || exit 1; done; } > bin/authorization.md
	@cp bin/authorization.md docs/authorization.md

check: bin/staticcheck ## formatting, vet, staticcheck, tidy modules, fresh generated code
	@test -z "$$(gofmt -l $(MODULES))" || { gofmt -l $(MODULES); echo "run gofmt -w on these"; exit 1; }
	@for m in $(MODULES); do $(GO) -C $$m vet ./... && (cd $$m && $(CURDIR)/bin/staticcheck ./...) && GOWORK=off $(GO) -C $$m mod tidy -diff || exit 1; done
	@$(MAKE) --no-print-directory generate && git diff --exit-code -- '*/internal/db/*' docs/authorization.md || { echo "generated code was stale: commit it"; exit 1; }

bin/sqlc bin/staticcheck bin/gotestsum: tools/go.mod
	@GOWORK=off $(GO) -C tools build -o $(CURDIR)/bin/ github.com/sqlc-dev/sqlc/cmd/sqlc honnef.co/go/tools/cmd/staticcheck gotest.tools/gotestsum

rename: ## give the modules another path: make rename MODULE=git.example.com/team/shop
	@case "$(MODULE)" in ""|/*|*/|*[!A-Za-z0-9._~/-]*) echo "MODULE is a module path, such as git.example.com/team/shop" >&2; exit 1;; esac
	@was=$$(sed -n 's#^module \(.*\)/shared$$#\1#p' shared/go.mod | sed 's#\.#\\.#g') && \
	grep -rlI --exclude-dir=.git --exclude-dir=bin "$$was/" . | while read -r f; do \
		sed -E "s#(^|[^/.])$$was/#\1$(MODULE)/#g" "$$f" > "$$f.renamed" && cat "$$f.renamed" > "$$f" && rm "$$f.renamed" || exit 1; done

build: ## all processes into bin/
	@for p in gateway identity services/claims services/orders; do $(GO) -C $$p build -o $(CURDIR)/bin/ . || exit 1; done
	@$(GO) -C shared build -o $(CURDIR)/bin/ ./cmd/devca
