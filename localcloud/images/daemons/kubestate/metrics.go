package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// state is a picture of the cluster's objects.
type state struct {
	pods         []*corev1.Pod
	nodes        []*corev1.Node
	deployments  []*appsv1.Deployment
	daemonSets   []*appsv1.DaemonSet
	statefulSets []*appsv1.StatefulSet
}

// page collects samples by metric: the text format wants those of one metric together.
type page struct {
	order   []string
	samples map[string]*strings.Builder
}

var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// add puts one sample on the page; pairs are the labels' names and values.
func (p *page) add(name, kind string, value float64, pairs ...string) {
	lines := p.samples[name]
	if lines == nil {
		lines = &strings.Builder{}
		fmt.Fprintf(lines, "# TYPE %s %s\n", name, kind)
		p.samples[name] = lines
		p.order = append(p.order, name)
	}
	labels := make([]string, 0, len(pairs)/2)
	for pair := range slices.Chunk(pairs, 2) {
		labels = append(labels, pair[0]+`="`+escape.Replace(pair[1])+`"`)
	}
	fmt.Fprintf(lines, "%s{%s} %v\n", name, strings.Join(labels, ","), value)
}

func (p *page) gauge(name string, value float64, pairs ...string) {
	p.add(name, "gauge", value, pairs...)
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// write puts the series on w, in the Prometheus text format, under the names of kube-state-metrics.
func (s *state) write(w io.Writer) error {
	p := &page{samples: map[string]*strings.Builder{}}
	for _, pod := range s.pods {
		podSeries(p, pod)
	}
	for _, node := range s.nodes {
		nodeSeries(p, node)
	}
	s.workloadSeries(p)
	for _, name := range p.order {
		if _, err := io.WriteString(w, p.samples[name].String()); err != nil {
			return err
		}
	}
	return nil
}

func podSeries(p *page, pod *corev1.Pod) {
	id := func(more ...string) []string {
		return append([]string{"namespace", pod.Namespace, "pod", pod.Name, "uid", string(pod.UID)}, more...)
	}
	var ownerKind, ownerName string
	for _, owner := range pod.OwnerReferences {
		ownerKind, ownerName = owner.Kind, owner.Name
	}
	p.gauge("kube_pod_info", 1, id("node", pod.Spec.NodeName, "pod_ip", pod.Status.PodIP, "host_ip", pod.Status.HostIP,
		"created_by_kind", ownerKind, "created_by_name", ownerName)...)
	for _, phase := range []corev1.PodPhase{corev1.PodPending, corev1.PodRunning, corev1.PodSucceeded, corev1.PodFailed, corev1.PodUnknown} {
		p.gauge("kube_pod_status_phase", truth(pod.Status.Phase == phase), id("phase", string(phase))...)
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			p.gauge("kube_pod_status_ready", truth(condition.Status == corev1.ConditionTrue), id("condition", "true")...)
		}
	}
	for _, container := range pod.Status.ContainerStatuses {
		p.add("kube_pod_container_status_restarts_total", "counter", float64(container.RestartCount), id("container", container.Name)...)
		p.gauge("kube_pod_container_status_ready", truth(container.Ready), id("container", container.Name)...)
		p.gauge("kube_pod_container_status_running", truth(container.State.Running != nil), id("container", container.Name)...)
		if waiting := container.State.Waiting; waiting != nil {
			p.gauge("kube_pod_container_status_waiting_reason", 1, id("container", container.Name, "reason", waiting.Reason)...)
		}
		if last := container.LastTerminationState.Terminated; last != nil {
			p.gauge("kube_pod_container_status_last_terminated_reason", 1, id("container", container.Name, "reason", last.Reason)...)
		}
	}
	for _, container := range pod.Spec.Containers {
		resources(p, "kube_pod_container_resource_requests", container.Resources.Requests, id("container", container.Name, "node", pod.Spec.NodeName))
		resources(p, "kube_pod_container_resource_limits", container.Resources.Limits, id("container", container.Name, "node", pod.Spec.NodeName))
	}
}

var units = map[corev1.ResourceName]string{corev1.ResourceCPU: "core", corev1.ResourceMemory: "byte"}

func resources(p *page, name string, list corev1.ResourceList, id []string) {
	for _, resource := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		if quantity, given := list[resource]; given {
			pairs := append(slices.Clone(id), "resource", string(resource), "unit", units[resource])
			p.gauge(name, quantity.AsApproximateFloat64(), pairs...)
		}
	}
}

func nodeSeries(p *page, node *corev1.Node) {
	info := node.Status.NodeInfo
	p.gauge("kube_node_info", 1, "node", node.Name, "kubelet_version", info.KubeletVersion,
		"kernel_version", info.KernelVersion, "container_runtime_version", info.ContainerRuntimeVersion, "provider_id", node.Spec.ProviderID)
	p.gauge("kube_node_spec_unschedulable", truth(node.Spec.Unschedulable), "node", node.Name)
	for _, condition := range node.Status.Conditions {
		for _, status := range []corev1.ConditionStatus{corev1.ConditionTrue, corev1.ConditionFalse, corev1.ConditionUnknown} {
			p.gauge("kube_node_status_condition", truth(condition.Status == status),
				"node", node.Name, "condition", string(condition.Type), "status", strings.ToLower(string(status)))
		}
	}
	resources(p, "kube_node_status_allocatable", node.Status.Allocatable, []string{"node", node.Name})
	resources(p, "kube_node_status_capacity", node.Status.Capacity, []string{"node", node.Name})
}

func (s *state) workloadSeries(p *page) {
	for _, d := range s.deployments {
		id := []string{"namespace", d.Namespace, "deployment", d.Name}
		if d.Spec.Replicas != nil {
			p.gauge("kube_deployment_spec_replicas", float64(*d.Spec.Replicas), id...)
		}
		p.gauge("kube_deployment_status_replicas", float64(d.Status.Replicas), id...)
		p.gauge("kube_deployment_status_replicas_available", float64(d.Status.AvailableReplicas), id...)
		p.gauge("kube_deployment_status_replicas_unavailable", float64(d.Status.UnavailableReplicas), id...)
		p.gauge("kube_deployment_status_observed_generation", float64(d.Status.ObservedGeneration), id...)
		p.gauge("kube_deployment_metadata_generation", float64(d.Generation), id...)
	}
	for _, d := range s.daemonSets {
		id := []string{"namespace", d.Namespace, "daemonset", d.Name}
		p.gauge("kube_daemonset_status_desired_number_scheduled", float64(d.Status.DesiredNumberScheduled), id...)
		p.gauge("kube_daemonset_status_number_ready", float64(d.Status.NumberReady), id...)
	}
	for _, set := range s.statefulSets {
		id := []string{"namespace", set.Namespace, "statefulset", set.Name}
		if set.Spec.Replicas != nil {
			p.gauge("kube_statefulset_replicas", float64(*set.Spec.Replicas), id...)
		}
		p.gauge("kube_statefulset_status_replicas_ready", float64(set.Status.ReadyReplicas), id...)
	}
}
