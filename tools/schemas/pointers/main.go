// Command pointers prints, for every type of the Kubernetes API, which of its scalar fields are pointers.
//
// Only those can tell the zero value from absence: false, 0 and "" of any other field are dropped by
// the API server when it answers. OpenAPI does not say which is which, the Go types do.
//
// The result is one JSON object: OpenAPI component name to a sorted list of field names.
package main

import (
	"encoding/json"
	"os"
	"reflect"
	"sort"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/client-go/kubernetes/scheme"
	aggregator "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

type finder map[string][]string

func main() {
	found := finder{}
	for _, kind := range scheme.Scheme.AllKnownTypes() {
		found.visit(kind)
	}
	found.visit(reflect.TypeOf(apiextensions.CustomResourceDefinition{}))
	found.visit(reflect.TypeOf(aggregator.APIService{}))
	for name, fields := range found {
		if len(fields) == 0 {
			delete(found, name)
		}
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(found); err != nil {
		panic(err)
	}
}

// visit notes the pointer fields of a type and of everything it is made of.
func (found finder) visit(kind reflect.Type) {
	for kind.Kind() == reflect.Pointer || kind.Kind() == reflect.Slice || kind.Kind() == reflect.Map {
		kind = kind.Elem()
	}
	name := component(kind)
	if _, known := found[name]; known || kind.Kind() != reflect.Struct {
		return
	}
	found[name] = nil
	fields := scalars(kind)
	sort.Strings(fields)
	found[name] = fields
	for i := 0; i < kind.NumField(); i++ {
		found.visit(kind.Field(i).Type)
	}
}

// scalars lists the fields of a struct that are pointers to scalars; inlined structs count as its own.
func scalars(kind reflect.Type) []string {
	fields := []string{}
	for i := 0; i < kind.NumField(); i++ {
		field := kind.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" && field.Type.Kind() == reflect.Struct {
			fields = append(fields, scalars(field.Type)...)
		} else if name != "" && field.Type.Kind() == reflect.Pointer && isScalar(field.Type.Elem()) {
			fields = append(fields, name)
		}
	}
	return fields
}

func isScalar(kind reflect.Type) bool {
	switch kind.Kind() {
	case reflect.Bool, reflect.String, reflect.Int32, reflect.Int64, reflect.Float64:
		return true
	}
	return false
}

// component is the name under which OpenAPI knows a type: io.k8s.api.core.v1.Pod.
func component(kind reflect.Type) string {
	host, rest, _ := strings.Cut(kind.PkgPath(), "/")
	labels := strings.Split(host, ".")
	for left, right := 0, len(labels)-1; left < right; left, right = left+1, right-1 {
		labels[left], labels[right] = labels[right], labels[left]
	}
	return strings.Join(labels, ".") + "." + strings.ReplaceAll(rest, "/", ".") + "." + kind.Name()
}
