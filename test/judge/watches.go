// Watches as controllers use them: resumed after a break, bookmarked, expired, and lists too large for one packet.
package main

import (
	"bytes"
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	typedcore "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	toolswatch "k8s.io/client-go/tools/watch"
)

func checkWatches(w *world) {
	maps := w.client.CoreV1().ConfigMaps(w.namespace)
	checkRetries(w, maps)
	checkInitialEvents(w, maps)
	checkLarge(w, maps)
	checkImpersonation(w)
	checkApproval(w)
}

type mapWatch struct{ typedcore.ConfigMapInterface }

func (m mapWatch) WatchWithContext(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
	// Short, so that the retry watcher has to come back.
	seconds := int64(1)
	options.TimeoutSeconds = &seconds
	return m.Watch(ctx, options)
}

func checkRetries(w *world, maps typedcore.ConfigMapInterface) {
	list, err := maps.List(w.context(), metav1.ListOptions{})
	if !w.check("list before the watch", err) {
		return
	}
	var watcher cache.WatcherWithContext = mapWatch{maps}
	events, err := toolswatch.NewRetryWatcherWithContext(w.context(), list.ResourceVersion, watcher)
	if !w.check("a retry watcher", err) {
		return
	}
	defer events.Stop()
	for i := range 3 {
		name := fmt.Sprint("retried-", i)
		_, err := maps.Create(w.context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
		w.check("create while watches end", err)
		_, err = awaitEvent(w.context(), events, name)
		w.check("is seen across watches", err)
		// Past the end of the watch that saw it.
		time.Sleep(1100 * time.Millisecond)
	}
	// Without the client's own retries, which the answer asks for.
	err = w.client.CoreV1().RESTClient().Get().Namespace(w.namespace).Resource("configmaps").MaxRetries(0).
		Param("resourceVersion", "999999999").Do(w.context()).Error()
	w.check("a list of the future", equal(fmt.Sprint("too early, of ", err),
		apierrors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge), true))
}

// checkInitialEvents: everything there is, then a bookmark that says so.
func checkInitialEvents(w *world, maps typedcore.ConfigMapInterface) {
	yes := true
	events, err := maps.Watch(w.context(), metav1.ListOptions{
		SendInitialEvents: &yes, AllowWatchBookmarks: true, LabelSelector: "page=1",
		ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
	})
	if !w.check("watch with initial events", err) {
		return
	}
	defer events.Stop()
	seen := 0
	for event := range events.ResultChan() {
		if event.Type == watch.Bookmark {
			w.check("the bookmark says it is all", equal("annotation",
				annotationsOf(event.Object)[metav1.InitialEventsAnnotationKey], "true"))
			break
		}
		seen++
	}
	w.check("initial events", equal("count", seen, 5))
}

func checkLarge(w *world, maps typedcore.ConfigMapInterface) {
	text := bytes.Repeat([]byte("grüße \x00\xff "), 10_000)
	for i := range 8 {
		one := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("large-", i), Labels: map[string]string{"large": "1"}},
			BinaryData: map[string][]byte{"b": text}, Data: map[string]string{"t": "grüße \U0001F600 \u2028\n"}}
		_, err := maps.Create(w.context(), one, metav1.CreateOptions{})
		w.check("a large object", err)
	}
	list, err := maps.List(w.context(), metav1.ListOptions{LabelSelector: "large=1"})
	if !w.check("a large list", err) {
		return
	}
	w.check("is whole", equal("count", len(list.Items), 8))
	for _, item := range list.Items {
		w.check("is what was sent", equal("same", bytes.Equal(item.BinaryData["b"], text) &&
			item.Data["t"] == "grüße \U0001F600 \u2028\n", true))
	}
}

func checkImpersonation(w *world) {
	config := rest.CopyConfig(w.config)
	config.Impersonate = rest.ImpersonationConfig{UserName: "nobody", Groups: []string{"none"}}
	client := kubernetes.NewForConfigOrDie(config)
	_, err := client.CoreV1().Secrets(w.namespace).List(w.context(), metav1.ListOptions{})
	w.check("nobody is forbidden", equal(fmt.Sprint("it, of ", err), apierrors.IsForbidden(err), true))
}
