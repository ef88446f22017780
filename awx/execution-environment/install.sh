#!/bin/sh
# Installs everything into the image that is being built; runs in it, once, from its own folder.
set -eu
cd "$(dirname "$0")"
TERRAFORM=1.11.4
TERRAFORM_SHA256=1ce994251c00281d6845f0f268637ba50c0005657eb3cf096b92f753b42ef4dc

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# ssh and git: the tunnel, and which commit an image is made from
apt-get install -y -qq --no-install-recommends ca-certificates curl dumb-init git openssh-client python3 python3-venv unzip
rm -rf /var/lib/apt/lists/*

if [ -e pip.conf ]; then export PIP_CONFIG_FILE="$PWD/pip.conf"; fi
if [ -e ca-certificates.crt ]; then export PIP_CERT="$PWD/ca-certificates.crt"; fi
python3 -m venv /opt/beacon
/opt/beacon/bin/python3 -m pip install --quiet --no-cache-dir --require-hashes --only-binary :all: \
  --disable-pip-version-check --requirement requirements.txt
/opt/beacon/bin/python3 prune.py requirements.yml

if [ ! -e terraform ]; then
  archive="terraform_${TERRAFORM}_linux_amd64.zip"
  curl -fsSLO "https://releases.hashicorp.com/terraform/${TERRAFORM}/${archive}"
  echo "${TERRAFORM_SHA256}  ${archive}" | sha256sum --check --quiet
  unzip -q "${archive}" terraform
fi
install -m 0755 terraform /usr/local/bin/terraform
terraform version | grep -q "^Terraform v${TERRAFORM}\$"
