// Writes what Go makes of every kind, in JSON and in protobuf with its envelope: one file per group-version.
//
//	{"<Kind>": {"json": {...}, "protobuf": "<base64>", "min": {"json": {...}, "protobuf": "<base64>"}}}
//
// A list's "json" has one full and one zero item. meta.json holds the kinds of every group-version and, as
// "WatchEvent", one frame of a watch: its "protobuf" is the length and the event without an envelope.
// Not here: kinds of apiregistration.k8s.io, which Debian does not package.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strings"

	apiextv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	jsonserializer "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/client-go/kubernetes/scheme"
)

type encoded struct {
	JSON     json.RawMessage `json:"json"`
	Protobuf string          `json:"protobuf"`
}

type fixture struct {
	encoded
	Min *encoded `json:"min,omitempty"`
}

func allKinds() *runtime.Scheme {
	must(apiextv1.AddToScheme(scheme.Scheme))
	must(apiextv1beta1.AddToScheme(scheme.Scheme))
	return scheme.Scheme
}

func writeFixtures(directory string) {
	kinds := allKinds()
	files := map[string]map[string]fixture{"meta": metaFixtures(kinds)}
	for gvk := range kinds.AllKnownTypes() {
		object, err := kinds.New(gvk)
		must(err)
		if gvk.Version == runtime.APIVersionInternal || !ofItsGroup(object, gvk) {
			continue
		}
		group := gvk.Group
		if group == "" {
			group = "core"
		}
		name := group + "-" + gvk.Version
		if files[name] == nil {
			files[name] = map[string]fixture{}
		}
		files[name][gvk.Kind] = fixtureOf(kinds, gvk)
	}
	for name, fixtures := range files {
		writeFile(filepath.Join(directory, name+".json"), fixtures)
	}
}

// ofItsGroup leaves out what every group-version registers (ListOptions and so on) and what is only a query's form.
func ofItsGroup(object runtime.Object, gvk schema.GroupVersionKind) bool {
	t := reflect.TypeOf(object).Elem()
	if strings.HasSuffix(t.PkgPath(), "/meta/v1") {
		return false
	}
	_, meta := t.FieldByName("ObjectMeta")
	_, list := t.FieldByName("ListMeta")
	return meta || list || strings.HasSuffix(gvk.Kind, "Options")
}

func fixtureOf(kinds *runtime.Scheme, gvk schema.GroupVersionKind) fixture {
	full, err := kinds.New(gvk)
	must(err)
	least, err := kinds.New(gvk)
	must(err)
	if items := reflect.ValueOf(full).Elem().FieldByName("Items"); items.IsValid() {
		fillList(full, items)
	} else {
		fill(full)
	}
	minimal := encode(kinds, least, gvk)
	return fixture{encode(kinds, full, gvk), &minimal}
}

// fillList: the items' own fixtures are full; here two zero ones do.
func fillList(list runtime.Object, items reflect.Value) {
	fill(reflect.ValueOf(list).Elem().FieldByName("ListMeta").Addr().Interface())
	items.Set(reflect.MakeSlice(items.Type(), 2, 2))
	if meta := items.Index(0).FieldByName("ObjectMeta"); meta.IsValid() {
		fill(meta.Addr().Interface())
	}
}

func encode(kinds *runtime.Scheme, object runtime.Object, gvk schema.GroupVersionKind) encoded {
	object.GetObjectKind().SetGroupVersionKind(gvk)
	var asJSON, asProtobuf bytes.Buffer
	options := jsonserializer.SerializerOptions{}
	must(jsonserializer.NewSerializerWithOptions(jsonserializer.DefaultMetaFactory, kinds, kinds, options).
		Encode(object, &asJSON))
	must(protobuf.NewSerializer(kinds, kinds).Encode(object, &asProtobuf))
	return encoded{bytes.TrimSpace(asJSON.Bytes()), base64.StdEncoding.EncodeToString(asProtobuf.Bytes())}
}

func metaFixtures(kinds *runtime.Scheme) map[string]fixture {
	fixtures := map[string]fixture{}
	version := schema.GroupVersion{Version: "v1"}
	for _, kind := range []string{"Status", "APIGroup", "APIGroupList", "APIResourceList", "APIVersions",
		"CreateOptions", "DeleteOptions", "GetOptions", "ListOptions", "PatchOptions", "UpdateOptions"} {
		fixtures[kind] = fixtureOf(kinds, version.WithKind(kind))
	}
	metav1.AddMetaToScheme(kinds)
	for _, kind := range []string{"PartialObjectMetadata", "PartialObjectMetadataList"} {
		fixtures[kind] = fixtureOf(kinds, metav1.SchemeGroupVersion.WithKind(kind))
	}
	fixtures["WatchEvent"] = watchFrame(kinds)
	return fixtures
}

func watchFrame(kinds *runtime.Scheme) fixture {
	pod := schema.GroupVersionKind{Version: "v1", Kind: "Pod"}
	object, err := kinds.New(pod)
	must(err)
	inside := encode(kinds, object, pod)
	envelope, err := base64.StdEncoding.DecodeString(inside.Protobuf)
	must(err)
	event := &metav1.WatchEvent{Type: "ADDED", Object: runtime.RawExtension{Raw: envelope}}
	var frame bytes.Buffer
	writer := protobuf.LengthDelimitedFramer.NewFrameWriter(&frame)
	must(protobuf.NewRawSerializer(kinds, kinds).Encode(event, writer))
	text, err := json.Marshal(metav1.WatchEvent{Type: "ADDED", Object: runtime.RawExtension{Raw: inside.JSON}})
	must(err)
	return fixture{encoded: encoded{text, base64.StdEncoding.EncodeToString(frame.Bytes())}}
}

// writeFile puts one kind on a line, sorted.
func writeFile(path string, fixtures map[string]fixture) {
	names := []string{}
	for name := range fixtures {
		names = append(names, name)
	}
	sort.Strings(names)
	lines := []string{}
	for _, name := range names {
		text, err := json.Marshal(fixtures[name])
		must(err)
		lines = append(lines, fmt.Sprintf("%q: %s", name, text))
	}
	must(os.MkdirAll(filepath.Dir(path), 0o755))
	must(os.WriteFile(path, []byte("{\n"+strings.Join(lines, ",\n")+"\n}\n"), 0o644))
}
