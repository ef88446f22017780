// kubestate serves the kube-state-metrics series that alerts and dashboards commonly use, under their usual names.
// kube-state-metrics itself can't be had from the Go module proxy. Go, for client-go's informers at a few MiB.
package main

import (
	"context"
	"errors"
	"log"
	"net/http"
	"os/signal"
	"syscall"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

const address = ":8080"

func main() {
	config, err := rest.InClusterConfig()
	if err != nil {
		log.Fatalf("kubestate runs in a pod: %v", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	factory := informers.NewSharedInformerFactory(kubernetes.NewForConfigOrDie(config), 0)
	current := follow(factory)
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())

	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		picture := current()
		if err := picture.write(w); err != nil {
			log.Printf("a scrape ended early: %v", err)
		}
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(end)
	}()
	log.Printf("serving kube-state series on %s (a stand-in for kube-state-metrics)", address)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
}

// follow asks the factory for all that the series need, and returns how to take a picture of it.
func follow(factory informers.SharedInformerFactory) func() state {
	pods, nodes := factory.Core().V1().Pods().Informer(), factory.Core().V1().Nodes().Informer()
	apps := factory.Apps().V1()
	deployments, daemonSets := apps.Deployments().Informer(), apps.DaemonSets().Informer()
	statefulSets := apps.StatefulSets().Informer()
	return func() state {
		return state{
			pods:         all[*corev1.Pod](pods),
			nodes:        all[*corev1.Node](nodes),
			deployments:  all[*appsv1.Deployment](deployments),
			daemonSets:   all[*appsv1.DaemonSet](daemonSets),
			statefulSets: all[*appsv1.StatefulSet](statefulSets),
		}
	}
}

func all[T any](informer cache.SharedIndexInformer) []T {
	var found []T
	for _, item := range informer.GetStore().List() {
		if typed, ok := item.(T); ok {
			found = append(found, typed)
		}
	}
	return found
}
