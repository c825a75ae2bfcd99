// Discovery as client-go does it: aggregated, one request a group-version, OpenAPI v2 and v3, and the REST mapper.
package main

import (
	"fmt"
	"reflect"
	"sort"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/restmapper"
)

func checkDiscovery(w *world) {
	client := w.client.Discovery()
	version, err := client.ServerVersion()
	if w.check("server version", err) {
		w.check("a version that clients can parse", equal("major", version.Major, "1"))
	}
	_, lists, err := client.ServerGroupsAndResources()
	w.check("aggregated discovery", err)
	old := discovery.NewDiscoveryClientForConfigOrDie(w.config)
	old.UseLegacyDiscovery = true
	_, oldLists, err := old.ServerGroupsAndResources()
	if w.check("legacy discovery", err) {
		w.check("aggregated and legacy discovery agree", sameNames(namesOf(lists), namesOf(oldLists)))
	}
	_, err = client.ServerPreferredResources()
	w.check("preferred resources", err)
	_, err = client.OpenAPISchema()
	w.check("OpenAPI v2", err)
	paths, err := client.OpenAPIV3().Paths()
	if w.check("OpenAPI v3 paths", err) {
		_, err = paths["apis/apps/v1"].Schema("application/json")
		w.check("OpenAPI v3 of apps/v1", err)
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client))
	mapping, err := mapper.RESTMapping(schema.GroupKind{Group: "apps", Kind: "Deployment"})
	if w.check("map a kind", err) {
		w.check("to its resource", equal("resource", mapping.Resource.Resource, "deployments"))
	}
}

func namesOf(lists []*metav1.APIResourceList) []string {
	names := []string{}
	for _, list := range lists {
		for _, r := range list.APIResources {
			verbs := append([]string{}, r.Verbs...)
			sort.Strings(verbs)
			names = append(names, fmt.Sprint(list.GroupVersion, " ", r.Name, " ", r.Kind, " ", r.Namespaced, " ",
				r.ShortNames, " ", verbs, " ", r.Categories))
		}
	}
	sort.Strings(names)
	return names
}

func sameNames(one, other []string) error {
	if reflect.DeepEqual(one, other) {
		return nil
	}
	for i := range min(len(one), len(other)) {
		if one[i] != other[i] {
			return fmt.Errorf("%d and %d names, the first apart: %s / %s", len(one), len(other), one[i], other[i])
		}
	}
	return fmt.Errorf("%d names and %d", len(one), len(other))
}
