package main

import (
	"log"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	appslisters "k8s.io/client-go/listers/apps/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
)

// The series that rules, dashboards and runbooks ask for, as kube-state-metrics has them.
var (
	podPhase = describe("kube_pod_status_phase", "The pods current phase.", "namespace", "pod", "uid", "phase")
	podReady = describe("kube_pod_status_ready", "Describes whether the pod is ready to serve requests.",
		"namespace", "pod", "uid", "condition")
	restarts = describe("kube_pod_container_status_restarts_total", "The number of container restarts per container.",
		"namespace", "pod", "uid", "container")
	terminated = describe("kube_pod_container_status_last_terminated_reason",
		"Describes the last reason the container was in terminated state.", "namespace", "pod", "uid", "container", "reason")
	nodeCondition = describe("kube_node_status_condition", "The condition of a cluster node.", "node", "condition", "status")
	unavailable   = describe("kube_deployment_status_replicas_unavailable",
		"The number of unavailable replicas per deployment.", "namespace", "deployment")

	phases   = []corev1.PodPhase{corev1.PodPending, corev1.PodRunning, corev1.PodSucceeded, corev1.PodFailed, corev1.PodUnknown}
	statuses = []metav1.ConditionStatus{metav1.ConditionTrue, metav1.ConditionFalse, metav1.ConditionUnknown}
)

func describe(name, help string, labelNames ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labelNames, nil)
}

// state collects from a picture of the cluster's objects, at each scrape.
type state struct {
	pods        corelisters.PodLister
	nodes       corelisters.NodeLister
	deployments appslisters.DeploymentLister
}

// Describe sends all descriptions.
func (s *state) Describe(out chan<- *prometheus.Desc) {
	for _, description := range []*prometheus.Desc{podPhase, podReady, restarts, terminated, nodeCondition, unavailable} {
		out <- description
	}
}

// Collect sends all samples.
func (s *state) Collect(out chan<- prometheus.Metric) {
	gauge := func(description *prometheus.Desc, value float64, labelValues ...string) {
		out <- prometheus.MustNewConstMetric(description, prometheus.GaugeValue, value, labelValues...)
	}
	for _, pod := range list(s.pods) {
		id := []string{pod.Namespace, pod.Name, string(pod.UID)}
		for _, phase := range phases {
			gauge(podPhase, truth(pod.Status.Phase == phase), append(id, string(phase))...)
		}
		for _, condition := range pod.Status.Conditions {
			for _, status := range statuses {
				if condition.Type == corev1.PodReady {
					is := metav1.ConditionStatus(condition.Status) == status
					gauge(podReady, truth(is), append(id, strings.ToLower(string(status)))...)
				}
			}
		}
		for _, container := range pod.Status.ContainerStatuses {
			count := float64(container.RestartCount)
			out <- prometheus.MustNewConstMetric(restarts, prometheus.CounterValue, count, append(id, container.Name)...)
			if last := container.LastTerminationState.Terminated; last != nil {
				gauge(terminated, 1, append(id, container.Name, last.Reason)...)
			}
		}
	}
	for _, node := range list(s.nodes) {
		for _, condition := range node.Status.Conditions {
			for _, status := range statuses {
				is := metav1.ConditionStatus(condition.Status) == status
				gauge(nodeCondition, truth(is), node.Name, string(condition.Type), strings.ToLower(string(status)))
			}
		}
	}
	for _, deployment := range list(s.deployments) {
		gauge(unavailable, float64(deployment.Status.UnavailableReplicas), deployment.Namespace, deployment.Name)
	}
}

// list returns what an informer's cache holds; that can't fail.
func list[T any](lister interface {
	List(labels.Selector) ([]T, error)
}) []T {
	found, err := lister.List(labels.Everything())
	if err != nil {
		log.Panic(err)
	}
	return found
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
