package main

import (
	"bytes"
	"context"
	"errors"
	"log"
	"os"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/record"
)

func logged(t *testing.T, act func()) string {
	t.Helper()
	var out bytes.Buffer
	log.SetOutput(&out)
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	act()
	return out.String()
}

// onePod is a namespace with one pod; refusal is what an update of it gets.
type onePod struct {
	pod     *corev1.Pod
	refusal error
}

func (o *onePod) Get(_ context.Context, _ string, _ metav1.GetOptions) (*corev1.Pod, error) {
	return o.pod.DeepCopy(), nil
}

func (o *onePod) Update(_ context.Context, pod *corev1.Pod, _ metav1.UpdateOptions) (*corev1.Pod, error) {
	if o.refusal == nil {
		o.pod = pod
	}
	return pod, o.refusal
}

func TestTheControllerLabelsItsOwnPod(t *testing.T) {
	client := &onePod{pod: &corev1.Pod{}}
	out := logged(t, func() { LabelPod(context.Background(), client, "one", 0) })
	if client.pod.Labels["app.kubernetes.io/version"] != "5.5.4" || !strings.Contains(out, "Pod label updated: one") {
		t.Errorf("%v\n%s", client.pod.Labels, out)
	}
}

func TestAControllerThatMayNotLabelItsPodSaysSoTenTimesAndGoesOn(t *testing.T) {
	refusal := apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "one", errors.New("cannot update resource"))
	out := logged(t, func() { LabelPod(context.Background(), &onePod{&corev1.Pod{}, refusal}, "one", 0) })
	if strings.Count(out, "Error updating pod with labels on attempt") != 10 || !strings.Contains(out, `pods "one" is forbidden`) {
		t.Errorf("log:\n%s", out)
	}
	if !strings.Contains(out, "Failed to update pod labels after 10 attempts") {
		t.Errorf("log:\n%s", out)
	}
}

func TestEventsTellWhatBecameOfAnIngress(t *testing.T) {
	recorder := record.NewFakeRecorder(10)
	events := NewEvents(recorder)
	made := ingress("one", 1, "", path("/gandalf", networkingv1.PathTypeExact, "http"))
	served := Site{Ingresses: []*networkingv1.Ingress{made}}
	events.Tell(served, errors.New("unknown directive"))
	events.Tell(served, errors.New("unknown directive"))
	events.Tell(served, nil)
	events.Tell(Site{Rejected: []Rejection{{made, "it has no rules"}}}, nil)
	for _, wanted := range []string{
		"Warning AddedOrUpdatedWithError Configuration for webapp/one was added or updated ; but was not applied: unknown directive",
		"Normal AddedOrUpdated Configuration for webapp/one was added or updated",
		"Warning Rejected it has no rules",
	} {
		if got := <-recorder.Events; got != wanted {
			t.Errorf("expected %q, got %q", wanted, got)
		}
	}
	if len(recorder.Events) != 0 {
		t.Errorf("said twice: %s", <-recorder.Events)
	}
}

func TestPodsAreReadyAlsoWithoutTheIngressesThatNginxRefuses(t *testing.T) {
	m := &Metrics{class: "nginx"}
	m.Reloaded(errors.New("unknown directive"), 1, 0)
	if m.Ready() {
		t.Error("ready before nginx serves anything")
	}
	m.Bare(true)
	if !m.Ready() {
		t.Error("not ready although nginx serves")
	}
}
