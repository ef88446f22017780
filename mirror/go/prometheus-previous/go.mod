module beacon.platform/mirror/go/prometheus-previous

go 1.26.0

require github.com/prometheus/prometheus v0.313.4 // indirect
