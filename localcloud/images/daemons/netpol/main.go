// netpol enforces networking.k8s.io/v1 NetworkPolicy for the pods of its own node: all policies become one nftables
// table, replaced atomically at each change. It needs pod traffic to pass the FORWARD hook with the pods' own addresses;
// the kubelet's probes come from the node itself (OUTPUT hook) and are never touched.
//
// Go, because client-go's informers keep an exact picture of the cluster at a few MiB, and policy engines that exist
// need kernel features (ipset, NFQUEUE, eBPF) that a container doesn't have.
package main

import (
	"bytes"
	"context"
	"log"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	netv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// health is where the kubelet asks whether the rules stand; pods can't reach the node's loopback.
const health = "127.0.0.1:61679"

const (
	burst   = 100 * time.Millisecond // changes within it become one load
	retry   = time.Second
	maxLoad = 10 * time.Second
)

func main() {
	node := os.Getenv("NODE_NAME")
	if node == "" {
		log.Fatal("NODE_NAME is not set: give the node's name by the downward API (spec.nodeName)")
	}
	config, err := rest.InClusterConfig()
	if err != nil {
		log.Fatalf("netpol runs in a pod: %v", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	var ready atomic.Bool
	go serveHealth(&ready)
	run(ctx, node, &ready, informers.NewSharedInformerFactory(kubernetes.NewForConfigOrDie(config), 0))
}

// run loads the table at each change until the context ends. The table stays: a restart must not open anything.
func run(ctx context.Context, node string, ready *atomic.Bool, factory informers.SharedInformerFactory) {
	changed := make(chan struct{}, 1)
	note := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	watch := func(informer cache.SharedIndexInformer) {
		handler := cache.ResourceEventHandlerFuncs{
			AddFunc: func(any) { note() }, UpdateFunc: func(any, any) { note() }, DeleteFunc: func(any) { note() },
		}
		if _, err := informer.AddEventHandler(handler); err != nil {
			log.Fatal(err)
		}
	}
	pods, namespaces := factory.Core().V1().Pods(), factory.Core().V1().Namespaces()
	policies := factory.Networking().V1().NetworkPolicies()
	watch(pods.Informer())
	watch(namespaces.Informer())
	watch(policies.Informer())
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	note()

	loaded := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
		w := world{node: node, namespaces: map[string]labels.Set{}}
		w.pods = all[*corev1.Pod](pods.Informer().GetStore())
		w.policies = all[*netv1.NetworkPolicy](policies.Informer().GetStore())
		for _, namespace := range all[*corev1.Namespace](namespaces.Informer().GetStore()) {
			w.namespaces[namespace.Name] = namespace.Labels
		}
		if rules := w.render(); rules != loaded {
			started := time.Now()
			if err := load(ctx, rules); err != nil {
				log.Printf("%v: trying again", err)
				time.Sleep(retry)
				note()
				continue
			}
			loaded = rules
			ready.Store(true)
			log.Printf("loaded %d lines in %d ms", strings.Count(rules, "\n"), time.Since(started).Milliseconds())
		}
		time.Sleep(burst)
	}
}

// serveHealth answers 200 when the rules of this node have been loaded once.
func serveHealth(ready *atomic.Bool) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !ready.Load() {
			http.Error(w, "the rules are not loaded yet", http.StatusServiceUnavailable)
		}
	})
	server := &http.Server{Addr: health, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

func all[T any](store cache.Store) []T {
	var found []T
	for _, item := range store.List() {
		if typed, ok := item.(T); ok {
			found = append(found, typed)
		}
	}
	return found
}

type loadError struct {
	err    error
	output string
}

func (e *loadError) Error() string {
	return "nft: " + e.err.Error() + ": " + strings.TrimSpace(e.output)
}

func load(ctx context.Context, rules string) error {
	ctx, cancel := context.WithTimeout(ctx, maxLoad)
	defer cancel()
	command := exec.CommandContext(ctx, "nft", "-f", "-")
	command.Stdin = strings.NewReader(rules)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Run(); err != nil {
		return &loadError{err: err, output: output.String()}
	}
	return nil
}
