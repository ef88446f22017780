# The stage that makes what the image copies: Python packages and Terraform. awx/image.py puts it before ansible-builder's own stages.
# pip.conf, ca-certificates.crt and terraform are there only where this machine reaches their makers by other ways. pip.conf may hold a
# password: in a stage that the image inherits, it would stay in a layer, even if the next layer deletes it. The brackets let COPY
# accept that a file is missing.
FROM $EE_BASE_IMAGE AS tools
# hadolint ignore=DL3008 # the base image's release decides which versions there are
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ca-certificates curl python3 python3-venv unzip \
 && rm -rf /var/lib/apt/lists/*
COPY _build/beacon/ _build/machine/pip.con[f] _build/machine/ca-certificates.cr[t] _build/machine/terrafor[m] /tmp/beacon/
RUN sh /tmp/beacon/install.sh

