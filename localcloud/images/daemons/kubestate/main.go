// kubestate serves the kube-state-metrics series that Beacon's rules and dashboards use, under their usual names.
// kube-state-metrics itself can't be had from the Go module proxy. Go, for client-go's informers at a few MiB.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os/signal"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

const address = ":8080"

func main() {
	if err := serve(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
}

func serve() error {
	config, err := rest.InClusterConfig()
	if err != nil {
		return fmt.Errorf("kubestate runs in a pod: %w", err)
	}
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	factory := informers.NewSharedInformerFactory(clients, 0)
	registry := prometheus.NewRegistry()
	core := factory.Core().V1()
	registry.MustRegister(&state{
		pods: core.Pods().Lister(), nodes: core.Nodes().Lister(), deployments: factory.Apps().V1().Deployments().Lister(),
	})
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())

	http.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorLog: log.Default()}))
	http.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	server := &http.Server{Addr: address, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(end)
	}()
	log.Printf("serving kube-state series on %s (a stand-in for kube-state-metrics)", address)
	return server.ListenAndServe()
}
