// Shared informers: with a list and a watch, and with the watch that lists (sendInitialEvents).
package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/features"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
)

// gates answers for one feature and leaves the others as they are.
type gates struct {
	features.Gates
	watchList bool
}

func (g gates) Enabled(feature features.Feature) bool {
	if feature == features.WatchListClient {
		return g.watchList
	}
	return g.Gates.Enabled(feature)
}

func checkInformers(w *world) {
	usual := features.FeatureGates()
	defer features.ReplaceFeatureGates(usual)
	for _, watchList := range []bool{false, true} {
		features.ReplaceFeatureGates(gates{usual, watchList})
		checkInformer(w, watchList)
	}
}

func checkInformer(w *world, watchList bool) {
	title := fmt.Sprintf("informer (WatchList %v): ", watchList)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	factory := informers.NewSharedInformerFactoryWithOptions(w.client, time.Minute, informers.WithNamespace(w.namespace))
	maps := factory.Core().V1().ConfigMaps()
	var added, updated, deleted atomic.Int32
	_, err := maps.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { added.Add(1) },
		UpdateFunc: func(any, any) { updated.Add(1) },
		DeleteFunc: func(any) { deleted.Add(1) },
	})
	must(err)
	factory.Core().V1().Nodes().Informer()
	factory.Apps().V1().Deployments().Informer()
	factory.Rbac().V1().Roles().Informer()
	factory.Start(ctx.Done())
	synced := 0
	for _, done := range factory.WaitForCacheSync(w.context().Done()) {
		if done {
			synced++
		}
	}
	if !w.check(title+"syncs", equal("synced", synced, 4)) {
		return
	}
	listed, err := maps.Lister().List(labels.Everything())
	must(err)
	all, err := w.client.CoreV1().ConfigMaps(w.namespace).List(w.context(), metav1.ListOptions{})
	must(err)
	w.check(title+"holds all there is", equal("count", len(listed), len(all.Items)))
	before := added.Load()
	client := w.client.CoreV1().ConfigMaps(w.namespace)
	one, err := client.Create(w.context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "seen-"}}, metav1.CreateOptions{})
	if !w.check(title+"a new object", err) {
		return
	}
	w.check(title+"is seen", awaitCount(&added, before+1))
	before = updated.Load()
	one.Data = map[string]string{"a": "b"}
	_, err = client.Update(w.context(), one, metav1.UpdateOptions{})
	w.check(title+"changed", err)
	w.check(title+"is seen changed", awaitCount(&updated, before+1))
	w.check(title+"deleted", client.Delete(w.context(), one.Name, metav1.DeleteOptions{}))
	w.check(title+"is seen deleted", awaitCount(&deleted, 1))
}

func awaitCount(count *atomic.Int32, wanted int32) error {
	return until(func() (bool, string) { return count.Load() >= wanted, fmt.Sprint(count.Load()) })
}
