#!/bin/sh
# Installs Python packages and Terraform in the image's build stage, once, from its own directory; the image copies the results.
set -eu
cd "$(dirname "$0")"
TERRAFORM=1.11.4
TERRAFORM_SHA256=1ce994251c00281d6845f0f268637ba50c0005657eb3cf096b92f753b42ef4dc

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
