# How the ranges lie to each other: Terraform has no functions for that, and a variable's validation can't ask for more
# than the variables before it.

locals {
  subnets = concat(var.public_subnets, var.private_subnets)

  # A range lies in another one when, cut to the other's prefix length, it begins at the same address.
  subnets_outside_vpc = [
    for cidr in local.subnets : cidr
    if split("/", cidr)[1] < split("/", var.vpc_cidr)[1]
    || cidrhost("${split("/", cidr)[0]}/${split("/", var.vpc_cidr)[1]}", 0) != cidrhost(var.vpc_cidr, 0)
  ]

  subnet_pairs = flatten([
    for i, one in local.subnets : [
      for other in slice(local.subnets, i + 1, length(local.subnets)) : {
        one      = one
        other    = other
        shortest = min(split("/", one)[1], split("/", other)[1])
      }
    ]
  ])

  overlapping_subnets = [
    for pair in local.subnet_pairs : "${pair.one} and ${pair.other}"
    if cidrhost("${split("/", pair.one)[0]}/${pair.shortest}", 0) == cidrhost("${split("/", pair.other)[0]}/${pair.shortest}", 0)
  ]

  # Which of the private subnets holds the monitoring host's address.
  monitoring_subnet = one([
    for i, cidr in var.private_subnets : i
    if cidrhost("${var.monitoring_private_ip}/${split("/", cidr)[1]}", 0) == cidrhost(cidr, 0)
  ])
}

# Makes nothing: it fails the plan before anything is changed.
resource "terraform_data" "ranges" {
  lifecycle {
    precondition {
      condition     = length(local.subnets_outside_vpc) == 0
      error_message = "Outside of the VPC's range ${var.vpc_cidr}: ${join(", ", local.subnets_outside_vpc)}; subnets must lie in it. Correct public_subnets, private_subnets or vpc_cidr in the inventory."
    }

    precondition {
      condition     = length(local.overlapping_subnets) == 0
      error_message = "Subnets overlap: ${join("; ", local.overlapping_subnets)}; each needs a range of its own. Correct public_subnets or private_subnets in the inventory."
    }
  }
}
