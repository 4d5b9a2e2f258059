package main

import (
	"errors"
	"fmt"
	"strings"
	"text/template"
)

// maxOutput bounds what one template may write.
const maxOutput = 1 << 20

var errTooLong = errors.New("the template writes more than 1 MiB")

// bounded is a writer that takes so much and no more.
type bounded struct{ strings.Builder }

func (b *bounded) Write(content []byte) (int, error) {
	if b.Len()+len(content) > maxOutput {
		return 0, errTooLong
	}
	return b.Builder.Write(content)
}

// fill fills one template; what the template does wrong is part of the result.
func fill(text string, params map[string]any, options []string) (result Result) {
	// An option that is unknown panics, and so do some functions of sprig.
	defer func() {
		if fault := recover(); fault != nil {
			result = Result{Error: fmt.Sprint(fault)}
		}
	}()
	parsed, err := prepared(options).Parse(text)
	if err != nil {
		return failed(err)
	}
	var out bounded
	if err := parsed.Execute(&out, params); err != nil {
		return failed(err)
	}
	return Result{Text: out.String()}
}

func prepared(options []string) *template.Template {
	fresh := template.New("template").Funcs(functions)
	fresh = fresh.Option(options...)
	return fresh.Funcs(template.FuncMap{"tpl": nested(fresh)})
}

// maxNested is how often tpl may call itself, as in the controller.
const maxNested = 3

// nested is the function tpl: it fills a text that is itself a template.
func nested(parent *template.Template) func(string, any) (string, error) {
	depth := 0
	return func(text string, values any) (string, error) {
		depth++
		defer func() { depth-- }()
		if depth > maxNested {
			return "", fmt.Errorf("tpl calls itself more than %d times", maxNested)
		}
		copied, err := parent.Clone()
		if err != nil {
			return "", err
		}
		parsed, err := copied.New(parent.Name()).Parse(text)
		if err != nil {
			return "", err
		}
		var out bounded
		if err := parsed.Execute(&out, values); err != nil {
			return "", err
		}
		return strings.ReplaceAll(out.String(), "<no value>", ""), nil
	}
}

func failed(err error) Result {
	words := err.Error()
	missing := strings.Contains(words, "map has no entry for key") || strings.Contains(words, "can't evaluate field")
	return Result{Error: strings.TrimPrefix(words, "template: template:"), Missing: missing}
}
