package main

import (
	"io"
	"strings"
	"testing"
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
	m := &Metrics{class: "nginx"}
	m.Reloaded(nil, 1500000, 2)
	text := m.Text("Active connections: 3 \nserver accepts handled requests\n 16 15 31 \nReading: 0 Writing: 1 Waiting: 2 \n")
	for _, wanted := range []string{
		`nginx_ingress_controller_nginx_reloads_total{class="nginx",reason="other"} 1`,
		`nginx_ingress_controller_ingress_resources_total{class="nginx",type="regular"} 2`,
		`nginx_ingress_nginx_http_requests_total{class="nginx"} 31`,
		`nginx_ingress_nginx_connections_waiting{class="nginx"} 2`,
	} {
		if !strings.Contains(text, wanted) {
			t.Errorf("no %s in:\n%s", wanted, text)
		}
	}
}
