package main

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	appslisters "k8s.io/client-go/listers/apps/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
)

// expect compares all samples of the metrics that the wanted page names with those of a cluster with these objects.
func expect(t *testing.T, page string, objects ...any) {
	t.Helper()
	pods, nodes, deployments := newIndexer(), newIndexer(), newIndexer()
	var names []string
	for _, object := range objects {
		indexer := pods
		switch object.(type) {
		case *corev1.Node:
			indexer = nodes
		case *appsv1.Deployment:
			indexer = deployments
		}
		if err := indexer.Add(object); err != nil {
			t.Fatal(err)
		}
	}
	for line := range strings.Lines(page) {
		if words := strings.Fields(line); len(words) > 2 && words[1] == "TYPE" {
			names = append(names, words[2])
		}
	}
	s := &state{
		pods: corelisters.NewPodLister(pods), nodes: corelisters.NewNodeLister(nodes),
		deployments: appslisters.NewDeploymentLister(deployments),
	}
	if err := testutil.CollectAndCompare(s, strings.NewReader(page), names...); err != nil {
		t.Error(err)
	}
	if problems, err := testutil.CollectAndLint(s); err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
}

func newIndexer() cache.Indexer {
	return cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{})
}

func TestAPodsSeriesHaveTheUsualNames(t *testing.T) {
	ended := &corev1.ContainerStateTerminated{Reason: "OOMKilled"}
	expect(t, `
# HELP kube_pod_container_status_last_terminated_reason Describes the last reason the container was in terminated state.
# TYPE kube_pod_container_status_last_terminated_reason gauge
kube_pod_container_status_last_terminated_reason{container="app",namespace="shop",pod="web",reason="OOMKilled",uid="u"} 1
# HELP kube_pod_container_status_restarts_total The number of container restarts per container.
# TYPE kube_pod_container_status_restarts_total counter
kube_pod_container_status_restarts_total{container="app",namespace="shop",pod="web",uid="u"} 3
# HELP kube_pod_status_phase The pods current phase.
# TYPE kube_pod_status_phase gauge
kube_pod_status_phase{namespace="shop",phase="Failed",pod="web",uid="u"} 0
kube_pod_status_phase{namespace="shop",phase="Pending",pod="web",uid="u"} 0
kube_pod_status_phase{namespace="shop",phase="Running",pod="web",uid="u"} 1
kube_pod_status_phase{namespace="shop",phase="Succeeded",pod="web",uid="u"} 0
kube_pod_status_phase{namespace="shop",phase="Unknown",pod="web",uid="u"} 0
# HELP kube_pod_status_ready Describes whether the pod is ready to serve requests.
# TYPE kube_pod_status_ready gauge
kube_pod_status_ready{condition="false",namespace="shop",pod="web",uid="u"} 1
kube_pod_status_ready{condition="true",namespace="shop",pod="web",uid="u"} 0
kube_pod_status_ready{condition="unknown",namespace="shop",pod="web",uid="u"} 0
`, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", UID: "u"},
		Status: corev1.PodStatus{
			Phase:      corev1.PodRunning,
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionFalse}, {Type: corev1.PodScheduled}},
			ContainerStatuses: []corev1.ContainerStatus{{
				Name: "app", RestartCount: 3, LastTerminationState: corev1.ContainerState{Terminated: ended},
			}},
		},
	})
}

func TestANodesConditionIsOneOfThree(t *testing.T) {
	expect(t, `
# HELP kube_node_status_condition The condition of a cluster node.
# TYPE kube_node_status_condition gauge
kube_node_status_condition{condition="Ready",node="one",status="false"} 0
kube_node_status_condition{condition="Ready",node="one",status="true"} 1
kube_node_status_condition{condition="Ready",node="one",status="unknown"} 0
`, &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "one"},
		Status:     corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}},
	})
}

func TestADeploymentShowsWhatIsMissing(t *testing.T) {
	expect(t, `
# HELP kube_deployment_status_replicas_unavailable The number of unavailable replicas per deployment.
# TYPE kube_deployment_status_replicas_unavailable gauge
kube_deployment_status_replicas_unavailable{deployment="web",namespace="shop"} 1
`, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"},
		Status:     appsv1.DeploymentStatus{UnavailableReplicas: 1},
	})
}
