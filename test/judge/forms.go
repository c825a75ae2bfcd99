// Other forms of the same answers: tables, HTTP/1.1, answers that are not compressed, the generic client of scale.
package main

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/scale"
)

func checkForms(w *world) {
	checkTable(w)
	checkScales(w)
	first := rest.CopyConfig(w.config)
	first.NextProtos = []string{"http/1.1"}
	checkTransport(w, "HTTP/1.1", first)
	plain := rest.CopyConfig(w.config)
	plain.DisableCompression = true
	checkTransport(w, "uncompressed", plain)
}

func checkTable(w *world) {
	table := &metav1.Table{}
	client := restClient(otherFormat(w.config), corev1.SchemeGroupVersion)
	err := client.Get().Namespace(w.namespace).Resource("pods").
		SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json").Do(w.context()).Into(table)
	if w.check("a table of pods", err) {
		w.check("with rows and columns", equal(fmt.Sprint(table), len(table.Rows) > 0 && len(table.ColumnDefinitions) > 4, true))
	}
}

func checkScales(w *world) {
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(w.client.Discovery()))
	resolver := scale.NewDiscoveryScaleKindResolver(w.client.Discovery())
	client, err := scale.NewForConfig(w.config, mapper, dynamic.LegacyAPIPathResolverFunc, resolver)
	must(err)
	resource := schema.GroupResource{Group: "apps", Resource: "deployments"}
	got, err := client.Scales(w.namespace).Get(w.context(), resource, "scaled", metav1.GetOptions{})
	if w.check("any kind's scale", err) {
		w.check("says how many", equal("replicas", got.Spec.Replicas, 2))
	}
}

// checkTransport lists what is large and watches, the other way.
func checkTransport(w *world, title string, config *rest.Config) {
	maps := kubernetes.NewForConfigOrDie(config).CoreV1().ConfigMaps(w.namespace)
	list, err := maps.List(w.context(), metav1.ListOptions{LabelSelector: "large=1"})
	if !w.check(title+": list", err) {
		return
	}
	w.check(title+": is whole", equal("count", len(list.Items), 8))
	events, err := maps.Watch(w.context(), metav1.ListOptions{ResourceVersion: list.ResourceVersion})
	if !w.check(title+": watch", err) {
		return
	}
	defer events.Stop()
	one, err := maps.Create(w.context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "form-"}}, metav1.CreateOptions{})
	if w.check(title+": create", err) {
		_, err = awaitEvent(w.context(), events, one.Name)
		w.check(title+": is seen", err)
	}
}
