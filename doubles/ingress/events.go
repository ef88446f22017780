package main

import (
	"log"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/client-go/tools/record"
)

// Events tells at each Ingress what became of it, in F5's reasons; the same word is said once.
type Events struct {
	recorder record.EventRecorder
	said     map[string]string
}

// NewEvents writes by the recorder.
func NewEvents(recorder record.EventRecorder) *Events {
	return &Events{recorder: recorder, said: map[string]string{}}
}

// Tell reports one attempt: the fault with which nginx refused the configuration, or none.
func (e *Events) Tell(site Site, fault error) {
	for _, ingress := range site.Ingresses {
		message := "Configuration for " + ingress.Namespace + "/" + ingress.Name + " was added or updated"
		if fault != nil {
			e.say(ingress, corev1.EventTypeWarning, "AddedOrUpdatedWithError", message+" ; but was not applied: "+fault.Error())
		} else {
			e.say(ingress, corev1.EventTypeNormal, "AddedOrUpdated", message)
		}
	}
	for _, rejection := range site.Rejected {
		e.say(rejection.Ingress, corev1.EventTypeWarning, "Rejected", rejection.Reason)
	}
}

func (e *Events) say(ingress *networkingv1.Ingress, kind, reason, message string) {
	key, word := string(ingress.UID)+ingress.Namespace+"/"+ingress.Name, reason+ingress.ResourceVersion+message
	if e.said[key] == word {
		return
	}
	e.said[key] = word
	if kind == corev1.EventTypeWarning {
		log.Printf("Ingress %s/%s: %s: %s", ingress.Namespace, ingress.Name, reason, message)
	}
	e.recorder.Event(ingress, kind, reason, message)
}
