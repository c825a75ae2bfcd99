// What generated clients have beyond the plain verbs: scale, tokens, reviews, pages, dry runs, reasons of errors.
package main

import (
	"context"
	"fmt"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	appsv1 "k8s.io/client-go/applyconfigurations/apps/v1"
	applycore "k8s.io/client-go/applyconfigurations/core/v1"
	applymeta "k8s.io/client-go/applyconfigurations/meta/v1"
	"k8s.io/client-go/tools/pager"
	"k8s.io/client-go/util/retry"
)

var applied = metav1.ApplyOptions{FieldManager: "judge"}

func deployment(w *world, name string, replicas int32) *appsv1.DeploymentApplyConfiguration {
	labels := map[string]string{"app": name}
	container := applycore.Container().WithName("c").WithImage("judge.invalid/none:1")
	return appsv1.Deployment(name, w.namespace).WithSpec(appsv1.DeploymentSpec().WithReplicas(replicas).
		WithSelector(applymeta.LabelSelector().WithMatchLabels(labels)).
		WithTemplate(applycore.PodTemplateSpec().WithLabels(labels).
			WithSpec(applycore.PodSpec().WithContainers(container))))
}

func checkTyped(w *world) {
	checkScale(w)
	checkPods(w)
	checkReviews(w)
	checkPages(w)
	checkErrors(w)
}

func checkScale(w *world) {
	deployments := w.client.AppsV1().Deployments(w.namespace)
	_, err := deployments.Apply(w.context(), deployment(w, "scaled", 0), applied)
	if !w.check("a deployment to scale", err) {
		return
	}
	var scale *autoscalingv1.Scale
	err = retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		scale, err = deployments.GetScale(w.context(), "scaled", metav1.GetOptions{})
		if err == nil {
			scale.Spec.Replicas = 1
			scale, err = deployments.UpdateScale(w.context(), "scaled", scale, metav1.UpdateOptions{})
		}
		return err
	})
	if w.check("get and update scale", err) {
		w.check("scale answers its selector", equal("selector", scale.Status.Selector, "app=scaled"))
	}
	wanted := &autoscalingv1.Scale{Spec: autoscalingv1.ScaleSpec{Replicas: 2}}
	wanted.Name, wanted.Namespace = "scaled", w.namespace
	_, err = deployments.UpdateScale(w.context(), "scaled", wanted, metav1.UpdateOptions{})
	w.check("update scale without a version", err)
	w.check("two pods are made", until(func() (bool, string) {
		pods, err := w.client.CoreV1().Pods(w.namespace).List(w.context(), metav1.ListOptions{LabelSelector: "app=scaled"})
		return err == nil && len(pods.Items) == 2, fmt.Sprint(err, pods)
	}))
}

func checkReviews(w *world) {
	accounts := w.client.CoreV1().ServiceAccounts(w.namespace)
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "judge"}}
	_, err := accounts.Create(w.context(), account, metav1.CreateOptions{})
	w.check("a service account", err)
	seconds := int64(3600)
	token, err := accounts.CreateToken(w.context(), "judge", &authenticationv1.TokenRequest{
		Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}, metav1.CreateOptions{})
	if w.check("a token", err) {
		review := &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token.Status.Token}}
		review, err = w.client.AuthenticationV1().TokenReviews().Create(w.context(), review, metav1.CreateOptions{})
		if w.check("review the token", err) {
			w.check("whose it is", equal("user", review.Status.User.Username,
				"system:serviceaccount:"+w.namespace+":judge"))
		}
	}
	access := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "*", Resource: "*", Group: "*"}}}
	access, err = w.client.AuthorizationV1().SelfSubjectAccessReviews().Create(w.context(), access, metav1.CreateOptions{})
	if w.check("may I", err) {
		w.check("I may", equal("allowed", access.Status.Allowed, true))
	}
	self, err := w.client.AuthenticationV1().SelfSubjectReviews().
		Create(w.context(), &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if w.check("who am I", err) {
		w.check("somebody", equal("nameless", self.Status.UserInfo.Username == "", false))
	}
}

func checkPages(w *world) {
	maps := w.client.CoreV1().ConfigMaps(w.namespace)
	for i := range 5 {
		one := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("page-", i), Labels: map[string]string{"page": "1"}}}
		_, err := maps.Create(w.context(), one, metav1.CreateOptions{})
		w.check("one of many", err)
	}
	pages := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return maps.List(ctx, options)
	})
	pages.PageSize = 2
	count := 0
	err := pages.EachListItem(w.context(), metav1.ListOptions{LabelSelector: "page=1"}, func(runtime.Object) error {
		count++
		return nil
	})
	if w.check("pages", err) {
		w.check("all of them", equal("count", count, 5))
	}
	dry := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "dry-"}}
	dry, err = maps.Create(w.context(), dry, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if w.check("dry run", err) {
		_, err = maps.Get(w.context(), dry.Name, metav1.GetOptions{})
		w.check("left nothing", equal("missing", apierrors.IsNotFound(err), true))
	}
}

// checkErrors: clients decide by the reason in a Status.
func checkErrors(w *world) {
	maps := w.client.CoreV1().ConfigMaps(w.namespace)
	_, err := maps.Get(w.context(), "none", metav1.GetOptions{})
	w.check("NotFound", equal("it", apierrors.IsNotFound(err), true))
	one := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "page-0"}}
	_, err = maps.Create(w.context(), one, metav1.CreateOptions{})
	w.check("AlreadyExists", equal("it", apierrors.IsAlreadyExists(err), true))
	one.ResourceVersion = "1"
	_, err = maps.Update(w.context(), one, metav1.UpdateOptions{})
	w.check("Conflict", equal(fmt.Sprint("it, of ", err), apierrors.IsConflict(err), true))
	one.Name, one.ResourceVersion = "Not_A_Name", ""
	_, err = maps.Create(w.context(), one, metav1.CreateOptions{})
	w.check("Invalid", equal(fmt.Sprint("it, of ", err), apierrors.IsInvalid(err), true))
	_, err = maps.Watch(w.context(), metav1.ListOptions{ResourceVersion: "nonsense"})
	w.check("BadRequest", equal(fmt.Sprint("it, of ", err), apierrors.IsBadRequest(err) || apierrors.IsInvalid(err), true))
}
