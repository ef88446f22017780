//go:build tools

package main

import _ "github.com/mattfenwick/cyclonus/cmd/worker" // the program in the pods
