package main

import (
	"context"
	"log"
	"os/exec"
	"regexp"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	labelAttempts = 10
	labelPause    = 5 * time.Second
	version       = "5.5.4"
)

var nginxVersion = regexp.MustCompile(`nginx/([0-9.]+)`)

// pods is what labelling needs of a namespace's pods.
type pods interface {
	Get(context.Context, string, metav1.GetOptions) (*corev1.Pod, error)
	Update(context.Context, *corev1.Pod, metav1.UpdateOptions) (*corev1.Pod, error)
}

// LabelPod writes the versions on the controller's own pod, as F5's does: ten attempts, each fault in its words, and
// the controller goes on without.
func LabelPod(ctx context.Context, client pods, name string, pause time.Duration) {
	for attempt := 1; attempt <= labelAttempts; attempt++ {
		err := labelOnce(ctx, client, name)
		if err == nil {
			log.Printf("Pod label updated: %s", name)
			return
		}
		log.Printf("Error updating pod with labels on attempt %d of %d: %v", attempt, labelAttempts, err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
	log.Printf("Failed to update pod labels after %d attempts", labelAttempts)
}

func labelOnce(ctx context.Context, client pods, name string) error {
	pod, err := client.Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if pod.Labels == nil {
		pod.Labels = map[string]string{}
	}
	pod.Labels["app.kubernetes.io/version"] = version
	output, err := exec.CommandContext(ctx, "nginx", "-v").CombinedOutput()
	if found := nginxVersion.FindSubmatch(output); err == nil && found != nil {
		pod.Labels["app.nginx.org/version"] = string(found[1])
	}
	_, err = client.Update(ctx, pod, metav1.UpdateOptions{})
	return err
}
