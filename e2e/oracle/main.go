// The oracle of the tests of reachability: it judges connections by the matcher of Cyclonus, which shares no code with the operator.
//
// Standard input holds topologies, one JSON object after the other; standard output gets one line for each.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/mattfenwick/cyclonus/pkg/matcher"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
)

// Topology is a question: may each end connect to each port of each end?
type Topology struct {
	Name       string                       `json:"name"`
	Namespaces map[string]map[string]string `json:"namespaces"`
	Ends       []End                        `json:"ends"`
	Policies   []*networking.NetworkPolicy  `json:"policies"`
	Ask        []Port                       `json:"ask"`
}

// End is a pod, or without a namespace an address outside the cluster.
type End struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace"`
	Labels    map[string]string `json:"labels"`
	Addresses []string          `json:"addresses"`
	Ports     []Port            `json:"ports"`
}

// Port is a number to ask for, or a port that a pod declares under a name.
type Port struct {
	Name     string        `json:"name"`
	Number   int           `json:"number"`
	Protocol core.Protocol `json:"transport"`
}

// Answer has a text for each end that opens connections, and in it a letter for each end that accepts them and each port asked for.
// The letter is A if the connection is allowed, E if only the egress side allows it, I if only the ingress side does, - if neither.
type Answer struct {
	Name string `json:"name"`
	// Selectors evaluated by Kubernetes' own code.
	Judged []string `json:"judged"`
	// Selectors evaluated by Cyclonus' code.
	Own []string `json:"own"`
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	decoder := json.NewDecoder(bufio.NewReader(in))
	decoder.DisallowUnknownFields()
	encoder := json.NewEncoder(out)
	for {
		var topology Topology
		if err := decoder.Decode(&topology); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		answer, err := judge(&topology)
		if err != nil {
			return fmt.Errorf("%s: %w", topology.Name, err)
		}
		if err := encoder.Encode(answer); err != nil {
			return err
		}
	}
}

func judge(topology *Topology) (answer *Answer, err error) {
	// Cyclonus panics on what the API server refuses.
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("%v", problem)
		}
	}()
	for _, policy := range topology.Policies {
		setDefaults(policy)
	}
	judged, err := withMarks(topology)
	if err != nil {
		return nil, err
	}
	return &Answer{Name: topology.Name, Judged: matrix(judged), Own: matrix(topology)}, nil
}

// As the API server does: k8s.io/kubernetes/pkg/apis/networking/v1/defaults.go. Cyclonus expects policies that were stored.
func setDefaults(policy *networking.NetworkPolicy) {
	spec := &policy.Spec
	if len(spec.PolicyTypes) == 0 {
		spec.PolicyTypes = []networking.PolicyType{networking.PolicyTypeIngress}
		if len(spec.Egress) != 0 {
			spec.PolicyTypes = append(spec.PolicyTypes, networking.PolicyTypeEgress)
		}
	}
}

func matrix(topology *Topology) []string {
	policy := matcher.BuildNetworkPolicies(false, topology.Policies)
	rows := make([]string, 0, len(topology.Ends))
	for _, from := range topology.Ends {
		row := make([]byte, 0, len(topology.Ends)*len(topology.Ask))
		for _, to := range topology.Ends {
			for _, port := range topology.Ask {
				row = append(row, cell(policy, topology.Namespaces, from, to, port))
			}
		}
		rows = append(rows, string(row))
	}
	return rows
}

// Ends with two addresses may use either family; the first that is allowed counts, or else the first.
func cell(policy *matcher.Policy, namespaces map[string]map[string]string, from, to End, port Port) byte {
	var first byte
	for _, addresses := range pairs(from.Addresses, to.Addresses) {
		source, target := peer(namespaces, from, addresses[0]), peer(namespaces, to, addresses[1])
		letter := "-EIA"[letterOf(policy, source, target, to.Ports, port)]
		if letter == 'A' {
			return letter
		}
		if first == 0 {
			first = letter
		}
	}
	return first
}

// The pairs of one family, IPv4 first; where there is none, all pairs: then the policies alone are asked.
func pairs(from, to []string) [][2]string {
	var same, all [][2]string
	for _, ipv4 := range []bool{true, false} {
		for _, source := range from {
			for _, target := range to {
				pair := [2]string{source, target}
				if isIPv4(source) == ipv4 {
					all = append(all, pair)
					if isIPv4(target) == ipv4 {
						same = append(same, pair)
					}
				}
			}
		}
	}
	if len(same) > 0 {
		return same
	}
	return all
}

func isIPv4(address string) bool {
	return net.ParseIP(address).To4() != nil
}

func peer(namespaces map[string]map[string]string, end End, address string) *matcher.TrafficPeer {
	if end.Namespace == "" {
		return &matcher.TrafficPeer{IP: address}
	}
	return &matcher.TrafficPeer{IP: address, Internal: &matcher.InternalPeer{
		PodLabels: end.Labels, Namespace: end.Namespace, NamespaceLabels: namespaces[end.Namespace],
	}}
}

// 1 if the egress side allows the connection, plus 2 if the ingress side does. Cyclonus takes one name for the port; a number may have
// several.
func letterOf(policy *matcher.Policy, from, to *matcher.TrafficPeer, named []Port, port Port) int {
	names := []string{""}
	for _, other := range named {
		if other.Number == port.Number && other.Protocol == port.Protocol {
			names = append(names, other.Name)
		}
	}
	egress, ingress := 0, 0
	for _, name := range names {
		result := policy.IsTrafficAllowed(&matcher.Traffic{
			Source: from, Destination: to, ResolvedPort: port.Number, ResolvedPortName: name, Protocol: port.Protocol,
		})
		if result.Egress.IsAllowed() {
			egress = 1
		}
		if result.Ingress.IsAllowed() {
			ingress = 2
		}
	}
	return egress + ingress
}
