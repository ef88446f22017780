// cyclonus' cases, with one command a pod for all that it asks. Its own program asks each of 324 questions a step by a
// command of its own; asking in batches is a constant there (pkg/cli/generate.go). See worker/ for who asks in the pods.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/mattfenwick/cyclonus/pkg/connectivity"
	"github.com/mattfenwick/cyclonus/pkg/connectivity/probe"
	"github.com/mattfenwick/cyclonus/pkg/generator"
	"github.com/mattfenwick/cyclonus/pkg/kube"
	v1 "k8s.io/api/core/v1"
)

func main() {
	registry := flag.String("image-registry", "", "where the pods' image of agnhost comes from")
	junit := flag.String("junit-results-file", "", "where the results go")
	flag.Parse()
	if err := run(*registry, *junit); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(registry, junit string) error {
	namespaces, names, ports := []string{"x", "y", "z"}, []string{"a", "b", "c"}, []int{80, 81}
	protocols := []v1.Protocol{v1.ProtocolTCP, v1.ProtocolUDP} // SCTP is a kernel module that many machines lack
	cluster, err := kube.NewKubernetesForContext("")
	if err != nil {
		return err
	}
	pods, err := probe.NewDefaultResources(cluster, namespaces, names, ports, protocols, nil, 300, true, registry)
	if err != nil {
		return err
	}
	last, err := pods.GetPod("z", "c")
	if err != nil {
		return err
	}
	asker := connectivity.NewInterpreter(cluster, pods, &connectivity.InterpreterConfig{
		ResetClusterBeforeTestCase:       true,
		VerifyClusterStateBeforeTestCase: true,
		KubeProbeRetries:                 1,
		PerturbationWaitSeconds:          2,
		BatchJobs:                        true,
		JobTimeoutSeconds:                1,
	})
	printer := &connectivity.Printer{JunitResultsFile: junit}
	cases := generator.NewTestCaseGenerator(true, last.IP, namespaces, nil, nil).GenerateTestCases()
	for number, one := range cases {
		fmt.Printf("case %d of %d: %s\n", number+1, len(cases), one.Description)
		result := asker.ExecuteTestCase(one)
		if result.Err != nil {
			return result.Err
		}
		printer.PrintTestCaseResult(result)
	}
	printer.PrintSummary() // and writes the results
	return nil
}
