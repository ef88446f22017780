package main

import (
	"fmt"
	"net"
	"regexp"
	"sort"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// Cluster is what the double reads of the cluster.
type Cluster struct {
	Ingresses []*networkingv1.Ingress
	Services  map[string]*corev1.Service              // namespace/name
	Slices    map[string][]*discoveryv1.EndpointSlice // namespace/service
}

// Site is what nginx is to serve.
type Site struct {
	Upstreams []Upstream
	Servers   []Server
	Ingresses []*networkingv1.Ingress // that are served
	Rejected  []Rejection
}

// Rejection is an Ingress that isn't served, or a host of it, and why.
type Rejection struct {
	Ingress *networkingv1.Ingress
	Reason  string
}

// Upstream is the ready pods of one service port; without any, nginx answers 502.
type Upstream struct {
	Name      string
	Addresses []string
}

// Server is one host; the empty host answers for all others.
type Server struct {
	Host      string
	Locations []Location
}

// Location is one path: exact, or the beginning of a path up to a slash.
type Location struct {
	Path     string
	Exact    bool
	Upstream string
}

var (
	pathForm = regexp.MustCompile(`^/[A-Za-z0-9/_.~%!&'()*+,=:@-]*$`)
	hostForm = regexp.MustCompile(`^(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`)
)

// Model turns the class's Ingresses into a site. A host belongs to its oldest Ingress, as with F5's controller.
func Model(cluster Cluster, o Options) Site {
	var site Site
	ingresses := append([]*networkingv1.Ingress(nil), cluster.Ingresses...)
	sort.SliceStable(ingresses, func(i, j int) bool { return older(ingresses[i], ingresses[j]) })
	owners := map[string]string{}
	upstreams := map[string]Upstream{}
	for _, ingress := range ingresses {
		if class := ingress.Spec.IngressClassName; class == nil || *class != o.Class {
			continue
		}
		name := ingress.Namespace + "/" + ingress.Name
		if reason := refusal(ingress, o); reason != "" {
			site.Rejected = append(site.Rejected, Rejection{ingress, reason})
			continue
		}
		served := false
		for _, rule := range ingress.Spec.Rules {
			if owner, taken := owners[rule.Host]; taken && owner != name {
				site.Rejected = append(site.Rejected, Rejection{ingress, fmt.Sprintf("host %q is taken by the older %s", rule.Host, owner)})
				continue
			}
			owners[rule.Host] = name
			served = true
			locations := []Location{}
			for _, path := range rule.HTTP.Paths {
				upstream := resolve(cluster, ingress.Namespace, *path.Backend.Service)
				upstreams[upstream.Name] = upstream
				locations = append(locations, split(path, upstream.Name)...)
			}
			site.Servers = merge(site.Servers, Server{Host: rule.Host, Locations: locations})
		}
		if served {
			site.Ingresses = append(site.Ingresses, ingress)
		}
	}
	for _, upstream := range upstreams {
		site.Upstreams = append(site.Upstreams, upstream)
	}
	sort.Slice(site.Upstreams, func(i, j int) bool { return site.Upstreams[i].Name < site.Upstreams[j].Name })
	sort.Slice(site.Servers, func(i, j int) bool { return site.Servers[i].Host < site.Servers[j].Host })
	return site
}

func older(a, b *networkingv1.Ingress) bool {
	if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.CreationTimestamp.Before(&b.CreationTimestamp)
	}
	return a.UID < b.UID
}

