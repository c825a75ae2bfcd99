// Server-side apply through generated apply configurations: ownership, conflicts, force, removal, status, extraction.
package main

import (
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	appsv1 "k8s.io/client-go/applyconfigurations/apps/v1"
	applycore "k8s.io/client-go/applyconfigurations/core/v1"
)

func checkApply(w *world) {
	deployments := w.client.AppsV1().Deployments(w.namespace)
	made, err := deployments.Apply(w.context(), deployment(w, "applied", 0), applied)
	if !w.check("apply a deployment", err) {
		return
	}
	again, err := deployments.Apply(w.context(), deployment(w, "applied", 0), applied)
	if w.check("apply it again", err) {
		w.check("which changes nothing", equal("generation", again.Generation, made.Generation))
	}
	other := metav1.ApplyOptions{FieldManager: "other"}
	_, err = deployments.Apply(w.context(), deployment(w, "applied", 1), other)
	w.check("another manager conflicts", equal(fmt.Sprint("conflict, of ", err), apierrors.IsConflict(err), true))
	other.Force = true
	forced, err := deployments.Apply(w.context(), deployment(w, "applied", 1), other)
	if w.check("by force", err) {
		extracted, err := appsv1.ExtractDeployment(forced, "other")
		if w.check("extract what it owns", err) {
			w.check("its replicas", equal("replicas", *extracted.Spec.Replicas, 1))
		}
	}
	status := appsv1.Deployment("applied", w.namespace).WithStatus(appsv1.DeploymentStatus().WithObservedGeneration(1))
	_, err = deployments.ApplyStatus(w.context(), status, metav1.ApplyOptions{FieldManager: "judge", Force: true})
	w.check("apply status", err)
	checkAppliedMap(w)
}

func checkAppliedMap(w *world) {
	maps := w.client.CoreV1().ConfigMaps(w.namespace)
	one := applycore.ConfigMap("applied", w.namespace).WithData(map[string]string{"a": "1", "b": "2"})
	_, err := maps.Apply(w.context(), one, applied)
	w.check("apply a config map", err)
	less := applycore.ConfigMap("applied", w.namespace).WithData(map[string]string{"a": "1"})
	got, err := maps.Apply(w.context(), less, applied)
	if w.check("apply less", err) {
		w.check("takes away what it owned", equal("data", len(got.Data), 1))
	}
	service := applycore.Service("applied", w.namespace).WithSpec(applycore.ServiceSpec().
		WithPorts(applycore.ServicePort().WithName("a").WithPort(80), applycore.ServicePort().WithName("b").WithPort(81)))
	made, err := w.client.CoreV1().Services(w.namespace).Apply(w.context(), service, applied)
	if w.check("apply a service", err) {
		w.check("with both ports", equal("ports", len(made.Spec.Ports), 2))
	}
}
