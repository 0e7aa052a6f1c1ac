package main

import (
	"fmt"
	"maps"

	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// withMarks returns the topology with each selector evaluated by Kubernetes' own code: what it matches gets a label of its own, and the
// selector asks for that label alone.
//
// Cyclonus' own evaluation differs from the API in two cases:
//   - NotIn doesn't match where the label is missing. "The operator is DoesNotExist or NotIn and Labels does not have the Requirement's
//     key" is a match (k8s.io/apimachinery/pkg/labels, Requirement.Matches).
//   - An empty value in matchLabels matches where the label is missing. "A single {key,value} in the matchLabels map is equivalent to an
//     element of matchExpressions, whose key field is "key", the operator is "In"" (LabelSelector API), and In needs the label.
func withMarks(topology *Topology) (*Topology, error) {
	marked := &Topology{Name: topology.Name, Ask: topology.Ask, Namespaces: map[string]map[string]string{}}
	for name, own := range topology.Namespaces {
		marked.Namespaces[name] = maps.Clone(own)
	}
	for _, end := range topology.Ends {
		end.Labels = maps.Clone(end.Labels)
		if end.Labels == nil {
			end.Labels = map[string]string{}
		}
		marked.Ends = append(marked.Ends, end)
	}
	marks := &marks{topology: marked}
	for _, policy := range topology.Policies {
		policy = policy.DeepCopy()
		marked.Policies = append(marked.Policies, policy)
		marks.replace(&policy.Spec.PodSelector, marks.pods)
		for _, rule := range policy.Spec.Ingress {
			marks.peers(rule.From)
		}
		for _, rule := range policy.Spec.Egress {
			marks.peers(rule.To)
		}
	}
	return marked, marks.err
}

type marks struct {
	topology *Topology
	count    int
	err      error
}

func (m *marks) peers(peers []networking.NetworkPolicyPeer) {
	for _, peer := range peers {
		m.replace(peer.PodSelector, m.pods)
		m.replace(peer.NamespaceSelector, m.namespaces)
	}
}

// An empty selector and a missing one stay: what they mean depends on where they stand, and Cyclonus is to judge that.
func (m *marks) replace(selector *meta.LabelSelector, mark func(labels.Selector, string)) {
	if selector == nil || len(selector.MatchLabels)+len(selector.MatchExpressions) == 0 {
		return
	}
	parsed, err := meta.LabelSelectorAsSelector(selector)
	if err != nil {
		m.err = err
		return
	}
	m.count++
	key := fmt.Sprintf("oracle/selector-%d", m.count)
	mark(parsed, key)
	*selector = meta.LabelSelector{MatchLabels: map[string]string{key: "matches"}}
}

func (m *marks) pods(selector labels.Selector, key string) {
	for _, end := range m.topology.Ends {
		if selector.Matches(labels.Set(end.Labels)) {
			end.Labels[key] = "matches"
		}
	}
}

func (m *marks) namespaces(selector labels.Selector, key string) {
	for _, own := range m.topology.Namespaces {
		if selector.Matches(labels.Set(own)) {
			own[key] = "matches"
		}
	}
}
