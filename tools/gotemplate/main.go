// Command auditor-gotemplate fills Go templates the way Argo CD's ApplicationSet controller does.
//
// It reads jobs from standard input, one JSON document after the other, and answers each with one line of
// JSON on standard output, in the same order. It opens no file, reads no variable of the environment and
// reaches no network; what a template writes is bounded. Time and memory are bounded by whoever starts it.
//
// Functions and their meaning: https://github.com/argoproj/argo-cd/blob/v3.6.1/applicationset/utils/utils.go
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"
)

// Version is what is said when asked for it; counted up when the same job has another answer.
const Version = "v1.0.0"

// maxStack bounds how deep templates that call themselves may go.
const maxStack = 64 << 20

// Job is one set of parameters and the templates that are filled with it.
type Job struct {
	Params  json.RawMessage `json:"params"`
	Options []string        `json:"options"`
	Texts   []string        `json:"texts"`
}

// Answer holds one result for each text of a job.
type Answer struct {
	Results []Result `json:"results"`
}

// Result is a filled template, or why it cannot be filled. Missing says that a parameter is not there.
type Result struct {
	Text    string `json:"text,omitempty"`
	Error   string `json:"error,omitempty"`
	Missing bool   `json:"missing,omitempty"`
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "version" {
		fmt.Println(Version)
		return
	}
	// The controller's image is set to no time zone.
	time.Local = time.UTC
	debug.SetMaxStack(maxStack)
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(in io.Reader, out io.Writer) error {
	jobs := json.NewDecoder(in)
	writer := bufio.NewWriter(out)
	answers := json.NewEncoder(writer)
	answers.SetEscapeHTML(false)
	for {
		var job Job
		if err := jobs.Decode(&job); errors.Is(err, io.EOF) {
			return writer.Flush()
		} else if err != nil {
			return fmt.Errorf("a job cannot be read: %w", err)
		}
		answer, err := do(job)
		if err != nil {
			return err
		}
		if err := answers.Encode(answer); err != nil {
			return fmt.Errorf("an answer cannot be written: %w", err)
		}
	}
}

func do(job Job) (Answer, error) {
	params, err := readParams(job.Params)
	if err != nil {
		return Answer{}, err
	}
	answer := Answer{Results: make([]Result, len(job.Texts))}
	for i, text := range job.Texts {
		answer.Results[i] = fill(text, params, job.Options)
	}
	return answer, nil
}
