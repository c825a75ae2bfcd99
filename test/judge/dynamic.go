// Clients without Go types: dynamic (always JSON), with a custom resource too, and metadata only.
package main

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
)

var (
	mapsResource = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
	crdResource  = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
	ownResource  = schema.GroupVersionResource{Group: "judge.example.com", Version: "v1", Resource: "verdicts"}
)

func object(apiVersion, kind, name string, rest map[string]any) *unstructured.Unstructured {
	content := map[string]any{"apiVersion": apiVersion, "kind": kind, "metadata": map[string]any{"name": name}}
	for key, value := range rest {
		content[key] = value
	}
	return &unstructured.Unstructured{Object: content}
}

func checkDynamic(w *world) {
	client, err := dynamic.NewForConfig(w.config)
	must(err)
	one := object("v1", "ConfigMap", "dynamic", map[string]any{"data": map[string]any{"a": "b"}})
	checkUnstructured(w, "dynamic", client.Resource(mapsResource).Namespace(w.namespace), one)
	checkCustom(w, client)
}

func checkUnstructured(w *world, title string, client dynamic.ResourceInterface, one *unstructured.Unstructured) {
	events, err := client.Watch(context.Background(), metav1.ListOptions{})
	if w.check(title+" watch", err) {
		defer events.Stop()
	}
	made, err := client.Create(w.context(), one, metav1.CreateOptions{})
	if !w.check(title+" create", err) {
		return
	}
	unstructured.SetNestedField(made.Object, "x", "metadata", "labels", "judge")
	_, err = client.Update(w.context(), made, metav1.UpdateOptions{})
	w.check(title+" update", err)
	_, err = client.Patch(w.context(), one.GetName(), types.MergePatchType, []byte(`{"metadata":{"labels":{"l":"1"}}}`), metav1.PatchOptions{})
	w.check(title+" patch", err)
	_, err = client.Apply(w.context(), one.GetName(), one, metav1.ApplyOptions{FieldManager: "judge", Force: true})
	w.check(title+" apply", err)
	list, err := client.List(w.context(), metav1.ListOptions{LabelSelector: "l=1"})
	if w.check(title+" list", err) {
		w.check(title+" lists it", equal("count", len(list.Items), 1))
	}
	w.check(title+" delete", client.Delete(w.context(), one.GetName(), metav1.DeleteOptions{}))
}

func checkCustom(w *world, client dynamic.Interface) {
	definition := &unstructured.Unstructured{}
	must(definition.UnmarshalJSON([]byte(`{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",` +
		`"metadata":{"name":"verdicts.judge.example.com"},` + bodies["CustomResourceDefinition"][1:])))
	definitions := client.Resource(crdResource)
	_, err := definitions.Create(w.context(), definition, metav1.CreateOptions{})
	if !w.check("define a custom resource", err) {
		return
	}
	if established(w, definitions) {
		own := client.Resource(ownResource).Namespace(w.namespace)
		checkUnstructured(w, "custom", own, object("judge.example.com/v1", "Verdict", "one", map[string]any{"spec": map[string]any{"a": int64(1)}}))
	} else {
		fmt.Println("not judged: custom resources: the definition was not established")
	}
	w.check("undefine it", definitions.Delete(w.context(), definition.GetName(), metav1.DeleteOptions{}))
}

// established gives a definition five seconds: a server that does not serve custom resources never says so.
func established(w *world, definitions dynamic.ResourceInterface) bool {
	for range 50 {
		definition, err := definitions.Get(w.context(), "verdicts.judge.example.com", metav1.GetOptions{})
		must(err)
		conditions, _, _ := unstructured.NestedSlice(definition.Object, "status", "conditions")
		for _, one := range conditions {
			if condition, _ := one.(map[string]any); condition["type"] == "Established" && condition["status"] == "True" {
				return true
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	return false
}

func checkMetadata(w *world) {
	client, err := metadata.NewForConfig(w.config)
	must(err)
	maps := client.Resource(mapsResource).Namespace(w.namespace)
	got, err := maps.Get(w.context(), "page-0", metav1.GetOptions{})
	if w.check("metadata get", err) {
		w.check("metadata has labels", equal("label", got.Labels["page"], "1"))
	}
	list, err := maps.List(w.context(), metav1.ListOptions{LabelSelector: "page=1"})
	if w.check("metadata list", err) {
		w.check("metadata lists all", equal("count", len(list.Items), 5))
	}
	_, err = maps.Patch(w.context(), "page-0", types.MergePatchType, []byte(`{"metadata":{"labels":{"m":"1"}}}`), metav1.PatchOptions{})
	w.check("metadata patch", err)
	factory := metadatainformer.NewSharedInformerFactory(client, time.Minute)
	informer := factory.ForResource(mapsResource)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	informer.Informer()
	factory.Start(ctx.Done())
	synced := factory.WaitForCacheSync(w.context().Done())
	w.check("metadata informer", equal("synced", synced[mapsResource], true))
}
