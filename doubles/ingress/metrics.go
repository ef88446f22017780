package main

import (
	"context"
	"fmt"
	"log"
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics counts what F5's controller counts, under the same names.
type Metrics struct {
	mutex      sync.Mutex
	class      string
	status     func(context.Context) (string, error) // what nginx says of itself
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

// statusSeries are nginx's own counters, in the order of statusForm.
var statusSeries = []struct {
	name string
	kind prometheus.ValueType
	help string
}{
	{"connections_active", prometheus.GaugeValue, "Active client connections"},
	{"connections_accepted", prometheus.CounterValue, "Accepted client connections"},
	{"connections_handled", prometheus.CounterValue, "Handled client connections"},
	{"http_requests_total", prometheus.CounterValue, "Total http requests"},
	{"connections_reading", prometheus.GaugeValue, "Connections where NGINX is reading the request header"},
	{"connections_writing", prometheus.GaugeValue, "Connections where NGINX is writing the response back to the client"},
	{"connections_waiting", prometheus.GaugeValue, "Idle client connections"},
}

// Describe sends nothing: which series there are depends on what nginx answers.
func (m *Metrics) Describe(chan<- *prometheus.Desc) {}

// Collect sends all series; nginx's own are missing while nginx doesn't answer.
func (m *Metrics) Collect(out chan<- prometheus.Metric) {
	status, err := m.status(context.Background())
	if err != nil {
		log.Printf("nginx's counters can't be read: %v", err)
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	send := func(name, help string, kind prometheus.ValueType, value float64, more prometheus.Labels) {
		labels := prometheus.Labels{"class": m.class}
		maps.Copy(labels, more)
		out <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, nil, labels), kind, value)
	}
	truth := map[bool]float64{true: 1}
	controller := "nginx_ingress_controller_"
	send(controller+"nginx_reloads_total", "Number of successful NGINX reloads", prometheus.CounterValue,
		float64(m.reloads), prometheus.Labels{"reason": "other"})
	send(controller+"nginx_reload_errors_total", "Number of unsuccessful NGINX reloads", prometheus.CounterValue, float64(m.errors), nil)
	send(controller+"nginx_last_reload_status", "Status of the last NGINX reload", prometheus.GaugeValue, truth[m.lastOK], nil)
	send(controller+"nginx_last_reload_milliseconds", "Duration in milliseconds of the last NGINX reload", prometheus.GaugeValue,
		float64(m.lastMillis), nil)
	send(controller+"ingress_resources_total", "Number of handled ingress resources", prometheus.GaugeValue,
		float64(m.served), prometheus.Labels{"type": "regular"})
	send(controller+"double", "This is a double of NGINX Ingress Controller", prometheus.GaugeValue, 1, nil)
	found := statusForm.FindStringSubmatch(status)
	send("nginx_ingress_nginx_up", "Status of the last metric scrape", prometheus.GaugeValue, truth[found != nil], nil)
	for i, series := range statusSeries {
		if found == nil {
			break
		}
		if value, err := strconv.ParseFloat(found[i+1], 64); err == nil {
			send("nginx_ingress_nginx_"+series.name, series.help, series.kind, value, nil)
		}
	}
}

// handler answers /metrics.
func (m *Metrics) handler() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(m)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorLog: log.Default()})
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
func listen(ctx context.Context, port int, path string, handler http.Handler, failed chan<- error) {
	mux := http.NewServeMux()
	mux.Handle(path, handler)
	server := &http.Server{Addr: fmt.Sprintf(":%d", port), Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { failed <- server.ListenAndServe() }()
	go func() { <-ctx.Done(); server.Close() }()
}
