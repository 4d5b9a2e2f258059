package main

import (
	"fmt"
	"regexp"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"github.com/gosimple/slug"
	"sigs.k8s.io/yaml"
)

// unknowable names the functions of sprig that have another result each time: what the controller got from
// them nobody can know.
var unknowable = []string{
	"ago", "bcrypt", "buildCustomCert", "derivePassword", "encryptAES", "genCA", "genCAWithKey", "genPrivateKey",
	"genSelfSignedCert", "genSelfSignedCertWithKey", "genSignedCert", "genSignedCertWithKey", "htpasswd", "now",
	"randAlpha", "randAlphaNum", "randAscii", "randBytes", "randInt", "randNumeric", "shuffle", "uuidv4",
}

var functions = allFunctions()

func allFunctions() template.FuncMap {
	all := template.FuncMap(sprig.GenericFuncMap())
	for _, name := range []string{"env", "expandenv", "getHostByName"} {
		delete(all, name)
	}
	for _, name := range unknowable {
		all[name] = refuse(name)
	}
	all["normalize"] = normalize
	all["slugify"] = slugify
	all["toYaml"] = toYAML
	all["fromYaml"] = fromYAML
	all["fromYamlArray"] = fromYAMLArray
	// Clones are given their own; this one is there so that templates which name it can be read.
	all["tpl"] = func(string, any) (string, error) { return "", nil }
	return all
}

func refuse(name string) func(...any) (any, error) {
	return func(...any) (any, error) {
		return nil, fmt.Errorf("%s has another result each time, so nobody can know it", name)
	}
}

const maxName = 253

var invalid = regexp.MustCompile("[^-a-z0-9.]")

// normalize makes a name that Kubernetes takes.
func normalize(name string) string {
	name = invalid.ReplaceAllString(strings.ToLower(name), "-")
	if len(name) > maxName {
		name = name[:maxName]
	}
	return strings.Trim(name, "-.")
}

const slugLength = 50

// slugify takes ([length, [cuts between words,]] name).
func slugify(args ...any) string {
	slug.MaxLength, slug.EnableSmartTruncate = slugLength, true
	name := ""
	for i, arg := range args {
		switch i {
		case len(args) - 1:
			name = arg.(string)
		case 0:
			slug.MaxLength = arg.(int)
		case 1:
			slug.EnableSmartTruncate = arg.(bool)
		}
	}
	return slug.Make(normalize(name))
}

func toYAML(value any) (string, error) {
	written, err := yaml.Marshal(value)
	return strings.TrimSuffix(string(written), "\n"), err
}

func fromYAML(text string) (map[string]any, error) {
	read := map[string]any{}
	err := yaml.Unmarshal([]byte(text), &read)
	return read, err
}

func fromYAMLArray(text string) ([]any, error) {
	read := []any{}
	err := yaml.Unmarshal([]byte(text), &read)
	return read, err
}
