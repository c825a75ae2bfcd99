// The judge: Kubernetes' own Go client library against our codec and our server.
//
//	judge fixtures DIR          every kind, filled, as Go writes it in JSON and protobuf: test/fixtures/protobuf
//	judge live KUBECONFIG       every check against a running server; exits 1 when one fails
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: judge fixtures DIR | judge live KUBECONFIG")
		os.Exit(2)
	}
	switch os.Args[1] {
	case "fixtures":
		writeFixtures(os.Args[2])
	case "live":
		os.Exit(judgeServer(os.Args[2]))
	default:
		fmt.Fprintln(os.Stderr, "unknown command", os.Args[1])
		os.Exit(2)
	}
}

// must ends the program on what can only be a fault of the judge itself.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
