# ---------------------------------------------------------------------------------------------------------------------
# REQUIRED: no value fits every environment
# ---------------------------------------------------------------------------------------------------------------------

variable "environment" {
  description = "Name of the environment; part of every name."
  type        = string

  validation {
    condition     = length(var.environment) >= 2 && length(var.environment) <= 15 && can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.environment))
    error_message = "environment is \"${var.environment}\"; allowed are 2 to 15 lowercase letters, digits and single dashes, a letter first and no dash last. Rename it in the inventory (beacon_environment)."
  }
}

variable "region" {
  description = "AWS region of everything."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is \"${var.region}\"; allowed is the name of a region, such as eu-west-1. Correct it in the inventory (beacon_region)."
  }
}

variable "vpc_cidr" {
  description = "IPv4 range of the VPC."
  type        = string

  validation {
    condition     = can(cidrhost(var.vpc_cidr, 0)) && try(cidrsubnet(var.vpc_cidr, 0, 0) == var.vpc_cidr, false)
    error_message = "vpc_cidr is \"${var.vpc_cidr}\"; allowed is an IPv4 range that begins at its network address, such as 10.42.0.0/16. Correct it in the inventory (beacon_vpc_cidr)."
  }

  validation {
    condition     = try(tonumber(split("/", var.vpc_cidr)[1]) >= 16 && tonumber(split("/", var.vpc_cidr)[1]) <= 28, true)
    error_message = "vpc_cidr is \"${var.vpc_cidr}\"; AWS allows a prefix length from /16 to /28. Choose another range in the inventory (beacon_vpc_cidr)."
  }
}

variable "availability_zones" {
  description = "Two zones of the region, in the order of the subnets."
  type        = list(string)

  validation {
    condition     = length(distinct(var.availability_zones)) == 2 && alltrue([for zone in var.availability_zones : startswith(zone, var.region)])
    error_message = "availability_zones are \"${join(", ", var.availability_zones)}\"; allowed are two different zones of the region ${var.region}, such as ${var.region}a and ${var.region}b. Correct them in the inventory."
  }
}

variable "public_subnets" {
  description = "Ranges of the public subnets, one for each zone: load balancer, NAT, ops host."
  type        = list(string)

  validation {
    condition     = alltrue([for cidr in var.public_subnets : can(cidrhost(cidr, 0)) && try(cidrsubnet(cidr, 0, 0) == cidr, false)])
    error_message = "public_subnets are \"${join(", ", var.public_subnets)}\"; each must be an IPv4 range that begins at its network address, such as 10.42.0.0/24. Correct them in the inventory."
  }

  validation {
    condition     = length(var.public_subnets) == length(var.availability_zones)
    error_message = "public_subnets are \"${join(", ", var.public_subnets)}\"; needed is one for each of the zones ${join(", ", var.availability_zones)}. Correct them in the inventory."
  }
}

variable "private_subnets" {
  description = "Ranges of the private subnets, one for each zone: cluster, nodes, monitoring host."
  type        = list(string)

  validation {
    condition     = alltrue([for cidr in var.private_subnets : can(cidrhost(cidr, 0)) && try(cidrsubnet(cidr, 0, 0) == cidr, false)])
    error_message = "private_subnets are \"${join(", ", var.private_subnets)}\"; each must be an IPv4 range that begins at its network address, such as 10.42.10.0/24. Correct them in the inventory."
  }

  validation {
    condition     = length(var.private_subnets) == length(var.availability_zones)
    error_message = "private_subnets are \"${join(", ", var.private_subnets)}\"; needed is one for each of the zones ${join(", ", var.availability_zones)}. Correct them in the inventory."
  }
}

variable "ssh_allowed_cidrs" {
  description = "Ranges from which the ops host answers ssh."
  type        = list(string)

  validation {
    condition     = length(var.ssh_allowed_cidrs) > 0 && alltrue([for cidr in var.ssh_allowed_cidrs : can(cidrhost(cidr, 0))])
    error_message = "ssh_allowed_cidrs are \"${join(", ", var.ssh_allowed_cidrs)}\"; needed is at least one range such as 198.51.100.1/32. Put your own address there, in the inventory."
  }

  validation {
    condition     = alltrue([for cidr in var.ssh_allowed_cidrs : !endswith(cidr, "/0")])
    error_message = "ssh_allowed_cidrs are \"${join(", ", var.ssh_allowed_cidrs)}\"; the whole internet (/0) is not allowed. Name your own ranges in the inventory."
  }
}

