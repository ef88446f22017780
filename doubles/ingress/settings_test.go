package main

import (
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
)

// rendered is nginx's configuration for an Ingress without a host and one with, under some keys of the ConfigMap.
func rendered(t *testing.T, data map[string]string) string {
	t.Helper()
	settings, err := ReadSettings(data)
	if err != nil {
		t.Fatal(err)
	}
	o := options(t, "-allow-empty-ingress-host=true", "-health-status", "-default-http-listener-port=8000", "-default-https-listener-port=8443")
	site := Model(cluster(
		ingress("one", 2, "", path("/gandalf", networkingv1.PathTypeExact, "http")),
		ingress("two", 1, "shop.example", path("/", networkingv1.PathTypePrefix, "http"))), o)
	text, err := Render(site, settings, o)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestAnIngressWithoutHostRedirectsToHTTPSUntilItIsToldNotTo(t *testing.T) {
	redirect := "if ($scheme = http) { return 301 https://$host:8443$request_uri; }"
	if text := rendered(t, nil); strings.Count(text, redirect) != 1 {
		t.Errorf("expected one redirect, that of the server without a host:\n%s", text)
	}
	if text := rendered(t, map[string]string{"ssl-redirect": "False"}); strings.Contains(text, "return 301") {
		t.Errorf("ssl-redirect is False:\n%s", text)
	}
}

func TestCallersComeByPROXYProtocolWhereTheConfigMapSaysSo(t *testing.T) {
	text := rendered(t, map[string]string{
		"proxy-protocol": "True", "real-ip-header": "proxy_protocol", "set-real-ip-from": "10.42.0.0/16, 10.43.0.1", "real-ip-recursive": "True",
	})
	for wanted, times := range map[string]int{
		"listen 8000 default_server proxy_protocol;": 1, "listen [::]:8443 ssl default_server proxy_protocol;": 1,
		"listen 8000 proxy_protocol;": 1, "set_real_ip_from 10.42.0.0/16;": 2, "set_real_ip_from 10.43.0.1;": 2,
		"real_ip_header proxy_protocol;": 2, "real_ip_recursive on;": 2,
	} {
		if strings.Count(text, wanted) != times {
			t.Errorf("expected %d of %q in:\n%s", times, wanted, text)
		}
	}
	if text := rendered(t, nil); strings.Contains(text, "proxy_protocol;") || strings.Contains(text, "real_ip") {
		t.Errorf("nobody asked for PROXY protocol:\n%s", text)
	}
}

func TestSnippetsStandWhereF5PutsThem(t *testing.T) {
	text := rendered(t, map[string]string{
		"http-snippets":     "client_header_timeout 10s;\nclient_body_timeout 10s;",
		"server-snippets":   "limit_conn callers 5;",
		"location-snippets": "limit_req zone=callers;",
	})
	beforeServers, servers, _ := strings.Cut(text, "server {")
	if !strings.Contains(beforeServers, "client_header_timeout 10s;\n  client_body_timeout 10s;") {
		t.Errorf("http-snippets:\n%s", beforeServers)
	}
	// gandalf; / of the other host
	if strings.Count(servers, "limit_conn callers 5;") != 2 || strings.Count(servers, "limit_req zone=callers;") != 2 {
		t.Errorf("server-snippets, location-snippets:\n%s", servers)
	}
	bare, err := Render(Site{}, Settings{ServerSnippets: []string{"limit_conn callers 5;"}}, options(t))
	if err != nil || strings.Contains(bare, "limit_conn") {
		t.Errorf("the default server isn't an Ingress's: %v\n%s", err, bare)
	}
}

func TestAccessLogBeginsWithTheCaller(t *testing.T) {
	text := rendered(t, nil)
	if !strings.Contains(text, "log_format main '$remote_addr - ") || !strings.Contains(text, "access_log /dev/stdout main;") {
		t.Errorf("log:\n%s", text)
	}
}

func TestWrongValuesAreRefusedWithKeyAndValue(t *testing.T) {
	for key, value := range map[string]string{
		"ssl-redirect": "off", "proxy-protocol": "yes", "set-real-ip-from": "10.42.0.0/16,nowhere",
		"keepalive-timeout": "soon", "real-ip-header": "a b", "client-header-timeout": "10s", "limit-req-rate": "5r/s",
	} {
		_, err := ReadSettings(map[string]string{key: value})
		if err == nil || !strings.Contains(err.Error(), "ConfigMap key "+key) {
			t.Errorf("%s=%s: %v", key, value, err)
		}
	}
}