// refusal says what the double can't do for an Ingress; it serves one whole or not at all.
func refusal(ingress *networkingv1.Ingress, o Options) string {
	for key := range ingress.Annotations {
		if strings.HasPrefix(key, "nginx.org/") || strings.HasPrefix(key, "nginx.com/") {
			return fmt.Sprintf("annotation %s isn't implemented by this double", key)
		}
	}
	if len(ingress.Spec.TLS) > 0 {
		return "TLS isn't implemented by this double"
	}
	if ingress.Spec.DefaultBackend != nil {
		return "spec.defaultBackend isn't implemented by this double"
	}
	if len(ingress.Spec.Rules) == 0 {
		return "it has no rules"
	}
	for _, rule := range ingress.Spec.Rules {
		if rule.Host == "" && !o.AllowEmptyHost {
			return "a rule has no host, and -allow-empty-ingress-host is false"
		}
		if rule.Host != "" && !hostForm.MatchString(rule.Host) {
			return fmt.Sprintf("host %q is no host name", rule.Host)
		}
		if rule.HTTP == nil {
			return fmt.Sprintf("the rule for host %q has no paths", rule.Host)
		}
		for _, path := range rule.HTTP.Paths {
			if !pathForm.MatchString(path.Path) {
				return fmt.Sprintf("path %q has a character that the double refuses", path.Path)
			}
			if path.Backend.Service == nil {
				return fmt.Sprintf("path %s leads to a resource, not to a service", path.Path)
			}
		}
	}
	return ""
}

// split makes nginx locations of a path: Prefix /a is /a and everything below /a/, not /ab.
func split(path networkingv1.HTTPIngressPath, upstream string) []Location {
	if path.PathType != nil && *path.PathType == networkingv1.PathTypeExact {
		return []Location{{Path: path.Path, Exact: true, Upstream: upstream}}
	}
	trimmed := strings.TrimSuffix(path.Path, "/")
	locations := []Location{{Path: trimmed + "/", Upstream: upstream}}
	if trimmed != "" {
		locations = append(locations, Location{Path: trimmed, Exact: true, Upstream: upstream})
	}
	return locations
}

// merge adds locations to the host's server; the first one of a path stays, an Exact path before what a Prefix implies.
func merge(servers []Server, add Server) []Server {
	for i := range servers {
		if servers[i].Host == add.Host {
			servers[i].Locations = unique(append(servers[i].Locations, add.Locations...))
			return servers
		}
	}
	add.Locations = unique(add.Locations)
	return append(servers, add)
}

func unique(locations []Location) []Location {
	type key struct {
		path  string
		exact bool
	}
	seen, kept := map[key]bool{}, []Location{}
	for _, location := range locations {
		if k := (key{location.Path, location.Exact}); !seen[k] {
			seen[k] = true
			kept = append(kept, location)
		}
	}
	return kept
}

// resolve finds the ready pods behind a service's port.
func resolve(cluster Cluster, namespace string, backend networkingv1.IngressServiceBackend) Upstream {
	label := backend.Port.Name
	if label == "" {
		label = strconv.Itoa(int(backend.Port.Number))
	}
	upstream := Upstream{Name: strings.Join([]string{namespace, backend.Name, label}, "-")}
	service := cluster.Services[namespace+"/"+backend.Name]
	if service == nil {
		return upstream
	}
	portName, found := "", false
	for _, port := range service.Spec.Ports {
		byName := backend.Port.Name != "" && port.Name == backend.Port.Name
		if byName || (backend.Port.Name == "" && port.Port == backend.Port.Number) {
			portName, found = port.Name, true
		}
	}
	if !found {
		return upstream
	}
	addresses := map[string]bool{}
	for _, slice := range cluster.Slices[namespace+"/"+backend.Name] {
		for _, port := range slice.Ports {
			if port.Port == nil || (port.Name != nil && *port.Name != portName) || (port.Name == nil && portName != "") {
				continue
			}
			for _, endpoint := range slice.Endpoints {
				ready := endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready
				if ready && len(endpoint.Addresses) > 0 {
					addresses[net.JoinHostPort(endpoint.Addresses[0], strconv.Itoa(int(*port.Port)))] = true
				}
			}
		}
	}
	for address := range addresses {
		upstream.Addresses = append(upstream.Addresses, address)
	}
	sort.Strings(upstream.Addresses)
	return upstream
}
