package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	netv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// world is what the rules of one node are made of.
type world struct {
	node       string
	pods       []*corev1.Pod
	namespaces map[string]labels.Set
	policies   []*netv1.NetworkPolicy
}

// direction of the traffic as seen from the pod that a policy selects.
type direction struct {
	policy netv1.PolicyType
	prefix string // of the chains' names
	peer   string // nftables' word for the other side's address
	own    string // nftables' word for the pod's address
	device string // nftables' word for the pod's end of its cable
}

var (
	ingress = direction{policy: netv1.PolicyTypeIngress, prefix: "in_", peer: "saddr", own: "daddr", device: "oifname"}
	egress  = direction{policy: netv1.PolicyTypeEgress, prefix: "out_", peer: "daddr", own: "saddr", device: "iifname"}
)

// rule is one entry of a policy, the same for both directions.
type rule struct {
	peers []netv1.NetworkPolicyPeer
	ports []netv1.NetworkPolicyPort
}

// render returns the whole table of the node, in the language of `nft -f`. The table is replaced in one transaction.
// What a pod sends is judged on its way to other machines and pods (forward) and to the node itself (input). A packet of
// or for a pod whose address isn't known yet is dropped: a new pod is closed before it is open. The kubelet's probes come
// from the node (output) and always pass.
func (w *world) render() string {
	pods := w.addressed()
	local := w.local(pods)
	var addresses []string
	for _, pod := range local {
		addresses = append(addresses, pod.Status.PodIP)
	}
	var chains strings.Builder
	hooks := map[string]string{}
	for _, d := range []direction{egress, ingress} {
		var jumps []string
		for _, pod := range local {
			body, isolated := w.chain(pod, pods, d)
			if !isolated {
				continue
			}
			name := d.prefix + strings.ReplaceAll(string(pod.UID), "-", "")
			fmt.Fprintf(&chains, "  chain %s {\n%s    counter drop\n  }\n", name, body)
			jumps = append(jumps, fmt.Sprintf("%s : jump %s", pod.Status.PodIP, name))
		}
		unknown := ""
		if len(addresses) > 0 {
			unknown = fmt.Sprintf("ip %s != { %s } ", d.own, strings.Join(addresses, ", "))
		}
		hooks[d.own] = fmt.Sprintf("    %s \"veth*\" %scounter drop\n", d.device, unknown)
		if len(jumps) > 0 {
			hooks[d.own] += fmt.Sprintf("    ip %s vmap { %s }\n", d.own, strings.Join(jumps, ", "))
		}
	}
	return "add table inet netpol\ndelete table inet netpol\ntable inet netpol {\n" + chains.String() +
		"  chain egress {\n    ct state established,related accept\n" + hooks[egress.own] + "  }\n" +
		"  chain forward {\n    type filter hook forward priority -5; policy accept;\n    jump egress\n" + hooks[ingress.own] + "  }\n" +
		"  chain input {\n    type filter hook input priority -5; policy accept;\n    jump egress\n  }\n}\n"
}

// local returns the pods of this node. An address that two claim is nobody's: one of them is gone, and the API server
// will hear of it.
func (w *world) local(pods []*corev1.Pod) []*corev1.Pod {
	claims := map[string]int{}
	var local []*corev1.Pod
	for _, pod := range pods {
		if pod.Spec.NodeName == w.node {
			claims[pod.Status.PodIP]++
			local = append(local, pod)
		}
	}
	return slices.DeleteFunc(local, func(pod *corev1.Pod) bool { return claims[pod.Status.PodIP] > 1 })
}

// addressed returns the pods with an address of their own, in the order of addresses.
func (w *world) addressed() []*corev1.Pod {
	var pods []*corev1.Pod
	for _, pod := range w.pods {
		alive := pod.Status.Phase == corev1.PodPending || pod.Status.Phase == corev1.PodRunning
		if alive && pod.Status.PodIP != "" && !pod.Spec.HostNetwork {
			pods = append(pods, pod)
		}
	}
	slices.SortFunc(pods, func(a, b *corev1.Pod) int { return cmp.Compare(a.Status.PodIP, b.Status.PodIP) })
	return pods
}