variable "http_allowed_cidrs" {
  description = "Ranges from which the load balancer answers for the web application."
  type        = list(string)

  validation {
    condition     = length(var.http_allowed_cidrs) > 0 && alltrue([for cidr in var.http_allowed_cidrs : can(cidrhost(cidr, 0))])
    error_message = "http_allowed_cidrs are \"${join(", ", var.http_allowed_cidrs)}\"; needed is at least one range such as 0.0.0.0/0. Correct them in the inventory."
  }
}

variable "grafana_allowed_cidrs" {
  description = "Ranges from which the load balancer answers for Grafana, whose log-in everybody in them may try."
  type        = list(string)

  validation {
    condition     = length(var.grafana_allowed_cidrs) > 0 && alltrue([for cidr in var.grafana_allowed_cidrs : can(cidrhost(cidr, 0))])
    error_message = "grafana_allowed_cidrs are \"${join(", ", var.grafana_allowed_cidrs)}\"; needed is at least one range such as 198.51.100.1/32. Put your own addresses there, in the inventory (infrastructure_grafana_allowed_cidrs)."
  }
}

variable "ssh_public_key" {
  description = "Public half of the environment's ssh key."
  type        = string

  validation {
    condition     = can(regex("^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/=]+", var.ssh_public_key))
    error_message = "ssh_public_key begins with \"${substr(var.ssh_public_key, 0, 12)}\"; allowed is one line as ssh-keygen writes it to a .pub file (ssh-ed25519 AAAA…). Never give the private half."
  }
}

variable "node_instance_type" {
  description = "Instance type of the cluster's nodes."
  type        = string
}

variable "node_count" {
  description = "How many nodes: at least, at first, at most."
  type = object({
    min     = number
    desired = number
    max     = number
  })

  validation {
    condition     = var.node_count.min >= 1 && var.node_count.min <= var.node_count.desired && var.node_count.desired <= var.node_count.max
    error_message = "node_count is min ${var.node_count.min}, desired ${var.node_count.desired}, max ${var.node_count.max}; allowed is 1 <= min <= desired <= max. Correct it in the inventory."
  }
}

variable "ops_instance_type" {
  description = "Instance type of the ops host, the only way in by ssh."
  type        = string
}

variable "monitoring_instance_type" {
  description = "Instance type of the monitoring host."
  type        = string
}

variable "monitoring_private_ip" {
  description = "Fixed private address of the monitoring host: the cluster's agent writes to it, its certificate holds it."
  type        = string

  validation {
    condition     = anytrue([for cidr in var.private_subnets : try(cidrhost("${var.monitoring_private_ip}/${split("/", cidr)[1]}", 0) == cidrhost(cidr, 0), false)])
    error_message = "monitoring_private_ip is \"${var.monitoring_private_ip}\"; allowed is an address in one of the private subnets ${join(", ", var.private_subnets)}. Correct it in the inventory."
  }

  validation {
    condition     = !contains(flatten([for cidr in var.private_subnets : [for n in [0, 1, 2, 3, -1] : try(cidrhost(cidr, n), "")]]), var.monitoring_private_ip)
    error_message = "monitoring_private_ip is \"${var.monitoring_private_ip}\"; AWS keeps the first four addresses of a subnet and the last one. Choose another in the inventory."
  }
}

variable "state_bucket" {
  description = "Bucket of this module's own state, which the environment's roles read."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.state_bucket))
    error_message = "state_bucket is \"${var.state_bucket}\"; allowed is the name of a bucket: 3 to 63 lowercase letters, digits, dots and dashes. Correct it in the inventory (infrastructure_state_bucket)."
  }
}

