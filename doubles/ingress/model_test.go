package main

import (
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func ptr[T any](value T) *T { return &value }

func ingress(name string, age int, host string, paths ...networkingv1.HTTPIngressPath) *networkingv1.Ingress {
	created := metav1.NewTime(time.Unix(int64(1000000-age), 0))
	rule := networkingv1.IngressRule{Host: host}
	rule.HTTP = &networkingv1.HTTPIngressRuleValue{Paths: paths}
	return &networkingv1.Ingress{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "webapp", CreationTimestamp: created},
		Spec:       networkingv1.IngressSpec{IngressClassName: ptr("nginx"), Rules: []networkingv1.IngressRule{rule}},
	}
}

func path(value string, kind networkingv1.PathType, port string) networkingv1.HTTPIngressPath {
	backend := &networkingv1.IngressServiceBackend{Name: "webapp", Port: networkingv1.ServiceBackendPort{Name: port}}
	return networkingv1.HTTPIngressPath{
		Path: value, PathType: ptr(kind), Backend: networkingv1.IngressBackend{Service: backend},
	}
}

func cluster(ingresses ...*networkingv1.Ingress) Cluster {
	ready, notReady := discoveryv1.EndpointConditions{Ready: ptr(true)}, discoveryv1.EndpointConditions{Ready: ptr(false)}
	slice := &discoveryv1.EndpointSlice{
		Ports: []discoveryv1.EndpointPort{{Name: ptr("http"), Port: ptr(int32(8080))}, {Name: ptr("http-metrics"), Port: ptr(int32(9090))}},
		Endpoints: []discoveryv1.Endpoint{
			{Addresses: []string{"10.244.1.2"}, Conditions: ready},
			{Addresses: []string{"10.244.0.2"}, Conditions: ready},
			{Addresses: []string{"10.244.0.9"}, Conditions: notReady},
		},
	}
	service := &corev1.Service{Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "http", Port: 80}}}}
	return Cluster{
		Ingresses: ingresses,
		Services:  map[string]*corev1.Service{"webapp/webapp": service},
		Slices:    map[string][]*discoveryv1.EndpointSlice{"webapp/webapp": {slice}},
	}
}

