// Sends and receives events with the CloudEvents SDK for Go.
//
//	send URL binary|structured|batch CASES.json   prints an answer per request
//	receive PORT                                  prints its port, then a line per event
package main

import (
	"fmt"
	"os"
)

func main() {
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 4 && args[0] == "send":
		err = send(args[1], args[2], args[3])
	case len(args) == 2 && args[0] == "receive":
		err = receive(args[1])
	default:
		err = fmt.Errorf("usage: send URL MODE CASES.json | receive PORT")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