variable "deployer_trusted_arns" {
  description = "Users and roles that may assume the deployer role, the one that administers the cluster."
  type        = list(string)

  # IAM keeps a principal by its id: one that it does not know is a MalformedPolicyDocument in the middle of an apply.
  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
  validation {
    condition     = length(var.deployer_trusted_arns) > 0 && alltrue([for arn in var.deployer_trusted_arns : can(regex("^arn:aws[a-z-]*:(iam::[0-9]{12}:((user|role)/[A-Za-z0-9_+=,.@/-]+|root)|sts::[0-9]{12}:assumed-role/.+)$", arn))])
    error_message = "deployer_trusted_arns are \"${join(", ", var.deployer_trusted_arns)}\"; needed is at least one ARN of a user or a role, such as arn:aws:iam::123456789012:role/operators. Correct it in the inventory (infrastructure_deployer_trusted_arns)."
  }

  validation {
    condition     = alltrue([for arn in var.deployer_trusted_arns : !strcontains(arn, ":assumed-role/")])
    error_message = "deployer_trusted_arns hold a session, ${join(", ", [for arn in var.deployer_trusted_arns : arn if strcontains(arn, ":assumed-role/")])}, which ends; allowed is the ARN of its role, with the role's path. `aws iam get-role --role-name NAME --query Role.Arn` prints it; put it into the inventory (infrastructure_deployer_trusted_arns)."
  }

  validation {
    condition     = alltrue([for arn in var.deployer_trusted_arns : !endswith(arn, ":root")])
    error_message = "deployer_trusted_arns hold an account's root, ${join(", ", [for arn in var.deployer_trusted_arns : arn if endswith(arn, ":root")])}, which AWS lets assume no role; allowed are users and roles. Make one of them, work as it, and put its ARN into the inventory (infrastructure_deployer_trusted_arns)."
  }
}

# ---------------------------------------------------------------------------------------------------------------------
# OPTIONAL: defaults fit most environments
# ---------------------------------------------------------------------------------------------------------------------

variable "kubernetes_version" {
  description = "Kubernetes minor version of the cluster."
  type        = string
  default     = "1.36"

  validation {
    condition     = can(regex("^1\\.[0-9]{2}$", var.kubernetes_version))
    error_message = "kubernetes_version is \"${var.kubernetes_version}\"; allowed is a minor version such as 1.36. Correct it in the inventory."
  }
}

# Playbook upgrade alone sets these two: it moves control plane, add-ons and nodes one after the other.
variable "addons_kubernetes_version" {
  description = "Kubernetes minor version whose add-ons the cluster has; empty, it is kubernetes_version."
  type        = string
  default     = ""

  validation {
    condition     = var.addons_kubernetes_version == "" || contains(keys(var.addon_versions), var.addons_kubernetes_version)
    error_message = "addons_kubernetes_version is \"${var.addons_kubernetes_version}\"; allowed are ${join(", ", keys(var.addon_versions))}, or nothing: then it is kubernetes_version."
  }
}

variable "nodes_kubernetes_version" {
  description = "Kubernetes minor version of the nodes, never newer than the control plane's; empty, it is kubernetes_version."
  type        = string
  default     = ""

  validation {
    condition     = var.nodes_kubernetes_version == "" || contains(keys(var.node_ami_release_versions), var.nodes_kubernetes_version)
    error_message = "nodes_kubernetes_version is \"${var.nodes_kubernetes_version}\"; allowed are ${join(", ", keys(var.node_ami_release_versions))}, or nothing: then it is kubernetes_version."
  }
}

variable "addon_versions" {
  description = "Version of each EKS add-on, by Kubernetes version. A newer one is a change of this line, and a plan."
  type        = map(map(string))
  # https://docs.aws.amazon.com/eks/latest/userguide/managing-coredns.html, managing-kube-proxy.html, managing-vpc-cni.html;
  # for all: aws eks describe-addon-versions --kubernetes-version 1.36 --addon-name NAME
  default = {
    "1.36" = {
      coredns                  = "v1.14.3-eksbuild.3"
      kube-proxy               = "v1.36.0-eksbuild.14"
      vpc-cni                  = "v1.22.1-eksbuild.2"
      metrics-server           = "v0.8.1-eksbuild.10"
      kube-state-metrics       = "v2.18.0-eksbuild.10"
      prometheus-node-exporter = "v1.10.2-eksbuild.8"
    }
    "1.35" = {
      coredns                  = "v1.14.3-eksbuild.3"
      kube-proxy               = "v1.35.3-eksbuild.13"
      vpc-cni                  = "v1.22.1-eksbuild.2"
      metrics-server           = "v0.8.1-eksbuild.10"
      kube-state-metrics       = "v2.18.0-eksbuild.10"
      prometheus-node-exporter = "v1.10.2-eksbuild.8"
    }
  }

  validation {
    condition     = contains(keys(var.addon_versions), var.kubernetes_version)
    error_message = "addon_versions has none for Kubernetes ${var.kubernetes_version}; there are some for ${join(", ", keys(var.addon_versions))}. Add those that `aws eks describe-addon-versions --kubernetes-version ${var.kubernetes_version}` names, or choose another kubernetes_version in the inventory."
  }
}