func options(t *testing.T, arguments ...string) Options {
	t.Helper()
	o, err := Parse(arguments, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func reasons(site Site) string {
	found := []string{}
	for _, rejection := range site.Rejected {
		found = append(found, rejection.Reason)
	}
	return strings.Join(found, "\n")
}

func TestUpstreamsAreTheReadyPodsOfTheNamedPort(t *testing.T) {
	site := Model(cluster(ingress("one", 1, "shop.example", path("/gandalf", networkingv1.PathTypeExact, "http"))), options(t))
	if got := strings.Join(site.Upstreams[0].Addresses, " "); got != "10.244.0.2:8080 10.244.1.2:8080" {
		t.Errorf("addresses: %s", got)
	}
}

func TestExactPathIsOneLocationAndPrefixEndsAtASlash(t *testing.T) {
	site := Model(cluster(ingress("one", 1, "shop.example",
		path("/exact", networkingv1.PathTypeExact, "http"), path("/pre", networkingv1.PathTypePrefix, "http"))), options(t))
	text, err := Render(site, DefaultSettings(), options(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, wanted := range []string{`location = "/exact" {`, `location = "/pre" {`, `location "/pre/" {`, "location / { return 404; }"} {
		if !strings.Contains(text, wanted) {
			t.Errorf("no %s in:\n%s", wanted, text)
		}
	}
	if strings.Contains(text, `location "/exact/"`) || strings.Contains(text, `location "/pre" `) {
		t.Errorf("a path matches more than it should:\n%s", text)
	}
}

func TestOldestIngressOwnsItsHost(t *testing.T) {
	site := Model(cluster(
		ingress("young", 1, "shop.example", path("/b", networkingv1.PathTypeExact, "http")),
		ingress("old", 9, "shop.example", path("/a", networkingv1.PathTypeExact, "http"))), options(t))
	if site.Servers[0].Locations[0].Path != "/a" || len(site.Ingresses) != 1 {
		t.Errorf("served: %+v", site)
	}
	if !strings.Contains(reasons(site), "taken by the older webapp/old") {
		t.Errorf("refused: %v", reasons(site))
	}
}

func TestWhatTheDoubleCannotDoIsRefusedWithItsReason(t *testing.T) {
	with := func(change func(*networkingv1.Ingress)) *networkingv1.Ingress {
		made := ingress("one", 1, "shop.example", path("/a", networkingv1.PathTypeExact, "http"))
		change(made)
		return made
	}
	cases := map[string]*networkingv1.Ingress{
		"TLS isn't implemented": with(func(i *networkingv1.Ingress) { i.Spec.TLS = []networkingv1.IngressTLS{{}} }),
		"annotation nginx.org/rewrites isn't": with(func(i *networkingv1.Ingress) {
			i.Annotations = map[string]string{"nginx.org/rewrites": "x"}
		}),
		"-allow-empty-ingress-host is false": with(func(i *networkingv1.Ingress) { i.Spec.Rules[0].Host = "" }),
		"a character that the double refuses": with(func(i *networkingv1.Ingress) {
			i.Spec.Rules[0].HTTP.Paths[0].Path = `/a" { return 200; }`
		}),
	}
	for reason, made := range cases {
		site := Model(cluster(made), options(t))
		if len(site.Servers) != 0 || !strings.Contains(reasons(site), reason) {
			t.Errorf("expected %q, got %v", reason, reasons(site))
		}
	}
}

func TestOtherClassesAreNotServed(t *testing.T) {
	made := ingress("one", 1, "shop.example", path("/a", networkingv1.PathTypeExact, "http"))
	made.Spec.IngressClassName = ptr("other")
	if site := Model(cluster(made), options(t)); len(site.Servers) != 0 || len(reasons(site)) != 0 {
		t.Errorf("served: %+v", site)
	}
}

func TestEmptyHostAnswersForEveryHostAndIsTheOnlyDefaultServer(t *testing.T) {
	o := options(t, "-allow-empty-ingress-host=true", "-health-status", "-default-http-listener-port=8000")
	site := Model(cluster(ingress("one", 1, "", path("/gandalf", networkingv1.PathTypeExact, "http"))), o)
	text, err := Render(site, DefaultSettings(), o)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(text, "listen 8000 default_server;") != 1 || !strings.Contains(text, `location = "/gandalf"`) {
		t.Errorf("default server:\n%s", text)
	}
	if !strings.Contains(text, "location /nginx-health") {
		t.Errorf("no health answer:\n%s", text)
	}
}

func TestServiceWithoutReadyPodsAnswers502(t *testing.T) {
	empty := cluster(ingress("one", 1, "shop.example", path("/a", networkingv1.PathTypeExact, "nope")))
	text, err := Render(Model(empty, options(t)), DefaultSettings(), options(t))
	if err != nil || !strings.Contains(text, "server unix:"+noPodsSocket) {
		t.Errorf("%v:\n%s", err, text)
	}
}

// With INGRESS_EXAMPLE set it writes a configuration for `nginx -t` in the image.
func TestWriteExample(t *testing.T) {
	file := os.Getenv("INGRESS_EXAMPLE")
	if file == "" {
		t.Skip("INGRESS_EXAMPLE is not set")
	}
	o := options(t, "-allow-empty-ingress-host=true", "-health-status", "-default-http-listener-port=8000", "-default-https-listener-port=8443", "-nginx-status-port=8079")
	settings, err := ReadSettings(map[string]string{"server-tokens": "False", "worker-shutdown-timeout": "20s", "keepalive": "16", "proxy-protocol": "True", "real-ip-header": "proxy_protocol", "set-real-ip-from": "10.42.0.0/16", "http-snippets": "client_header_timeout 10s;\nlimit_conn_zone $binary_remote_addr zone=callers:1m;", "server-snippets": "limit_conn callers 5;"})
	if err != nil {
		t.Fatal(err)
	}
	site := Model(cluster(ingress("one", 1, "", path("/gandalf", networkingv1.PathTypeExact, "http")),
		ingress("two", 1, "shop.example", path("/", networkingv1.PathTypePrefix, "nope"))), o)
	text, err := Render(site, settings, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
