package main

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	netv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func pod(namespace, name, ip, node string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID(name + "-uid"), Labels: map[string]string{"app": name}},
		Spec: corev1.PodSpec{NodeName: node, Containers: []corev1.Container{{
			Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}, {Name: "dns", ContainerPort: 53, Protocol: corev1.ProtocolUDP}},
		}}},
		Status: corev1.PodStatus{PodIP: ip, Phase: corev1.PodRunning},
	}
}

func apps(name string) metav1.LabelSelector {
	return metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}
}

func policy(name string, spec netv1.NetworkPolicySpec) *netv1.NetworkPolicy {
	return &netv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}, Spec: spec}
}

// a and b are in shop, on node one; c is in shop on node two; p is in monitoring.
func newWorld(policies ...*netv1.NetworkPolicy) *world {
	return &world{
		node: "one",
		pods: []*corev1.Pod{
			pod("shop", "a", "100.64.0.2", "one"), pod("shop", "b", "100.64.0.3", "one"),
			pod("shop", "c", "100.64.0.66", "two"), pod("monitoring", "p", "100.64.0.67", "two"),
		},
		namespaces: map[string]labels.Set{"shop": {"name": "shop"}, "monitoring": {"role": "monitoring"}},
		policies:   policies,
	}
}

func expect(t *testing.T, rules string, wanted ...string) {
	t.Helper()
	for _, text := range wanted {
		if !strings.Contains(rules, text) {
			t.Errorf("missing %q in:\n%s", text, rules)
		}
	}
}

func refuse(t *testing.T, rules string, unwanted ...string) {
	t.Helper()
	for _, text := range unwanted {
		if strings.Contains(rules, text) {
			t.Errorf("unexpected %q in:\n%s", text, rules)
		}
	}
}

func TestWithoutPoliciesTheNodesOwnPodsPassAndUnknownOnesDoNot(t *testing.T) {
	rules := newWorld().render()
	expect(t, rules, "delete table inet netpol", "policy accept",
		`iifname "veth*" ip saddr != { 100.64.0.2, 100.64.0.3 } counter drop`,
		`oifname "veth*" ip daddr != { 100.64.0.2, 100.64.0.3 } counter drop`)
	refuse(t, rules, "vmap", "100.64.0.66")
}

func TestANodeWithoutPodsLetsNoPodPass(t *testing.T) {
	w := newWorld()
	w.pods = nil
	expect(t, w.render(), "    iifname \"veth*\" counter drop\n", "    oifname \"veth*\" counter drop\n")
}

func TestEgressHoldsForTheNodesOwnPortsToo(t *testing.T) {
	rules := newWorld(policy("deny", netv1.NetworkPolicySpec{PolicyTypes: []netv1.PolicyType{netv1.PolicyTypeEgress}})).render()
	for _, hook := range []string{"forward", "input"} {
		expect(t, rules, "type filter hook "+hook+" priority -5; policy accept;\n    jump egress\n")
	}
}

func TestAnAddressThatTwoPodsClaimIsNobodysUntilOneIsLeft(t *testing.T) {
	w := newWorld(policy("deny", netv1.NetworkPolicySpec{PolicyTypes: []netv1.PolicyType{netv1.PolicyTypeIngress}}))
	w.pods = append(w.pods, pod("shop", "stale", "100.64.0.2", "one"))
	rules := w.render()
	expect(t, rules, `ip saddr != { 100.64.0.3 } counter drop`, "ip daddr vmap { 100.64.0.3 : jump in_buid }")
	refuse(t, rules, "in_auid", "in_staleuid")
}

func TestDefaultDenyIsolatesEachPodOfThisNodeBothWays(t *testing.T) {
	both := []netv1.PolicyType{netv1.PolicyTypeIngress, netv1.PolicyTypeEgress}
	rules := newWorld(policy("deny", netv1.NetworkPolicySpec{PolicyTypes: both})).render()
	expect(t, rules,
		"ip daddr vmap { 100.64.0.2 : jump in_auid, 100.64.0.3 : jump in_buid }",
		"ip saddr vmap { 100.64.0.2 : jump out_auid, 100.64.0.3 : jump out_buid }")
	refuse(t, rules, "100.64.0.66", "100.64.0.67", "return")
	if strings.Count(rules, "    counter drop\n  }") != 4 {
		t.Errorf("four chains must end in a drop:\n%s", rules)
	}
}

func TestAnswersPassWhateverTheRules(t *testing.T) {
	rules := newWorld(policy("deny", netv1.NetworkPolicySpec{PolicyTypes: []netv1.PolicyType{netv1.PolicyTypeIngress}})).render()
	established := strings.Index(rules, "ct state established,related accept")
	if first := strings.Index(rules, "ifname"); established < 0 || established > first {
		t.Errorf("established connections must pass before any rule drops:\n%s", rules)
	}
}

