module beacon.platform/mirror/go/ecr-credential-provider

go 1.26.0

require k8s.io/cloud-provider-aws v1.37.0 // indirect
