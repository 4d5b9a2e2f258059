package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// ask fills texts with parameters written as JSON.
func ask(t *testing.T, params string, options []string, texts ...string) []Result {
	t.Helper()
	job, err := json.Marshal(Job{Params: json.RawMessage(params), Options: options, Texts: texts})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := serve(bytes.NewReader(job), &out); err != nil {
		t.Fatal(err)
	}
	var answer Answer
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Results
}

func TestFillsAsTheControllerDoes(t *testing.T) {
	params := `{"n": 1000000, "name": "My_App.", "labels": {"\u0000texts": {"a": "b"}}, "path": {"segments": {"\u0000list": ["x", "y"]}}}`
	for template, want := range map[string]string{
		`{{ .n }}`:                          "1e+06",
		`{{ .absent }}`:                     "<no value>",
		`{{ index .labels "absent" }}`:      "",
		`{{ index .path.segments 1 }}`:      "y",
		`{{ normalize .name }}`:             "my-app",
		`{{ slugify 6 true "Good day" }}`:   "good",
		`{{ dict "a" 1 | toYaml }}`:         "a: 1",
		`{{ (fromYaml "a: [x]").a }}`:       "[x]",
		`{{ fromYamlArray "[1, 2]" }}`:      "[1 2]",
		`{{ tpl "{{ .name }}" . }}`:         "My_App.",
		`{{ "2020-01-01" | quote }}`:        `"2020-01-01"`,
		`{{ .labels.a | default "other" }}`: "b",
	} {
		if got := ask(t, params, nil, template)[0]; got.Text != want || got.Error != "" {
			t.Errorf("%s: got %+v, want %q", template, got, want)
		}
	}
}

func TestRefuses(t *testing.T) {
	for template, want := range map[string]string{
		`{{ env "HOME" }}`:                  `function "env" not defined`,
		`{{ expandenv "$HOME" }}`:           `function "expandenv" not defined`,
		`{{ getHostByName "example.com" }}`: `function "getHostByName" not defined`,
		`{{ now }}`:                         "nobody can know it",
		`{{ randAlpha 5 }}`:                 "nobody can know it",
		`{{ .a`:                             "unclosed action",
		`{{ hasKey .labels "a" }}`:          "map[string]interface",
		`{{ repeat 2000000 "x" }}`:          "more than 1 MiB",
		`{{ define "x" }}{{ template "x" }}{{ end }}{{ template "x" }}`: "exceeded maximum template depth",
		`{{ slugify "a" 1 2 }}`: "interface conversion",
	} {
		got := ask(t, `{"labels": {"\u0000texts": {"a": "b"}}}`, nil, template)[0]
		if !strings.Contains(got.Error, want) {
			t.Errorf("%s: got %+v, want an error with %q", template, got, want)
		}
	}
}

func TestTellsMissingParametersFromOtherFaults(t *testing.T) {
	strict := []string{"missingkey=error"}
	results := ask(t, `{"a": {}}`, strict, `{{ .absent }}`, `{{ .a.absent }}`, `{{ fail "no" }}`, `x`)
	for i, missing := range []bool{true, true, false, false} {
		if results[i].Missing != missing {
			t.Errorf("result %d: %+v", i, results[i])
		}
	}
	if results[3].Text != "x" {
		t.Errorf("one fault spoilt another text: %+v", results[3])
	}
}

func TestRefusesAnUnknownOption(t *testing.T) {
	if got := ask(t, `{}`, []string{"missingkey=maybe"}, `x`)[0]; !strings.Contains(got.Error, "unrecognized option") {
		t.Errorf("got %+v", got)
	}
}
