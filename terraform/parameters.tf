# Names only. The values are secrets that the roles make, once, and write themselves: a value that Terraform knew would
# stand in its state.

locals {
  parameter_path = "/beacon/${var.environment}"

  parameters = {
    ca_private_key    = "${local.parameter_path}/ca-private-key"
    ca_certificate    = "${local.parameter_path}/ca-certificate"
    grafana_admin     = "${local.parameter_path}/grafana-admin"
    grafana_viewer    = "${local.parameter_path}/grafana-viewer"
    remote_write      = "${local.parameter_path}/remote-write"
    prometheus_reader = "${local.parameter_path}/prometheus-reader"
    prometheus_backup = "${local.parameter_path}/prometheus-backup"
    alertmanager      = "${local.parameter_path}/alertmanager"
  }
}
