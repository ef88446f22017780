// A double of F5's NGINX Ingress Controller for machines that can't reach its image: the real nginx (Debian's), and a
// controller that takes the same arguments, class, ConfigMap, ports and paths, and serves plain HTTP Ingresses.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/record"
)

const name = "double of NGINX Ingress Controller " + version + " (Beacon)"

func main() {
	options, err := Parse(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		log.Fatalf("%s: %v", name, err)
	}
	if options.Version {
		fmt.Println(name)
		return
	}
	log.Printf("this is a %s: plain HTTP Ingresses only", name)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, options); err != nil {
		log.Fatalf("%s: %v", name, err)
	}
}

func run(ctx context.Context, options Options) error {
	config, err := rest.InClusterConfig()
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	watch, err := NewWatch(client, options)
	if err != nil {
		return err
	}
	metrics := &Metrics{class: options.Class, status: Status}
	failed := make(chan error, 2)
	if options.ReadyStatus {
		listen(ctx, options.ReadyStatusPort, "/nginx-ready", http.HandlerFunc(metrics.ready), failed)
	}
	if options.Metrics {
		listen(ctx, options.MetricsPort, "/metrics", metrics.handler(), failed)
	}
	nginx := NewNginx(configuration, time.Duration(options.ReloadTimeout)*time.Millisecond)
	broadcaster := record.NewBroadcaster()
	defer broadcaster.Shutdown()
	broadcaster.StartRecordingToSink(&typed.EventSinkImpl{Interface: client.CoreV1().Events("")})
	events := NewEvents(broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "nginx-ingress-controller"}))
	go LabelPod(ctx, client.CoreV1().Pods(os.Getenv("POD_NAMESPACE")), os.Getenv("POD_NAME"), labelPause)
	watch.Start(ctx)
	for {
		select {
		case <-ctx.Done():
			log.Print("ending: nginx finishes its requests")
			return nginx.Quit()
		case err := <-nginx.Ended():
			return fmt.Errorf("nginx ended by itself: %v", err)
		case err := <-failed:
			if !errors.Is(err, http.ErrServerClosed) {
				return err
			}
		case <-watch.Changed():
			reload(ctx, watch, nginx, metrics, events, options)
			time.Sleep(settle)
		}
	}
}

// reload brings the cluster's present state to nginx. A fault is logged, counted and told at the Ingresses; what was
// served before stays.
func reload(ctx context.Context, watch *Watch, nginx *Nginx, metrics *Metrics, events *Events, options Options) {
	started := time.Now()
	changed, site, err := load(ctx, watch, nginx, options)
	if err != nil {
		log.Printf("not loaded: %v", err)
	}
	if err != nil || changed {
		metrics.Reloaded(err, time.Since(started), len(site.Ingresses))
	}
	if changed {
		log.Printf("loaded: %d Ingresses, %d hosts, %d upstreams", len(site.Ingresses), len(site.Servers), len(site.Upstreams))
	}
	events.Tell(site, err)
	if err != nil && !nginx.Running() {
		metrics.Bare(serveNothing(ctx, watch, nginx, options))
	}
}

// serveNothing starts nginx without any Ingress: F5's pods become ready also where it refuses what an Ingress makes.
func serveNothing(ctx context.Context, watch *Watch, nginx *Nginx, options Options) bool {
	settings, err := watch.Settings()
	if err != nil {
		return false
	}
	text, err := Render(Site{}, settings, options)
	if err == nil {
		_, err = nginx.Load(ctx, text)
	}
	if err != nil {
		log.Printf("not started without Ingresses either: %v", err)
	}
	return err == nil
}

func load(ctx context.Context, watch *Watch, nginx *Nginx, options Options) (bool, Site, error) {
	cluster, err := watch.Cluster()
	if err != nil {
		return false, Site{}, err
	}
	settings, err := watch.Settings()
	if err != nil {
		return false, Site{}, err
	}
	site := Model(cluster, options)
	text, err := Render(site, settings, options)
	if err != nil {
		return false, site, err
	}
	changed, err := nginx.Load(ctx, text)
	return changed, site, err
}
