# The verbs of a person; what they do stands in setup/. `make help` lists them.
.DEFAULT_GOAL := help
PYTHON ?= python3
VERBS := setup up status verify down doctor test lint unit sanity docs molecule e2e again soak day2 permissions kills hostile suites awx-test webapp-test bench-webapp lock

.PHONY: help
help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: $(VERBS)
setup: ## check this machine and make the Python environment: all that an AWS account needs
up: ## from source to a monitored service on this machine; ends with addresses and how to log in
status: ## what runs, since when, how well: one screen, five seconds
verify: ## ask the running stack's public interfaces again
down: ## remove all that was made, but for the cache
doctor: ## look at this machine and at what runs, for a bug report; changes nothing
test: ## everything: lint, unit, up, Molecule, end to end, down
lint: ## all gates of style, types and structure
unit: ## unit and contract tests: no containers
sanity: ## all of ansible-test sanity on the installed collection, by the oldest and the newest ansible-core: ten minutes
docs: ## the documentation site, into the cache; a warning is an error
molecule: ## each role's scenario
e2e: ## ask of the running stack what the README promises
again: ## play everything again on the running stack, kill the server, run what the READMEs say: seven minutes
soak: ## destroy the running stack and bring it back; pause, break and restore its monitoring: three quarters of an hour
day2: ## upgrade, rotate, replace and lose parts of the stack under steady requests, of one with the previous Kubernetes where none runs; then play every verb: nearly two hours
kills: ## kill a local cloud's server fifty times under site.yml, ten under destroy.yml: an hour
hostile: ## make up, verify and down with settings, homes and paths as people have them: one and a half hours
suites: ## other projects' test suites against the local cloud and the running stack; keeps their results in docs/proofs
permissions: ## record what the playbooks asked of AWS, and write the policies of terraform/permissions
awx-test: ## apply awx/ to a double, launch its jobs against the running stack
webapp-test: ## the web application alone: each branch, a real browser, its image
bench-webapp: ## the web application beside others: table and picture
lock: ## resolve the requirements anew
status doctor: FLAGS := -B # they write no file, not even bytecode
$(VERBS):
	@$(PYTHON) -E $(FLAGS) -m setup $@
