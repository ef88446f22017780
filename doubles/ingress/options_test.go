package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestArgumentsOfTheRealControllerAreTaken(t *testing.T) {
	o, err := Parse([]string{
		"-nginx-configmaps=ingress/ingress", "-ingress-class=nginx", "-watch-secret-namespace=ingress",
		"-default-http-listener-port=8000", "-default-https-listener-port=8443", "-allow-empty-ingress-host=true",
		"-enable-custom-resources=false", "-enable-leader-election=false", "-enable-telemetry-reporting=false",
		"-enable-prometheus-metrics=true", "-prometheus-metrics-listen-port=9113", "-ready-status=true",
		"-ready-status-port=8081", "-health-status=true",
	}, io.Discard)
	if err != nil || o.HTTPPort != 8000 || !o.AllowEmptyHost || o.ConfigMap != "ingress/ingress" {
		t.Errorf("%v: %+v", err, o)
	}
}

func TestWrongArgumentsAreRefusedByName(t *testing.T) {
	cases := map[string]string{
		"-no-such-thing":                  "-no-such-thing",
		"-enable-custom-resources=true":   "-enable-custom-resources",
		"-nginx-configmaps=ingress":       "expected namespace/name",
		"-default-http-listener-port=0":   "expected a port from 1 to 65535",
		"-health-status-uri=nginx-health": "begins with /",
		"stray":                           `unexpected argument "stray"`,
	}
	for argument, wanted := range cases {
		if _, err := Parse([]string{argument}, io.Discard); err == nil || !strings.Contains(err.Error(), wanted) {
			t.Errorf("%s: %v", argument, err)
		}
	}
}

func TestSettingsAreReadAndUnknownKeysRefused(t *testing.T) {
	s, err := ReadSettings(map[string]string{"server-tokens": "False", "worker-shutdown-timeout": "20s"})
	if err != nil || s.ServerTokens || s.WorkerShutdownTimeout != "20s" {
		t.Errorf("%v: %+v", err, s)
	}
	for key, value := range map[string]string{"http2": "True", "keepalive": "1; return 200", "server-tokens": "off"} {
		if _, err := ReadSettings(map[string]string{key: value}); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func TestMetricsHaveF5sNames(t *testing.T) {
	m := &Metrics{class: "nginx", status: func(context.Context) (string, error) {
		return "Active connections: 3 \nserver accepts handled requests\n 16 15 31 \nReading: 0 Writing: 1 Waiting: 2 \n", nil
	}}
	m.Reloaded(nil, 1500000, 2)
	wanted := `
# HELP nginx_ingress_controller_ingress_resources_total Number of handled ingress resources
# TYPE nginx_ingress_controller_ingress_resources_total gauge
nginx_ingress_controller_ingress_resources_total{class="nginx",type="regular"} 2
# HELP nginx_ingress_controller_nginx_reloads_total Number of successful NGINX reloads
# TYPE nginx_ingress_controller_nginx_reloads_total counter
nginx_ingress_controller_nginx_reloads_total{class="nginx",reason="other"} 1
# HELP nginx_ingress_nginx_connections_waiting Idle client connections
# TYPE nginx_ingress_nginx_connections_waiting gauge
nginx_ingress_nginx_connections_waiting{class="nginx"} 2
# HELP nginx_ingress_nginx_http_requests_total Total http requests
# TYPE nginx_ingress_nginx_http_requests_total counter
nginx_ingress_nginx_http_requests_total{class="nginx"} 31
`
	names := []string{
		"nginx_ingress_controller_ingress_resources_total", "nginx_ingress_controller_nginx_reloads_total",
		"nginx_ingress_nginx_connections_waiting", "nginx_ingress_nginx_http_requests_total",
	}
	if err := testutil.CollectAndCompare(m, strings.NewReader(wanted), names...); err != nil {
		t.Error(err)
	}
}

func TestNginxsOwnMetricsAreMissingWhileItDoesNotAnswer(t *testing.T) {
	m := &Metrics{class: "nginx", status: func(context.Context) (string, error) { return "", errors.New("away") }}
	if count := testutil.CollectAndCount(m, "nginx_ingress_nginx_http_requests_total", "nginx_ingress_nginx_up"); count != 1 {
		t.Errorf("expected nginx_ingress_nginx_up alone, got %d series", count)
	}
}
