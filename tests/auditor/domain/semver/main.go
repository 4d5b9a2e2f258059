// Answers, line by line, which versions Masterminds/semver reads and which of them a range allows.
// It is asked by test_semver.py; what it says decides.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"

	"github.com/Masterminds/semver/v3"
)

type question struct {
	Range    string   `json:"range"`
	Versions []string `json:"versions"`
}

type answer struct {
	Range    string   `json:"range"`
	Versions []string `json:"versions"`
	IsRange  bool     `json:"isRange"`
	Read     []string `json:"read"`
	Strict   []string `json:"strict"`
	Allowed  []string `json:"allowed"`
	Highest  string   `json:"highest"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<24)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		if err := out.Encode(answered(asked)); err != nil {
			panic(err)
		}
	}
}

func answered(asked question) answer {
	said := answer{
		Range: asked.Range, Versions: asked.Versions,
		Read: []string{}, Strict: []string{}, Allowed: []string{},
	}
	constraint, err := semver.NewConstraint(asked.Range)
	said.IsRange = err == nil
	var highest *semver.Version
	for _, text := range asked.Versions {
		if _, err := semver.StrictNewVersion(strings.TrimPrefix(text, "v")); err == nil {
			said.Strict = append(said.Strict, text)
		}
		version, err := semver.NewVersion(text)
		if err != nil {
			continue
		}
		said.Read = append(said.Read, text)
		if !said.IsRange || !constraint.Check(version) {
			continue
		}
		said.Allowed = append(said.Allowed, text)
		if highest == nil || version.GreaterThan(highest) {
			highest, said.Highest = version, text
		}
	}
	return said
}
