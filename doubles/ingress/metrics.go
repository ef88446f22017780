package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Metrics counts what F5's controller counts, under the same names.
type Metrics struct {
	mutex      sync.Mutex
	class      string
	reloads    int
	errors     int
	lastOK     bool
	lastMillis int64
	served     int
	bare       bool // serves, but no Ingress
}

// Reloaded notes one reload and how long it took.
func (m *Metrics) Reloaded(err error, took time.Duration, served int) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.lastOK, m.lastMillis = err == nil, took.Milliseconds()
	if err != nil {
		m.errors++
		return
	}
	m.reloads++
	m.served = served
}

// Bare notes whether nginx serves without the Ingresses, which it refused.
func (m *Metrics) Bare(serves bool) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.bare = serves
}

// Ready tells whether nginx serves a configuration.
func (m *Metrics) Ready() bool {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.reloads > 0 || m.bare
}

var statusForm = regexp.MustCompile(
	`Active connections: (\d+)\s+server accepts handled requests\s+(\d+) (\d+) (\d+)\s+Reading: (\d+) Writing: (\d+) Waiting: (\d+)`)

// Text writes all series; nginx's own are missing while nginx doesn't answer.
func (m *Metrics) Text(status string) string {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	var out strings.Builder
	write := func(name, kind, labels string, value int64) {
		if labels != "" {
			labels = "," + labels
		}
		fmt.Fprintf(&out, "# TYPE %s %s\n%s{class=%q%s} %d\n", name, kind, name, m.class, labels, value)
	}
	ok := map[bool]int64{true: 1, false: 0}
	write("nginx_ingress_controller_nginx_reloads_total", "counter", `reason="other"`, int64(m.reloads))
	write("nginx_ingress_controller_nginx_reload_errors_total", "counter", "", int64(m.errors))
	write("nginx_ingress_controller_nginx_last_reload_status", "gauge", "", ok[m.lastOK])
	write("nginx_ingress_controller_nginx_last_reload_milliseconds", "gauge", "", m.lastMillis)
	write("nginx_ingress_controller_ingress_resources_total", "gauge", `type="regular"`, int64(m.served))
	write("nginx_ingress_controller_double", "gauge", "", 1)
	found := statusForm.FindStringSubmatch(status)
	write("nginx_ingress_nginx_up", "gauge", "", ok[found != nil])
	if found == nil {
		return out.String()
	}
	names := []struct{ name, kind string }{
		{"connections_active", "gauge"}, {"connections_accepted", "counter"}, {"connections_handled", "counter"},
		{"http_requests_total", "counter"}, {"connections_reading", "gauge"}, {"connections_writing", "gauge"},
		{"connections_waiting", "gauge"},
	}
	for i, series := range names {
		value, err := strconv.ParseInt(found[i+1], 10, 64)
		if err == nil {
			write("nginx_ingress_nginx_"+series.name, series.kind, "", value)
		}
	}
	return out.String()
}

// handler answers /metrics.
func (m *Metrics) handler(answer http.ResponseWriter, request *http.Request) {
	status, err := Status(request.Context())
	if err != nil {
		log.Printf("nginx's counters can't be read: %v", err)
	}
	answer.Header().Set("Content-Type", "text/plain; version=0.0.4")
	fmt.Fprint(answer, m.Text(status))
}

// ready answers /nginx-ready.
func (m *Metrics) ready(answer http.ResponseWriter, _ *http.Request) {
	if !m.Ready() {
		http.Error(answer, "nginx has no configuration yet (double of NGINX Ingress Controller)", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(answer, "Ready (double of NGINX Ingress Controller)")
}

// listen serves one path on a port of its own until the context ends.
func listen(ctx context.Context, port int, path string, handler http.HandlerFunc, failed chan<- error) {
	mux := http.NewServeMux()
	mux.HandleFunc(path, handler)
	server := &http.Server{Addr: fmt.Sprintf(":%d", port), Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { failed <- server.ListenAndServe() }()
	go func() { <-ctx.Done(); server.Close() }()
}