variable "node_ami_release_versions" {
  description = "Release of the nodes' AMI, by Kubernetes version. A newer one is a change of this line, and a plan that replaces one node after the other."
  type        = map(string)
  # https://github.com/awslabs/amazon-eks-ami/releases
  default = {
    "1.36" = "1.36.3-20260903"
    "1.35" = "1.35.4-20260512"
  }

  validation {
    condition     = alltrue([for version, release in var.node_ami_release_versions : can(regex("^[0-9.]+-[0-9]{8}$", release)) && startswith(release, "${version}.")])
    error_message = "node_ami_release_versions are ${join(", ", [for version, release in var.node_ami_release_versions : "${version}: ${release}"])}; allowed is for each version of Kubernetes a release of its AMI, such as 1.36.3-20260903 for 1.36. https://github.com/awslabs/amazon-eks-ami/releases names them."
  }

  validation {
    condition     = contains(keys(var.node_ami_release_versions), var.kubernetes_version)
    error_message = "node_ami_release_versions has none for Kubernetes ${var.kubernetes_version}; there are some for ${join(", ", keys(var.node_ami_release_versions))}. Add one that https://github.com/awslabs/amazon-eks-ami/releases names, or choose another kubernetes_version in the inventory."
  }
}

variable "require_tls" {
  description = "Whether the bucket of backups refuses plain HTTP; only an API without TLS needs false."
  type        = bool
  default     = true
}

variable "cluster_log_types" {
  description = "Logs of the control plane that are kept; all of them by the one word all."
  type        = list(string)
  default     = ["api", "audit", "authenticator"]

  validation {
    condition     = length(setsubtract(var.cluster_log_types, concat(local.cluster_log_types, ["all"]))) == 0
    error_message = "cluster_log_types are \"${join(", ", var.cluster_log_types)}\"; allowed are ${join(", ", local.cluster_log_types)}, or all. Correct them in the inventory (infrastructure_cluster_log_types)."
  }
}

variable "tags" {
  description = "Tags added to everything; Project and Environment are set already."
  type        = map(string)
  default     = {}
}

variable "single_nat_gateway" {
  description = "One NAT gateway for both zones: cheaper, but a zone's loss cuts the other zone's way out."
  type        = bool
  default     = false
}

variable "log_retention_days" {
  description = "How long the control plane's and the network's logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.log_retention_days)
    error_message = "log_retention_days is ${var.log_retention_days}; CloudWatch allows 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545 and 731. Choose one in the inventory."
  }
}

variable "monitoring_volume_gib" {
  description = "Size of the monitoring host's root volume, in GiB."
  type        = number
  default     = 50

  validation {
    condition     = var.monitoring_volume_gib >= 10 && var.monitoring_volume_gib <= 16384
    error_message = "monitoring_volume_gib is ${var.monitoring_volume_gib}; allowed are 10 to 16384. Correct it in the inventory."
  }
}

variable "monitoring_data_volume_gib" {
  description = "Size of the volume of its own that metrics, dashboards and silences are on, in GiB. It can grow, and never shrinks."
  type        = number
  default     = 50

  validation {
    condition     = var.monitoring_data_volume_gib >= 10 && var.monitoring_data_volume_gib <= 16384
    error_message = "monitoring_data_volume_gib is ${var.monitoring_data_volume_gib}; allowed are 10 to 16384. Correct it in the inventory."
  }
}
