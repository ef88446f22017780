package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// Options are the arguments of F5's controller that the double carries out. Its defaults are F5's.
type Options struct {
	Class           string
	ConfigMap       string // namespace/name, empty: none
	WatchNamespaces []string
	HTTPPort        int
	HTTPSPort       int
	AllowEmptyHost  bool
	ReadyStatus     bool
	ReadyStatusPort int
	HealthStatus    bool
	HealthStatusURI string
	NginxStatus     bool
	NginxStatusPort int
	Metrics         bool
	MetricsPort     int
	ReloadTimeout   int // milliseconds
	DisableIPv6     bool
	Version         bool
}

// Switches of F5's controller that the double knows only as false: what they turn on isn't there.
var onlyFalse = []string{
	"enable-app-protect", "enable-cert-manager", "enable-config-safety", "enable-custom-resources", "enable-external-dns",
	"enable-internal-routes", "enable-leader-election", "enable-oidc", "enable-service-insight", "enable-snippets",
	"enable-telemetry-reporting", "enable-tls-passthrough", "enable-latency-metrics", "nginx-debug", "nginx-plus",
	"report-ingress-status", "spire-agent-address", "ssl-dynamic-reload", "weight-changes-dynamic-reload",
}

// Parse reads the arguments; one that the double doesn't carry out is an error, never ignored.
func Parse(arguments []string, output io.Writer) (Options, error) {
	var o Options
	var namespaces, secrets, level, format string
	set := flag.NewFlagSet("nginx-ingress (double)", flag.ContinueOnError)
	set.SetOutput(output)
	set.StringVar(&o.Class, "ingress-class", "nginx", "IngressClass whose Ingresses are served")
	set.StringVar(&o.ConfigMap, "nginx-configmaps", "", "namespace/name of the ConfigMap with settings")
	set.StringVar(&namespaces, "watch-namespace", "", "comma-separated namespaces, empty: all")
	set.StringVar(&secrets, "watch-secret-namespace", "", "accepted: without TLS no secret is read")
	set.IntVar(&o.HTTPPort, "default-http-listener-port", 80, "port of HTTP")
	set.IntVar(&o.HTTPSPort, "default-https-listener-port", 443, "port of HTTPS: every handshake is refused")
	set.BoolVar(&o.AllowEmptyHost, "allow-empty-ingress-host", false, "serve rules without a host for every host")
	set.BoolVar(&o.ReadyStatus, "ready-status", true, "answer /nginx-ready")
	set.IntVar(&o.ReadyStatusPort, "ready-status-port", 8081, "port of /nginx-ready")
	set.BoolVar(&o.HealthStatus, "health-status", false, "answer the health address on the HTTP port")
	set.StringVar(&o.HealthStatusURI, "health-status-uri", "/nginx-health", "path of the health address")
	set.BoolVar(&o.NginxStatus, "nginx-status", true, "nginx's own counters on localhost")
	set.IntVar(&o.NginxStatusPort, "nginx-status-port", 8080, "port of nginx's own counters")
	set.BoolVar(&o.Metrics, "enable-prometheus-metrics", false, "answer /metrics")
	set.IntVar(&o.MetricsPort, "prometheus-metrics-listen-port", 9113, "port of /metrics")
	set.IntVar(&o.ReloadTimeout, "nginx-reload-timeout", 60000, "milliseconds for a start or reload")
	set.BoolVar(&o.DisableIPv6, "disable-ipv6", false, "listen on IPv4 only")
	set.BoolVar(&o.Version, "version", false, "print the version and end")
	set.StringVar(&level, "log-level", "info", "accepted: the double has one level")
	set.StringVar(&format, "log-format", "glog", "accepted: the double has one format")
	refused := map[string]*bool{}
	for _, name := range onlyFalse {
		refused[name] = set.Bool(name, false, "not in the double: false only")
	}
	if err := set.Parse(arguments); err != nil {
		return o, err
	}
	if rest := set.Args(); len(rest) > 0 {
		return o, fmt.Errorf("unexpected argument %q: arguments look like -name=value", rest[0])
	}
	for _, name := range onlyFalse {
		if *refused[name] {
			return o, fmt.Errorf("-%s: this double of NGINX Ingress Controller doesn't implement it: use false, or the real controller", name)
		}
	}
	if namespaces != "" {
		o.WatchNamespaces = strings.Split(namespaces, ",")
	}
	return o, o.check()
}

func (o Options) check() error {
	if o.ConfigMap != "" && strings.Count(o.ConfigMap, "/") != 1 {
		return fmt.Errorf("-nginx-configmaps=%s: expected namespace/name", o.ConfigMap)
	}
	if !strings.HasPrefix(o.HealthStatusURI, "/") {
		return fmt.Errorf("-health-status-uri=%s: expected a path that begins with /", o.HealthStatusURI)
	}
	if o.Class == "" {
		return errors.New("-ingress-class: expected the name of an IngressClass")
	}
	names := map[string]int{
		"default-http-listener-port": o.HTTPPort, "default-https-listener-port": o.HTTPSPort,
		"ready-status-port": o.ReadyStatusPort, "nginx-status-port": o.NginxStatusPort,
		"prometheus-metrics-listen-port": o.MetricsPort,
	}
	for name, port := range names {
		if port < 1 || port > 65535 {
			return fmt.Errorf("-%s=%d: expected a port from 1 to 65535", name, port)
		}
	}
	return nil
}
