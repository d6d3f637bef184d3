// Answers as `sluice eval --lines` does, with the CESQL engine of the CloudEvents SDK for Go: an expression and an
// event on each line of standard input, a value and the kind of error on each line of standard output.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/cloudevents/sdk-go/sql/v2/errors"
	"github.com/cloudevents/sdk-go/sql/v2/parser"
	cloudevents "github.com/cloudevents/sdk-go/v2"
)

type question struct {
	Expression string             `json:"expression"`
	Event      *cloudevents.Event `json:"event"`
}

type answer struct {
	Value any     `json:"value"`
	Error *string `json:"error"`
}

const longestLine = 1 << 20

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, longestLine)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := answers.Encode(about(asked)); err != nil {
			os.Exit(1)
		}
	}
}

// A panic of the engine is an answer of its own kind.
func about(asked question) (said answer) {
	parsed := false
	defer func() {
		if recover() != nil {
			said = answer{false, word("parse")}
			if parsed {
				said = answer{nil, word("panic")}
			}
		}
	}()
	expression, err := parser.Parse(asked.Expression)
	if err != nil {
		return answer{false, word("parse")}
	}
	parsed = true
	value, err := expression.Evaluate(*asked.Event)
	return answer{value, kind(err)}
}

func kind(err error) *string {
	switch {
	case err == nil:
		return nil
	case errors.IsMathError(err):
		return word("math")
	case errors.IsCastError(err):
		return word("cast")
	case errors.IsMissingAttributeError(err):
		return word("missingAttribute")
	case errors.IsMissingFunctionError(err):
		return word("missingFunction")
	case errors.IsFunctionEvaluationError(err):
		return word("functionEvaluation")
	default:
		return word("generic")
	}
}

func word(text string) *string { return &text }
