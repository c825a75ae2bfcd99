// Leader election on a lease, and recorders of events in both groups.
package main

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	typedcore "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/tools/record"
)

func checkElection(w *world) {
	first, leaveFirst := campaign(w, "first")
	w.check("the first leads", awaitClosed(first))
	second, leaveSecond := campaign(w, "second")
	defer leaveSecond()
	select {
	case <-second:
		w.check("the second waits", fmt.Errorf("both lead"))
	case <-time.After(3 * time.Second):
		w.check("the second waits", nil)
	}
	leaveFirst()
	w.check("the second leads then", awaitClosed(second))
}

// campaign gives a channel that closes when `who` leads.
func campaign(w *world, who string) (<-chan struct{}, context.CancelFunc) {
	lock := &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Name: "judge", Namespace: w.namespace},
		Client:     w.client.CoordinationV1(),
		LockConfig: resourcelock.ResourceLockConfig{Identity: who},
	}
	leads := make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	go leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
		Lock: lock, ReleaseOnCancel: true, Name: who,
		LeaseDuration: 4 * time.Second, RenewDeadline: 2 * time.Second, RetryPeriod: 500 * time.Millisecond,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) { close(leads) },
			OnStoppedLeading: func() {},
		},
	})
	return leads, cancel
}

func awaitClosed(done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-time.After(patience):
		return fmt.Errorf("not within %s", patience)
	}
}

func checkRecorders(w *world) {
	about := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "page-0", Namespace: w.namespace, UID: "judge"}}
	old := record.NewBroadcaster()
	defer old.Shutdown()
	old.StartRecordingToSink(&typedcore.EventSinkImpl{Interface: w.client.CoreV1().Events("")})
	recorder := old.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "judge"})
	for range 3 {
		recorder.Event(about, corev1.EventTypeNormal, "Judged", "the same again")
	}
	w.check("core events, counted", until(func() (bool, string) {
		list, err := w.client.CoreV1().Events(w.namespace).List(w.context(),
			metav1.ListOptions{FieldSelector: "reason=Judged,involvedObject.name=page-0,source=judge"})
		return err == nil && len(list.Items) == 1 && list.Items[0].Count == 3, fmt.Sprint(err, list)
	}))
	checkNewRecorder(w, about)
}

func checkNewRecorder(w *world, about *corev1.ConfigMap) {
	broadcaster := events.NewBroadcaster(&events.EventSinkImpl{Interface: w.client.EventsV1()})
	defer broadcaster.Shutdown()
	must(broadcaster.StartRecordingToSinkWithContext(context.Background()))
	recorder := broadcaster.NewRecorder(scheme.Scheme, "judge.example.com/new")
	for range 2 {
		recorder.Eventf(about, nil, corev1.EventTypeWarning, "Sentenced", "Judge", "the same again")
	}
	w.check("events.k8s.io events, as a series", until(func() (bool, string) {
		list, err := w.client.EventsV1().Events(w.namespace).List(w.context(), metav1.ListOptions{FieldSelector: "reason=Sentenced"})
		done := err == nil && len(list.Items) == 1 && list.Items[0].Series != nil && list.Items[0].Series.Count == 2
		return done, fmt.Sprint(err, list)
	}))
}
