// netpol enforces networking.k8s.io/v1 NetworkPolicy for the pods of its own node: all policies become one nftables
// table, replaced atomically at each change. It needs pod traffic to pass the FORWARD and INPUT hooks with the pods' own
// addresses; the kubelet's probes come from the node itself (OUTPUT hook) and are never touched.
//
// Go, because client-go's informers keep an exact picture of the cluster at a few MiB. Why not an engine that exists:
// docs/decisions/0019-libraries-in-the-images.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

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
	if err := enforce(); err != nil {
		log.Fatal(err)
	}
}

// enforce keeps this node's rules until it is told to stop. The table stays: a restart must not open anything.
func enforce() error {
	node := os.Getenv("NODE_NAME")
	if node == "" {
		return errors.New("NODE_NAME is not set: give the node's name by the downward API (spec.nodeName)")
	}
	config, err := rest.InClusterConfig()
	if err != nil {
		return fmt.Errorf("netpol runs in a pod: %w", err)
	}
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	factory := informers.NewSharedInformerFactory(clients, 0)
	changed, render, err := follow(factory, node)
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	note(changed)
	var ready atomic.Bool
	failed := make(chan error, 2)
	go func() { failed <- serveHealth(&ready) }()
	go func() { failed <- keep(ctx, changed, render, load, &ready) }()
	return <-failed
}

// note says that something changed; what isn't read yet counts once.
func note(changed chan struct{}) {
	select {
	case changed <- struct{}{}:
	default:
	}
}

// follow watches what the rules are made of: it returns where changes are noted, and how to render the present rules.
func follow(factory informers.SharedInformerFactory, node string) (chan struct{}, func() (string, error), error) {
	changed := make(chan struct{}, 1)
	handler := cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { note(changed) }, UpdateFunc: func(any, any) { note(changed) }, DeleteFunc: func(any) { note(changed) },
	}
	pods, namespaces, policies := factory.Core().V1().Pods(), factory.Core().V1().Namespaces(), factory.Networking().V1().NetworkPolicies()
	for _, informer := range []cache.SharedIndexInformer{pods.Informer(), namespaces.Informer(), policies.Informer()} {
		if _, err := informer.AddEventHandler(handler); err != nil {
			return nil, nil, err
		}
	}
	render := func() (string, error) {
		all := labels.Everything()
		w := world{node: node, namespaces: map[string]labels.Set{}}
		spaces, err := namespaces.Lister().List(all)
		for _, namespace := range spaces {
			w.namespaces[namespace.Name] = namespace.Labels
		}
		var errPods, errPolicies error
		w.pods, errPods = pods.Lister().List(all)
		w.policies, errPolicies = policies.Lister().List(all)
		return w.render(), errors.Join(err, errPods, errPolicies)
	}
	return changed, render, nil
}

// keep loads the rules after each change until the context ends. What fails is tried again.
func keep(
	ctx context.Context, changed chan struct{}, render func() (string, error),
	load func(context.Context, string) error, ready *atomic.Bool,
) error {
	loaded := ""
	for pause := burst; ; pause = burst {
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
		rules, err := render()
		if err == nil && rules != loaded {
			err = load(ctx, rules)
		}
		switch {
		case err != nil:
			log.Printf("%v: trying again", err)
			pause = retry
			note(changed)
		case rules != loaded:
			loaded = rules
			ready.Store(true)
			log.Printf("loaded %d lines", strings.Count(rules, "\n"))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// serveHealth answers 200 when the rules of this node have been loaded once.
func serveHealth(ready *atomic.Bool) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !ready.Load() {
			http.Error(w, "the rules are not loaded yet", http.StatusServiceUnavailable)
		}
	})
	server := &http.Server{Addr: health, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	return server.ListenAndServe()
}

// load replaces the node's table.
func load(ctx context.Context, rules string) error {
	ctx, cancel := context.WithTimeout(ctx, maxLoad)
	defer cancel()
	command := exec.CommandContext(ctx, "nft", "-f", "-")
	command.Stdin = strings.NewReader(rules)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, strings.TrimSpace(string(output)))
	}
	return nil
}
