package main

import (
	"context"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// Watch keeps what the double needs of the cluster, and tells when something changed.
type Watch struct {
	factories  []informers.SharedInformerFactory
	configMaps informers.SharedInformerFactory
	configMap  string
	changed    chan struct{}
}

// NewWatch follows Ingresses, Services and EndpointSlices, and the one ConfigMap.
func NewWatch(client kubernetes.Interface, o Options) (*Watch, error) {
	w := &Watch{changed: make(chan struct{}, 1), configMap: o.ConfigMap}
	namespaces := o.WatchNamespaces
	if len(namespaces) == 0 {
		namespaces = []string{metav1.NamespaceAll}
	}
	for _, namespace := range namespaces {
		factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(namespace))
		for _, informer := range []cache.SharedIndexInformer{
			factory.Networking().V1().Ingresses().Informer(),
			factory.Core().V1().Services().Informer(),
			factory.Discovery().V1().EndpointSlices().Informer(),
		} {
			if err := w.follow(informer); err != nil {
				return nil, err
			}
		}
		w.factories = append(w.factories, factory)
	}
	if namespace, name, given := strings.Cut(o.ConfigMap, "/"); given {
		only := func(options *metav1.ListOptions) {
			options.FieldSelector = fields.OneTermEqualSelector("metadata.name", name).String()
		}
		w.configMaps = informers.NewSharedInformerFactoryWithOptions(
			client, 0, informers.WithNamespace(namespace), informers.WithTweakListOptions(only))
		if err := w.follow(w.configMaps.Core().V1().ConfigMaps().Informer()); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func (w *Watch) follow(informer cache.SharedIndexInformer) error {
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { w.poke() },
		UpdateFunc: func(any, any) { w.poke() },
		DeleteFunc: func(any) { w.poke() },
	})
	return err
}

func (w *Watch) poke() {
	select {
	case w.changed <- struct{}{}:
	default: // one is waiting already
	}
}

// Start waits until everything was read once.
func (w *Watch) Start(ctx context.Context) {
	all := w.factories
	if w.configMaps != nil {
		all = append(all, w.configMaps)
	}
	for _, factory := range all {
		factory.Start(ctx.Done())
	}
	for _, factory := range all {
		factory.WaitForCacheSync(ctx.Done())
	}
	w.poke() // an empty cluster has no event
}

// Changed tells that something changed since it was read.
func (w *Watch) Changed() <-chan struct{} { return w.changed }

// Cluster reads what there is now.
func (w *Watch) Cluster() (Cluster, error) {
	cluster := Cluster{Services: map[string]*corev1.Service{}, Slices: map[string][]*discoveryv1.EndpointSlice{}}
	for _, factory := range w.factories {
		ingresses, err := factory.Networking().V1().Ingresses().Lister().List(labels.Everything())
		if err != nil {
			return cluster, err
		}
		cluster.Ingresses = append(cluster.Ingresses, ingresses...)
		services, err := factory.Core().V1().Services().Lister().List(labels.Everything())
		if err != nil {
			return cluster, err
		}
		for _, service := range services {
			cluster.Services[service.Namespace+"/"+service.Name] = service
		}
		slices, err := factory.Discovery().V1().EndpointSlices().Lister().List(labels.Everything())
		if err != nil {
			return cluster, err
		}
		for _, slice := range slices {
			key := slice.Namespace + "/" + slice.Labels[discoveryv1.LabelServiceName]
			cluster.Slices[key] = append(cluster.Slices[key], slice)
		}
	}
	return cluster, nil
}

// Settings reads the ConfigMap; without one F5's defaults hold.
func (w *Watch) Settings() (Settings, error) {
	if w.configMaps == nil {
		return DefaultSettings(), nil
	}
	namespace, name, _ := strings.Cut(w.configMap, "/")
	found, err := w.configMaps.Core().V1().ConfigMaps().Lister().ConfigMaps(namespace).Get(name)
	if err != nil {
		return Settings{}, err
	}
	return ReadSettings(found.Data)
}

// settle lets a burst of changes (a rollout) end in one reload.
const settle = 200 * time.Millisecond