// chain returns what is allowed for a pod in one direction; isolated says whether any policy selects it there.
// An allowed packet returns to the hook instead of being accepted: its other end may be a pod of this node too.
func (w *world) chain(pod *corev1.Pod, pods []*corev1.Pod, d direction) (body string, isolated bool) {
	policies := slices.Clone(w.policies)
	slices.SortFunc(policies, func(a, b *netv1.NetworkPolicy) int {
		return cmp.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
	})
	var lines strings.Builder
	for _, policy := range policies {
		selects := policy.Namespace == pod.Namespace && matches(&policy.Spec.PodSelector, pod.Labels)
		if !selects || !slices.Contains(policy.Spec.PolicyTypes, d.policy) {
			continue
		}
		isolated = true
		for _, r := range rules(policy, d) {
			addresses, targets := w.peers(policy.Namespace, r.peers, pods, d.peer)
			if d.policy == netv1.PolicyTypeIngress {
				targets = []*corev1.Pod{pod} // a named port is one of the pod that is reached
			}
			for _, address := range addresses {
				for _, port := range ports(r.ports, targets) {
					fmt.Fprintf(&lines, "    %s%sreturn comment \"%s/%s\"\n", address, port, policy.Namespace, policy.Name)
				}
			}
		}
	}
	return lines.String(), isolated
}

func rules(policy *netv1.NetworkPolicy, d direction) []rule {
	var found []rule
	if d.policy == netv1.PolicyTypeIngress {
		for _, r := range policy.Spec.Ingress {
			found = append(found, rule{peers: r.From, ports: r.Ports})
		}
		return found
	}
	for _, r := range policy.Spec.Egress {
		found = append(found, rule{peers: r.To, ports: r.Ports})
	}
	return found
}

// peers returns matches of addresses ("" is any address) and the pods among them.
func (w *world) peers(namespace string, peers []netv1.NetworkPolicyPeer, pods []*corev1.Pod, side string) ([]string, []*corev1.Pod) {
	if len(peers) == 0 {
		return []string{""}, pods
	}
	var found []string
	var selected []*corev1.Pod
	for _, peer := range peers {
		if block := peer.IPBlock; block != nil {
			match := fmt.Sprintf("ip %s %s ", side, block.CIDR)
			if len(block.Except) > 0 {
				match += fmt.Sprintf("ip %s != { %s } ", side, strings.Join(block.Except, ", "))
			}
			found = append(found, match)
			continue
		}
		for _, pod := range pods {
			if w.isPeer(namespace, peer, pod) && !slices.Contains(selected, pod) {
				selected = append(selected, pod)
			}
		}
	}
	if len(selected) > 0 {
		addresses := make([]string, len(selected))
		for i, pod := range selected {
			addresses[i] = pod.Status.PodIP
		}
		slices.Sort(addresses)
		found = append(found, fmt.Sprintf("ip %s { %s } ", side, strings.Join(slices.Compact(addresses), ", ")))
	}
	return found, selected
}

func (w *world) isPeer(namespace string, peer netv1.NetworkPolicyPeer, pod *corev1.Pod) bool {
	if peer.NamespaceSelector == nil {
		if pod.Namespace != namespace {
			return false
		}
	} else if set, known := w.namespaces[pod.Namespace]; !known || !matches(peer.NamespaceSelector, set) {
		return false
	}
	return peer.PodSelector == nil || matches(peer.PodSelector, pod.Labels)
}

// ports returns matches of protocols and ports ("" is all of them). A named port is looked up in the target pods.
func ports(wanted []netv1.NetworkPolicyPort, targets []*corev1.Pod) []string {
	if len(wanted) == 0 {
		return []string{""}
	}
	var found []string
	for _, port := range wanted {
		protocol := corev1.ProtocolTCP
		if port.Protocol != nil {
			protocol = *port.Protocol
		}
		word := strings.ToLower(string(protocol))
		switch {
		case port.Port == nil:
			found = append(found, "meta l4proto "+word+" ")
		case port.Port.Type == intstr.Int && port.EndPort != nil:
			found = append(found, fmt.Sprintf("%s dport %d-%d ", word, port.Port.IntVal, *port.EndPort))
		case port.Port.Type == intstr.Int:
			found = append(found, fmt.Sprintf("%s dport %d ", word, port.Port.IntVal))
		default:
			for _, number := range named(port.Port.StrVal, protocol, targets) {
				found = append(found, fmt.Sprintf("%s dport %d ", word, number))
			}
		}
	}
	return found
}

func named(name string, protocol corev1.Protocol, pods []*corev1.Pod) []int32 {
	var numbers []int32
	for _, pod := range pods {
		for _, container := range pod.Spec.Containers {
			for _, port := range container.Ports {
				same := port.Protocol == protocol || (port.Protocol == "" && protocol == corev1.ProtocolTCP)
				if port.Name == name && same {
					numbers = append(numbers, port.ContainerPort)
				}
			}
		}
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

func matches(selector *metav1.LabelSelector, set map[string]string) bool {
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && parsed.Matches(labels.Set(set))
}