func TestIngressFromPodsAndNamespacesByNamedPort(t *testing.T) {
	web, monitoring := apps("a"), metav1.LabelSelector{MatchLabels: map[string]string{"role": "monitoring"}}
	name := intstr.FromString("http")
	rules := newWorld(policy("b", netv1.NetworkPolicySpec{
		PodSelector: apps("b"), PolicyTypes: []netv1.PolicyType{netv1.PolicyTypeIngress},
		Ingress: []netv1.NetworkPolicyIngressRule{{
			From:  []netv1.NetworkPolicyPeer{{PodSelector: &web}, {NamespaceSelector: &monitoring}},
			Ports: []netv1.NetworkPolicyPort{{Port: &name}},
		}},
	})).render()
	// a policy allows by returning to the hook, so that the other end's own policies are asked too
	expect(t, rules, `ip saddr { 100.64.0.2, 100.64.0.67 } tcp dport 8080 return comment "shop/b"`)
	refuse(t, rules, "100.64.0.2 : jump")
}

func TestEgressLooksNamedPortsUpWhereTheyLead(t *testing.T) {
	target, udp, name := apps("c"), corev1.ProtocolUDP, intstr.FromString("dns")
	rules := newWorld(policy("a", netv1.NetworkPolicySpec{
		PodSelector: apps("a"), PolicyTypes: []netv1.PolicyType{netv1.PolicyTypeEgress},
		Egress: []netv1.NetworkPolicyEgressRule{{
			To:    []netv1.NetworkPolicyPeer{{PodSelector: &target}},
			Ports: []netv1.NetworkPolicyPort{{Port: &name, Protocol: &udp}},
		}},
	})).render()
	expect(t, rules, "ip daddr { 100.64.0.66 } udp dport 53 return")
}

func TestRangesHaveExceptionsAndPortsHaveEnds(t *testing.T) {
	from, last := intstr.FromInt32(8000), int32(8100)
	rules := newWorld(policy("a", netv1.NetworkPolicySpec{
		PodSelector: apps("a"), PolicyTypes: []netv1.PolicyType{netv1.PolicyTypeEgress},
		Egress: []netv1.NetworkPolicyEgressRule{{
			To:    []netv1.NetworkPolicyPeer{{IPBlock: &netv1.IPBlock{CIDR: "10.0.0.0/8", Except: []string{"10.42.0.0/16"}}}},
			Ports: []netv1.NetworkPolicyPort{{Port: &from, EndPort: &last}},
		}},
	})).render()
	expect(t, rules, "ip daddr 10.0.0.0/8 ip daddr != { 10.42.0.0/16 } tcp dport 8000-8100 return")
}

func TestAnEmptyRuleAllowsEverything(t *testing.T) {
	rules := newWorld(policy("a", netv1.NetworkPolicySpec{
		PodSelector: apps("a"), PolicyTypes: []netv1.PolicyType{netv1.PolicyTypeIngress},
		Ingress: []netv1.NetworkPolicyIngressRule{{}},
	})).render()
	expect(t, rules, `    return comment "shop/a"`)
}

func TestASelectorThatMatchesNobodyAllowsNobody(t *testing.T) {
	nobody := apps("nobody")
	rules := newWorld(policy("a", netv1.NetworkPolicySpec{
		PodSelector: apps("a"), PolicyTypes: []netv1.PolicyType{netv1.PolicyTypeIngress},
		Ingress: []netv1.NetworkPolicyIngressRule{{From: []netv1.NetworkPolicyPeer{{PodSelector: &nobody}}}},
	})).render()
	refuse(t, rules, "return")
}

func TestPodsOfTheHostNetworkAndFinishedOnesAreNoMembers(t *testing.T) {
	w := newWorld(policy("deny", netv1.NetworkPolicySpec{PolicyTypes: []netv1.PolicyType{netv1.PolicyTypeIngress}}))
	w.pods[0].Spec.HostNetwork = true
	w.pods[1].Status.Phase = corev1.PodSucceeded
	refuse(t, w.render(), "vmap", "100.64.0.2", "100.64.0.3")
}

func TestTheSameWorldGivesTheSameRules(t *testing.T) {
	deny := policy("deny", netv1.NetworkPolicySpec{PolicyTypes: []netv1.PolicyType{netv1.PolicyTypeIngress}})
	one, two := newWorld(deny), newWorld(deny)
	two.pods[0], two.pods[3] = two.pods[3], two.pods[0]
	if one.render() != two.render() {
		t.Error("the order of what the API server tells must not matter")
	}
}
