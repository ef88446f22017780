// The program that cyclonus runs in its pods: asks all that it is told at once, as `agnhost connect` asks. cyclonus' own
// starts an agnhost for each question, 324 a step, which on two cores is most of the time.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/mattfenwick/cyclonus/pkg/worker"
	v1 "k8s.io/api/core/v1"
)

const patience = time.Second // as cyclonus' own worker

func main() {
	jobs := flag.String("jobs", "", "what to ask: a batch of cyclonus, as JSON")
	flag.Parse()
	var batch worker.Batch
	err := json.Unmarshal([]byte(*jobs), &batch)
	if err == nil {
		err = batch.IsValid()
	}
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(askAll(batch.Requests))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func askAll(requests []*worker.Request) []*worker.Result {
	results := make([]*worker.Result, len(requests))
	var asking sync.WaitGroup
	for number, request := range requests {
		asking.Go(func() {
			results[number] = &worker.Result{Request: request}
			if err := ask(request); err != nil {
				results[number].Error = err.Error()
			}
		})
	}
	asking.Wait()
	return results
}

// ask connects; over UDP, where that is no question, it asks the server for its name.
func ask(request *worker.Request) error {
	network := strings.ToLower(string(request.Protocol))
	connection, err := net.DialTimeout(network, request.Address(), patience)
	if err != nil {
		return err
	}
	defer connection.Close()
	if request.Protocol != v1.ProtocolUDP {
		return nil
	}
	if err := connection.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := connection.Write([]byte("hostname\n")); err != nil {
		return err
	}
	_, err = connection.Read(make([]byte, 1024))
	return err
}
