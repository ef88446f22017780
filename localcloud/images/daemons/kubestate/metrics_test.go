package main

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func text(t *testing.T, s state) string {
	t.Helper()
	var out strings.Builder
	if err := s.write(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func expect(t *testing.T, page string, wanted ...string) {
	t.Helper()
	for _, line := range wanted {
		if !strings.Contains(page, line+"\n") {
			t.Errorf("missing %q in:\n%s", line, page)
		}
	}
}

func TestAPodsSeriesHaveTheUsualNames(t *testing.T) {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", UID: "u", OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "web-1"}}},
		Spec: corev1.PodSpec{NodeName: "one", Containers: []corev1.Container{{
			Name:      "app",
			Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("250m")}},
		}}},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, PodIP: "100.64.0.2", HostIP: "10.42.1.5",
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
			ContainerStatuses: []corev1.ContainerStatus{{
				Name: "app", RestartCount: 3, Ready: true,
				State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
			}},
		},
	}
	page := text(t, state{pods: []*corev1.Pod{pod}})
	expect(t, page,
		`kube_pod_info{namespace="shop",pod="web",uid="u",node="one",pod_ip="100.64.0.2",host_ip="10.42.1.5",created_by_kind="ReplicaSet",created_by_name="web-1"} 1`,
		`kube_pod_status_phase{namespace="shop",pod="web",uid="u",phase="Running"} 1`,
		`kube_pod_status_phase{namespace="shop",pod="web",uid="u",phase="Failed"} 0`,
		`kube_pod_status_ready{namespace="shop",pod="web",uid="u",condition="true"} 1`,
		`kube_pod_container_status_restarts_total{namespace="shop",pod="web",uid="u",container="app"} 3`,
		`kube_pod_container_status_waiting_reason{namespace="shop",pod="web",uid="u",container="app",reason="CrashLoopBackOff"} 1`,
		`kube_pod_container_resource_requests{namespace="shop",pod="web",uid="u",container="app",node="one",resource="cpu",unit="core"} 0.25`)
}

func TestANodesConditionIsOneOfThree(t *testing.T) {
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "one"},
		Status:     corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}},
	}
	expect(t, text(t, state{nodes: []*corev1.Node{node}}),
		`kube_node_status_condition{node="one",condition="Ready",status="true"} 1`,
		`kube_node_status_condition{node="one",condition="Ready",status="false"} 0`,
		`kube_node_spec_unschedulable{node="one"} 0`)
}

func TestWorkloadsShowWhatIsWantedAndWhatIsThere(t *testing.T) {
	two := int32(2)
	deployment := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Generation: 4},
		Spec:       appsv1.DeploymentSpec{Replicas: &two},
		Status:     appsv1.DeploymentStatus{AvailableReplicas: 1, UnavailableReplicas: 1},
	}
	expect(t, text(t, state{deployments: []*appsv1.Deployment{deployment}}),
		`kube_deployment_spec_replicas{namespace="shop",deployment="web"} 2`,
		`kube_deployment_status_replicas_available{namespace="shop",deployment="web"} 1`,
		`kube_deployment_status_replicas_unavailable{namespace="shop",deployment="web"} 1`)
}

func TestSamplesOfOneMetricStandTogetherUnderOneType(t *testing.T) {
	pods := []*corev1.Pod{{ObjectMeta: metav1.ObjectMeta{Name: "a"}}, {ObjectMeta: metav1.ObjectMeta{Name: "b"}}}
	page := text(t, state{pods: pods})
	if strings.Count(page, "# TYPE kube_pod_info gauge\n") != 1 {
		t.Errorf("one TYPE line per metric:\n%s", page)
	}
	first, second := strings.Index(page, `kube_pod_info{namespace="",pod="a"`), strings.Index(page, `kube_pod_info{namespace="",pod="b"`)
	if between := page[first:second]; strings.Contains(between, "# TYPE") {
		t.Errorf("samples of one metric must not be split:\n%s", page)
	}
}

func TestLabelValuesAreEscaped(t *testing.T) {
	p := &page{samples: map[string]*strings.Builder{}}
	p.gauge("x", 1, "label", "a\"b\\c\nd")
	if got := p.samples["x"].String(); !strings.Contains(got, `x{label="a\"b\\c\nd"} 1`) {
		t.Error(got)
	}
}
